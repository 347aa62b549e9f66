// Which backend the host uses: told by the traces of the kubelet and of kube-proxy in the kernel.
#include <array>
#include <ranges>
#include <span>
#include <vector>

#include "net/iptables/iptables.hpp"
#include "net/iptables/programs.hpp"

namespace nld::net {
namespace {

/// The kubelet makes these in the table mangle of the host's backend, for programs in containers to see:
/// the first since 1.24, the second since 1.18.
bool has_hint(const SavedTable& mangle) {
  return mangle.chains.contains("KUBE-IPTABLES-HINT") || mangle.chains.contains("KUBE-KUBELET-CANARY");
}

/// One backend in both families.
class Look {
 public:
  Look(CommandRunner& commands, Backend backend) : backend_(backend) {
    for (const Family family : {Family::ipv4, Family::ipv6}) {
      if (find_programs(commands, backend, family)) families_.emplace_back(commands, backend, family);
    }
  }
  [[nodiscard]] bool installed() const noexcept { return !families_.empty(); }
  void begin(std::span<const std::string_view> tables, ReadAhead& ahead) {
    for (Iptables& one : families_) one.begin_saving(tables, ahead);
  }
  void at(std::span<const std::string_view> tables) {
    for (Iptables& one : families_) {
      for (const std::string_view table : tables) {
        if (!hint) count(table, one.save(table));
      }
    }
  }

  bool hint = false;
  std::size_t rules = 0;
  std::optional<std::string> unread;  ///< why a table that is there could not be read

 private:
  void count(std::string_view table, const std::expected<SavedTable, Failure>& saved) {
    if (!saved) {
      if (is_unreadable(backend_, saved.error()) && !unread) unread = saved.error().what;
      return;
    }
    if (table == "mangle" && has_hint(*saved)) hint = true;
    for (const auto& list : saved->chains | std::views::values) rules += list.size();
  }

  Backend backend_;
  std::vector<Iptables> families_;
};

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

BackendFinding detect_backend(CommandRunner& commands, std::optional<Backend> kube_proxys) {
  // The hints lie in small tables. Only without one are those read that kube-proxy fills.
  constexpr std::array<std::string_view, 1> kHinting{"mangle"};
  constexpr std::array<std::string_view, 2> kOthers{"nat", "filter"};
  ReadAhead ahead(commands);
  Look nft(commands, Backend::nft);
  Look legacy(commands, Backend::legacy);
  for (Look* one : {&nft, &legacy}) one->begin(kHinting, ahead);
  nft.at(kHinting);
  if (nft.hint) return {.backend = Backend::nft};
  legacy.at(kHinting);
  if (legacy.hint) return {.backend = Backend::legacy};
  if (kube_proxys) return {.backend = kube_proxys};
  for (Look* one : {&nft, &legacy}) one->begin(kOthers, ahead);
  for (Look* one : {&nft, &legacy}) one->at(kOthers);
  BackendFinding finding{.unread = legacy.unread};
  if (!nft.installed() || !legacy.installed()) {
    if (nft.installed()) finding.backend = Backend::nft;
    if (legacy.installed()) finding.backend = Backend::legacy;
  } else if (nft.rules == 0 && legacy.rules == 0) {
    finding.backend = installed_default(commands).value_or(Backend::nft);
  } else {
    finding.backend = legacy.rules > nft.rules ? Backend::legacy : Backend::nft;
  }
  return finding;
}

}  // namespace nld::net
