// From validated data to plugin objects.
#include "server/chain_builder.hpp"

#include "plugins/cache/cache.hpp"
#include "plugins/errors/errors.hpp"
#include "plugins/log/log.hpp"
#include "plugins/prometheus/prometheus.hpp"
#include "plugins/rewrite/rewrite.hpp"
#include "plugins/whoami/whoami.hpp"

namespace nld::server {

std::shared_ptr<const pipeline::Chain> build_chain(const Generation& generation, const ZoneAt& at,
                                                   const std::string& server_label,
                                                   const plugins::Services& services,
                                                   upstream::WorkerUpstreams& upstreams) {
  const plugins::BlockConfig& block = generation.config.blocks[at.block];
  const SharedBlock& shared = generation.blocks[at.block];
  const plugins::Site site{.server = server_label, .zone = block.zones[at.zone].label};
  std::vector<std::unique_ptr<pipeline::Plugin>> chain;
  if (block.prometheus) {
    chain.push_back(std::make_unique<plugins::PrometheusPlugin>(services.metrics, site.server, site.zone,
                                                                services.worker));
  }
  if (block.errors) {
    chain.push_back(std::make_unique<plugins::ErrorsPlugin>(shared.errors, services.clock, services.log));
  }
  if (!block.log.empty()) chain.push_back(std::make_unique<plugins::LogPlugin>(block.log, services.log));
  if (block.loop) chain.push_back(std::make_unique<plugins::LoopPlugin>(shared.loops[at.zone]));
  if (shared.rewrite) chain.push_back(std::make_unique<plugins::RewritePlugin>(shared.rewrite));
  if (block.cache) {
    chain.push_back(std::make_unique<plugins::CachePlugin>(*block.cache, shared.cache, services, site));
  }
  for (std::size_t forward = 0; forward < block.forwards.size(); ++forward) {
    chain.push_back(plugins::make_forward(block.forwards[forward], shared.forwards[forward], upstreams,
                                          services.clock, services.random, services.metrics,
                                          services.worker));
  }
  if (block.whoami) chain.push_back(std::make_unique<plugins::WhoamiPlugin>());
  return pipeline::Chain::build(std::move(chain));
}

}  // namespace nld::server
