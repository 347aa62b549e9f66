// The `log` plugin: one line for each query that a rule wants to see.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/plugin.hpp"
#include "plugins/block.hpp"
#include "plugins/log/format.hpp"
#include "runtime/logging.hpp"

namespace nld::plugins {

/// The classes of the directive; `success` includes referrals.
enum class ResponseClass : std::uint8_t { success, denial, error };
/// NXDOMAIN, and NOERROR with nothing in the answer section that is no referral, are denial.
[[nodiscard]] ResponseClass classify(const pipeline::Reply& reply, dns::Rcode sent) noexcept;

/// One per worker and chain. The first rule whose names hold the query's decides, as in CoreDNS. Lines go
/// out at level info.
class LogPlugin final : public pipeline::Plugin {
 public:
  LogPlugin(const std::vector<LogRule>& rules, runtime::Log& log);

  [[nodiscard]] std::string_view name() const noexcept override { return "log"; }
  [[nodiscard]] bool observes() const noexcept override { return true; }
  void observe(const pipeline::Request& request, const pipeline::Reply& reply,
               const pipeline::Outcome& outcome) override;

 private:
  struct Rule {
    LogRule config;
    LogFormat format;
  };
  std::vector<Rule> rules_;
  runtime::Log& log_;
  std::string line_;  // kept for its memory
};

}  // namespace nld::plugins
