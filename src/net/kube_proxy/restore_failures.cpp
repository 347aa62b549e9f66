// Reads one counter from kube-proxy's metrics.
#include "net/kube_proxy/restore_failures.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace nld::net {

void MetricSum::read(std::string_view piece) {
  // Ours are short; of a longer line the beginning is enough to tell that it is another's.
  constexpr std::size_t kLineLimit = 512;
  while (!piece.empty()) {
    const std::size_t end = std::min(piece.find('\n'), piece.size());
    line_.append(piece.substr(0, std::min(end, kLineLimit - line_.size())));
    if (end == piece.size()) return;
    end_line();
    piece.remove_prefix(end + 1);
  }
}

std::optional<double> MetricSum::total() {
  end_line();
  return sum_;
}

void MetricSum::end_line() {
  const std::string line = std::exchange(line_, {});
  std::string_view rest = line;
  if (!rest.starts_with(name_)) return;
  rest.remove_prefix(name_.size());
  if (rest.starts_with('{')) rest.remove_prefix(std::min(rest.rfind('}') + 1, rest.size()));
  if (!rest.starts_with(' ')) return;
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  double value = 0;
  if (std::from_chars(rest.data(), rest.data() + rest.size(), value).ec != std::errc{}) return;
  sum_ = sum_.value_or(0) + value;
}

std::optional<double> kube_proxy_restore_failures(std::uint16_t port, std::chrono::milliseconds limit) {
  const GetLimits limits{.time = limit, .bytes = std::size_t{4} << 20};
  MetricSum failures("kubeproxy_sync_proxy_rules_iptables_restore_failures_total");
  const bool complete = http_get(port, "/metrics", limits, [&](std::string_view piece) {
    failures.read(piece);
    return true;
  });
  // A part of the answer might hold one family's sample only.
  return complete ? failures.total() : std::nullopt;
}

}  // namespace nld::net
