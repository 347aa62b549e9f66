// Builds the shared part of a `forward` directive.
#include "plugins/forward/shared.hpp"

namespace nld::plugins {

std::optional<runtime::SocketAddress> source_for(const ForwardConfig& config,
                                                 const runtime::SocketAddress& upstream) {
  return upstream.is_v6() ? config.source_v6 : config.source_v4;
}

std::shared_ptr<ForwardShared> make_forward_shared(const ForwardConfig& config,
                                                   upstream::HealthRegistry& registry) {
  auto shared = std::make_shared<ForwardShared>();
  for (const ForwardTarget& target : config.upstreams) {
    upstream::HealthOptions options;
    options.max_fails = config.max_fails;
    options.interval = config.health_check.interval;
    options.recursion_desired = config.health_check.recursion_desired;
    options.domain = config.health_check.domain;
    options.protocol = config.force_tcp ? upstream::Protocol::tcp : upstream::Protocol::udp;
    options.source = source_for(config, target.address);
    options.tls = target.tls;
    shared->health.push_back(registry.get(target.address, options));
  }
  return shared;
}

}  // namespace nld::plugins
