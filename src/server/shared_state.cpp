// Building a generation.
#include "server/shared_state.hpp"

#include <algorithm>

namespace nld::server {
namespace {

/// A block is the same one after a reload when it serves the same zones on the same addresses.
std::string identity(const plugins::BlockConfig& block) {
  std::vector<std::string> parts;
  parts.reserve(block.zones.size() + block.bind.size());
  for (const plugins::ZoneKey& zone : block.zones) parts.push_back(zone.label + std::to_string(zone.port));
  for (const runtime::SocketAddress& address : block.bind) parts.push_back(address.ip_text());
  std::ranges::sort(parts);
  std::string id;
  for (const std::string& part : parts) id += part + " ";
  return id;
}

cache::Capacity capacity_of(const plugins::CacheConfig& config) {
  return {.success = config.success.capacity, .denial = config.denial.capacity, .stale = config.stale.up_to};
}

}  // namespace

std::shared_ptr<plugins::CacheShared> CacheHouse::get(const plugins::BlockConfig& block) {
  std::erase_if(caches_, [](const auto& known) { return known.second.expired(); });
  std::weak_ptr<plugins::CacheShared>& known = caches_[identity(block)];
  if (auto cache = known.lock()) {
    cache->table.set_capacity(capacity_of(*block.cache));
    return cache;
  }
  auto cache = std::make_shared<plugins::CacheShared>(capacity_of(*block.cache), budget_);
  known = cache;
  return cache;
}

std::shared_ptr<const Generation> make_generation(plugins::ServerConfig config, bool have_ipv6,
                                                  CacheHouse& caches, upstream::HealthRegistry& health) {
  auto generation = std::make_shared<Generation>();
  generation->plan = listen_plan(config, have_ipv6);
  for (plugins::BlockConfig& block : config.blocks) {
    SharedBlock& shared = generation->blocks.emplace_back();
    if (block.cache) shared.cache = caches.get(block);
    if (block.errors) shared.errors = std::make_shared<plugins::ErrorCounts>(*block.errors);
    if (block.hosts) shared.hosts = std::make_shared<plugins::HostsFile>(*block.hosts);
    if (block.loadbalance && block.loadbalance->weights) {
      shared.weights =
          std::make_shared<plugins::WeightFile>(block.loadbalance->file, block.loadbalance->weights);
    }
    if (!block.acl.empty()) {
      shared.acl = std::make_shared<const std::vector<plugins::AclRule>>(std::move(block.acl));
    }
    if (!block.rewrite.empty()) {
      // Thousands of rules: they are kept once.
      shared.rewrite = std::make_shared<plugins::rewriting::Rules>(std::move(block.rewrite));
    }
    for (const plugins::ForwardConfig& forward : block.forwards) {
      shared.forwards.push_back(plugins::make_forward_shared(forward, health));
    }
    if (!block.loop) continue;
    for (const plugins::ZoneKey& zone : block.zones) {
      shared.loops.push_back(std::make_shared<plugins::LoopState>(zone.zone));
    }
  }
  generation->config = std::move(config);
  return generation;
}

}  // namespace nld::server
