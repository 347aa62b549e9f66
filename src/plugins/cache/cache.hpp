// The `cache` plugin: answers from the table, lets one query fetch for all that wait, stores what came back.
#pragma once

#include <memory>
#include <string>

#include "pipeline/plugin.hpp"
#include "plugins/cache/config.hpp"
#include "plugins/cache/shared.hpp"
#include "plugins/services.hpp"
#include "runtime/task.hpp"

namespace nld::plugins {

class CachePlugin final : public pipeline::Plugin {
 public:
  CachePlugin(CacheConfig config, std::shared_ptr<CacheShared> shared, const Services& services,
              const Site& site);

  [[nodiscard]] std::string_view name() const noexcept override { return "cache"; }
  [[nodiscard]] bool looks_ahead() const noexcept override { return true; }
  [[nodiscard]] bool look_ahead_pays() const noexcept override { return shared_->table.outgrows_cpu_cache(); }
  [[nodiscard]] cache::Lookahead look_ahead(const dns::Query& query) const noexcept override;
  pipeline::Verdict handle(pipeline::Request& request, pipeline::Reply& reply) override;
  runtime::Task<void> resolve(pipeline::Request& request, pipeline::Reply& reply,
                              pipeline::Next next) override;
  void attach(std::weak_ptr<const pipeline::Chain> chain, pipeline::Next next) override;

 private:
  struct Fetch;
  struct Landed;

  [[nodiscard]] bool concerns(const pipeline::Request& request) const noexcept;
  void serve(cache::AnswerPtr answer, runtime::TimePoint now, pipeline::Reply& reply) noexcept;
  void serve_stale(cache::AnswerPtr answer, pipeline::Reply& reply) noexcept;
  void serve_result(const cache::FetchResult& result, pipeline::Reply& reply) const;
  void count_hit(cache::Part part) noexcept;

  /// Starts a fetch that nobody waits for, unless one is under way or the recheck period says no.
  void refresh(const pipeline::Request& request, const cache::AnswerPtr& old, bool prefetch);
  /// Lands the flight for `key`. `request` and `key` need not outlive the call.
  runtime::Task<void> fetch(const pipeline::Request& request, const cache::Key& key, cache::AnswerPtr old);
  cache::AnswerPtr store(const cache::Key& key, cache::AnswerPtr answer, const cache::AnswerPtr& old);
  void store_failure(const cache::Key& key, std::optional<dns::ExtendedError> extended_error);
  void insert(cache::AnswerPtr entry);

  CacheConfig config_;
  std::shared_ptr<CacheShared> shared_;
  Services services_;
  std::weak_ptr<const pipeline::Chain> chain_;
  std::optional<pipeline::Next> next_;

  struct Counters {
    metrics::Counter& requests;
    metrics::Counter& misses;
    metrics::Counter& success_hits;
    metrics::Counter& denial_hits;
    metrics::Counter& success_evictions;
    metrics::Counter& denial_evictions;
    metrics::Counter& prefetches;
    metrics::Counter& served_stale;
    metrics::Counter& coalesced;
    metrics::Counter& refused;
    static Counters make(metrics::Registry& registry, const Site& site, const std::string& zones,
                         std::size_t worker);
  } counters_;
};

/// The metrics' `zones` label: the directive's zones joined by commas.
std::string zones_label(const CacheConfig& config);

}  // namespace nld::plugins
