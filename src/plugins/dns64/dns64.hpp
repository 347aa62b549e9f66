// The `dns64` plugin: AAAA records made of A records for clients that have IPv6 only.
#pragma once

#include <memory>
#include <optional>

#include "pipeline/plugin.hpp"
#include "plugins/dns64/config.hpp"
#include "plugins/services.hpp"
#include "runtime/task.hpp"

namespace nld::plugins {

class Dns64Plugin final : public pipeline::Plugin {
 public:
  Dns64Plugin(const Dns64Config& config, const Services& services, const Site& site);

  [[nodiscard]] std::string_view name() const noexcept override { return "dns64"; }
  /// Native answers pass without an allocation. Records that are made are made for each query anew, behind
  /// the cache's back: that allocates.
  pipeline::Verdict handle(pipeline::Request& request, pipeline::Reply& reply) override;
  runtime::Task<void> resolve(pipeline::Request& request, pipeline::Reply& reply,
                              pipeline::Next next) override;
  void attach(std::weak_ptr<const pipeline::Chain> chain, pipeline::Next next) override;

 private:
  class Exchange;
  [[nodiscard]] bool concerns(const pipeline::Request& request) const noexcept;
  [[nodiscard]] bool wants_synthesis(const pipeline::Reply& native) const noexcept;
  void finish(const pipeline::Request& request, Exchange& exchange, pipeline::Reply& reply);

  Dns64Config config_;
  metrics::Counter& translated_;
  std::optional<pipeline::Next> next_;
};

}  // namespace nld::plugins
