// What the workers share under one configuration, and what outlives a change of it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cache/budget.hpp"
#include "plugins/cache/shared.hpp"
#include "plugins/errors/errors.hpp"
#include "plugins/forward/forward.hpp"
#include "plugins/hosts/file.hpp"
#include "plugins/loop/loop.hpp"
#include "plugins/rewrite/rules.hpp"
#include "server/listen_plan.hpp"
#include "upstream/health.hpp"

namespace nld::server {

/// One server block's shared parts; null where the directive is absent.
struct SharedBlock {
  std::shared_ptr<plugins::CacheShared> cache;
  std::shared_ptr<plugins::ErrorCounts> errors;
  std::shared_ptr<plugins::HostsFile> hosts;
  std::shared_ptr<plugins::WeightFile> weights;
  std::shared_ptr<const std::vector<plugins::AclRule>> acl;
  std::shared_ptr<const plugins::rewriting::Rules> rewrite;
  std::vector<std::shared_ptr<plugins::ForwardShared>> forwards;
  std::vector<std::shared_ptr<plugins::LoopState>> loops;  ///< one a zone
};

/// A configuration as the workers get it. Immutable but for the parts that synchronise themselves.
struct Generation {
  plugins::ServerConfig config;
  ListenPlan plan;
  std::vector<SharedBlock> blocks;  ///< as config.blocks
};

/// Caches by block, kept while some generation uses them: a reload that keeps a block keeps its cache.
class CacheHouse {
 public:
  explicit CacheHouse(cache::Budget& budget) noexcept : budget_(budget) {}
  std::shared_ptr<plugins::CacheShared> get(const plugins::BlockConfig& block);

 private:
  cache::Budget& budget_;
  std::map<std::string, std::weak_ptr<plugins::CacheShared>> caches_;
};

std::shared_ptr<const Generation> make_generation(plugins::ServerConfig config, bool have_ipv6,
                                                  CacheHouse& caches, upstream::HealthRegistry& health);

}  // namespace nld::server
