// Whether kube-proxy can still change its rules, by its own count.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/kube_proxy/http_get.hpp"

namespace nld::net {

/// kubeproxy_sync_proxy_rules_iptables_restore_failures_total, all families together; nothing when kube-proxy
/// does not tell (no such port, mode or metric). Bounded in time, and to 4 MiB.
///
/// A jump of ours to a chain that kube-proxy wants to delete (KUBE-SVC-… of a Service without endpoints)
/// makes its whole iptables-restore fail, and no later change of any Service reaches the node. When this
/// number grows while such jumps are in place, they have to go.
std::optional<double> kube_proxy_restore_failures(
    std::uint16_t port = kKubeProxyPort, std::chrono::milliseconds limit = std::chrono::milliseconds(500));

/// Adds up the samples of one metric from an exposition that comes in pieces; keeps one line at most.
class MetricSum {
 public:
  explicit MetricSum(std::string_view name) noexcept : name_(name) {}
  void read(std::string_view piece);
  /// After the last piece.
  [[nodiscard]] std::optional<double> total();

 private:
  void end_line();

  std::string_view name_;
  std::string line_;
  std::optional<double> sum_;
};

}  // namespace nld::net
