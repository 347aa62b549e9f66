// Which backend the host uses: told by the traces of the kubelet and of kube-proxy in the kernel.
#include <algorithm>
#include <array>
#include <ranges>

#include "net/iptables/iptables.hpp"
#include "net/iptables/programs.hpp"

namespace nld::net {
namespace {

/// What one backend holds, in both families.
struct Traces {
  bool hint = false;
  std::size_t rules = 0;
  std::optional<std::string> unread;  ///< why a table that is there could not be read
};

/// The kubelet makes these in the table mangle of the host's backend, for programs in containers to see:
/// the first since 1.24, the second since 1.18.
bool has_hint(const SavedTable& mangle) {
  return mangle.chains.contains("KUBE-IPTABLES-HINT") || mangle.chains.contains("KUBE-KUBELET-CANARY");
}

/// Nothing: the backend's programs are not installed.
std::optional<Traces> look(CommandRunner& commands, Backend backend) {
  Traces traces;
  bool installed = false;
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    if (!find_programs(commands, backend, family)) continue;
    installed = true;
    Iptables iptables(commands, backend, family);
    for (const std::string_view table : {"mangle", "nat", "filter"}) {
      const auto saved = iptables.save(table);
      if (!saved) {
        if (is_unreadable(backend, saved.error()) && !traces.unread) traces.unread = saved.error().what;
        continue;
      }
      if (table == "mangle" && has_hint(*saved)) traces.hint = true;
      for (const auto& rules : saved->chains | std::views::values) traces.rules += rules.size();
      if (traces.hint) return traces;
    }
  }
  return installed ? std::optional(traces) : std::nullopt;
}

/// What the plain name leads to.
std::optional<Backend> installed_default(CommandRunner& commands) {
  const auto version = commands.run({"iptables", "--version"}, {});
  if (!version || version->status != 0) return std::nullopt;
  return backend_of_version(version->out);
}

}  // namespace

std::string_view to_string(Backend backend) noexcept {
  return backend == Backend::nft ? "nft" : "legacy";
}

bool is_unreadable(Backend backend, const Failure& failure) noexcept {
  // nf_tables fails where the kernel has none of it; the legacy backend is asked only for tables that the
  // kernel lists.
  return backend == Backend::legacy && !failure.locked;
}

BackendFinding detect_backend(CommandRunner& commands) {
  const auto nft = look(commands, Backend::nft);
  if (nft && nft->hint) return {.backend = Backend::nft};
  const auto legacy = look(commands, Backend::legacy);
  if (legacy && legacy->hint) return {.backend = Backend::legacy};
  BackendFinding finding;
  if (legacy) finding.unread = legacy->unread;
  if (!nft || !legacy) {
    if (nft) finding.backend = Backend::nft;
    if (legacy) finding.backend = Backend::legacy;
  } else if (nft->rules == 0 && legacy->rules == 0) {
    finding.backend = installed_default(commands).value_or(Backend::nft);
  } else {
    finding.backend = legacy->rules > nft->rules ? Backend::legacy : Backend::nft;
  }
  return finding;
}

}  // namespace nld::net
