// From validated data to plugin objects.
#include "server/chain_builder.hpp"

#include "plugins/acl/acl.hpp"
#include "plugins/any/any.hpp"
#include "plugins/bufsize/bufsize.hpp"
#include "plugins/cache/cache.hpp"
#include "plugins/cancel/cancel.hpp"
#include "plugins/chaos/chaos.hpp"
#include "plugins/dns64/dns64.hpp"
#include "plugins/errors/errors.hpp"
#include "plugins/header/header.hpp"
#include "plugins/hosts/hosts.hpp"
#include "plugins/loadbalance/loadbalance.hpp"
#include "plugins/local/local.hpp"
#include "plugins/log/log.hpp"
#include "plugins/metadata/metadata.hpp"
#include "plugins/minimal/minimal.hpp"
#include "plugins/nsid/nsid.hpp"
#include "plugins/prometheus/prometheus.hpp"
#include "plugins/rewrite/rewrite.hpp"
#include "plugins/template/template.hpp"
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
  if (block.metadata) chain.push_back(std::make_unique<plugins::MetadataPlugin>(*block.metadata));
  if (block.cancel) chain.push_back(std::make_unique<plugins::CancelPlugin>(*block.cancel));
  if (block.nsid) chain.push_back(std::make_unique<plugins::NsidPlugin>(*block.nsid));
  if (block.bufsize) chain.push_back(std::make_unique<plugins::BufsizePlugin>(*block.bufsize));
  if (block.prometheus) {
    chain.push_back(std::make_unique<plugins::PrometheusPlugin>(services.metrics, site.server, site.zone,
                                                                services.worker));
  }
  if (block.errors) {
    chain.push_back(std::make_unique<plugins::ErrorsPlugin>(shared.errors, services.clock, services.log));
  }
  if (!block.log.empty()) chain.push_back(std::make_unique<plugins::LogPlugin>(block.log, services.log));
  if (block.loop) chain.push_back(std::make_unique<plugins::LoopPlugin>(shared.loops[at.zone]));
  if (block.local) chain.push_back(std::make_unique<plugins::LocalPlugin>(*block.local, services));
  if (block.dns64) chain.push_back(std::make_unique<plugins::Dns64Plugin>(*block.dns64, services, site));
  if (block.any) chain.push_back(std::make_unique<plugins::AnyPlugin>());
  if (block.chaos) chain.push_back(std::make_unique<plugins::ChaosPlugin>(*block.chaos, services.random));
  if (block.loadbalance) {
    chain.push_back(
        std::make_unique<plugins::LoadbalancePlugin>(*block.loadbalance, shared.weights, services));
  }
  if (shared.rewrite)
    chain.push_back(std::make_unique<plugins::RewritePlugin>(shared.rewrite, services.router));
  if (shared.acl) chain.push_back(std::make_unique<plugins::AclPlugin>(shared.acl, services, site));
  if (block.cache) {
    chain.push_back(std::make_unique<plugins::CachePlugin>(*block.cache, shared.cache, services, site));
  }
  if (block.header) chain.push_back(std::make_unique<plugins::HeaderPlugin>(*block.header));
  if (block.minimal) chain.push_back(std::make_unique<plugins::MinimalPlugin>());
  if (!block.templates.empty()) {
    chain.push_back(std::make_unique<plugins::TemplatePlugin>(block.templates, services, site));
  }
  if (shared.hosts) chain.push_back(std::make_unique<plugins::HostsPlugin>(shared.hosts));
  for (std::size_t forward = 0; forward < block.forwards.size(); ++forward) {
    chain.push_back(plugins::make_forward(block.forwards[forward], shared.forwards[forward], upstreams,
                                          services.clock, services.random, services.metrics, services.worker,
                                          block.metadata.has_value()));
  }
  if (block.whoami) chain.push_back(std::make_unique<plugins::WhoamiPlugin>());
  return pipeline::Chain::build(std::move(chain));
}

}  // namespace nld::server
