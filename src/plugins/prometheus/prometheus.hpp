// The `prometheus` plugin: counts every query of its server block.
#pragma once

#include <string>

#include "metrics/registry.hpp"
#include "pipeline/plugin.hpp"
#include "plugins/prometheus/query_metrics.hpp"

namespace nld::plugins {

/// One per worker, listener and zone: the labels are fixed.
class PrometheusPlugin final : public pipeline::Plugin {
 public:
  PrometheusPlugin(metrics::Registry& registry, std::string server_label, std::string zone_label,
                   std::size_t worker)
      : metrics_(registry, std::move(server_label), std::move(zone_label), worker) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "prometheus"; }
  [[nodiscard]] bool observes() const noexcept override { return true; }
  void observe(const pipeline::Request& request, const pipeline::Reply& reply,
               const pipeline::Outcome& outcome) override;

 private:
  QueryMetrics metrics_;
};

}  // namespace nld::plugins
