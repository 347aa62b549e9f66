// The `acl` plugin: who may ask what.
#pragma once

#include <memory>
#include <vector>

#include "metrics/registry.hpp"
#include "pipeline/plugin.hpp"
#include "plugins/acl/config.hpp"
#include "plugins/services.hpp"

namespace nld::plugins {

/// Stands in front of the cache: what one client may ask is no answer for another. The rules are shared by
/// the workers, as thousands of networks may stand in them.
class AclPlugin final : public pipeline::Plugin {
 public:
  AclPlugin(std::shared_ptr<const std::vector<AclRule>> rules, const Services& services, const Site& site);

  [[nodiscard]] std::string_view name() const noexcept override { return "acl"; }
  pipeline::Verdict handle(pipeline::Request& request, pipeline::Reply& reply) override;

 private:
  struct ZoneCounters {
    metrics::Counter* blocked;
    metrics::Counter* filtered;
    metrics::Counter* dropped;
  };
  std::shared_ptr<const std::vector<AclRule>> rules_;
  std::vector<std::vector<ZoneCounters>> counters_;  // by rule, by zone of the rule
  metrics::Counter& allowed_;
};

}  // namespace nld::plugins
