// What the `cache` directive stores, serves stale and prefetches.
#include "plugins/cache/policy.hpp"

#include <algorithm>
#include <ranges>

namespace nld::plugins {
namespace {

using cache::Answer;
using cache::Part;

const CacheConfig::Part& part_of(const CacheConfig& config, Part part) noexcept {
  return part == Part::success ? config.success : config.denial;
}

std::uint32_t clamp_ttl(const CacheConfig::Part& part, std::uint32_t ttl) noexcept {
  // TTL wins over MINTTL when a file has them crossed ("success 9984 3" leaves MINTTL at 5), as CoreDNS.
  return std::min(std::max(ttl, part.min_ttl), part.max_ttl);
}

}  // namespace

std::int64_t steady_ms(runtime::TimePoint when) noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(when.time_since_epoch()).count();
}

std::optional<std::uint32_t> storage_ttl(const CacheConfig& config, const Answer::Facts& facts) noexcept {
  if (facts.part == Part::failure) {
    if (facts.rcode != dns::Rcode::SERVFAIL) return std::nullopt;
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(config.servfail_ttl).count();
    return seconds > 0 ? std::optional(static_cast<std::uint32_t>(seconds)) : std::nullopt;
  }
  const std::uint32_t ttl = clamp_ttl(part_of(config, facts.part), facts.ttl);
  return ttl > 0 ? std::optional(ttl) : std::nullopt;
}

std::uint32_t shown_ttl(const CacheConfig& config, const Answer::Facts& facts) noexcept {
  return facts.part == Part::failure ? facts.ttl : clamp_ttl(part_of(config, facts.part), facts.ttl);
}

bool storing_allowed(const CacheConfig& config, Part part, dns::NameView name) noexcept {
  return std::ranges::none_of(part_of(config, part).disabled, [name](const dns::Name& zone) {
    return dns::is_at_or_below(name, zone.wire());
  });
}

cache::AnswerPtr choose_stale(const CacheConfig& config, const cache::Found& found,
                              runtime::TimePoint now) noexcept {
  if (config.stale.up_to.count() == 0) return nullptr;
  const auto usable = [&](const cache::AnswerPtr& answer) {
    if (!answer) return false;
    const auto expired_for = std::chrono::seconds(-answer->ttl_at(now));
    return expired_for <= config.stale.up_to;  // ttl_at rounds the age up
  };
  const cache::AnswerPtr& success = found[Part::success];
  const cache::AnswerPtr& denial = found[Part::denial];
  if (!usable(success)) return usable(denial) ? denial : nullptr;
  if (!usable(denial) || config.stale.prefer_positive) return success;
  return denial->facts().stored_at >= success->facts().stored_at ? denial : success;
}

bool note_hit_and_check_prefetch(const CacheConfig& config, const Answer& answer,
                                 runtime::TimePoint now) noexcept {
  if (config.prefetch.amount == 0 || answer.facts().part == Part::failure) return false;
  Answer::Usage& usage = answer.usage();
  const std::int64_t now_ms = steady_ms(now);
  const std::int64_t last_ms = usage.last_hit_ms.exchange(now_ms, std::memory_order_relaxed);
  std::uint32_t hits = 1;
  if (last_ms != 0 && now_ms - last_ms > config.prefetch.gap.count()) {
    usage.hits.store(1, std::memory_order_relaxed);
  } else {
    hits = usage.hits.fetch_add(1, std::memory_order_relaxed) + 1;
  }
  if (hits < config.prefetch.amount) return false;
  // Rounded up: an entry with a short TTL is still fetched at the latest in its last second.
  const std::int64_t threshold = (std::int64_t{answer.facts().ttl} * config.prefetch.percentage + 99) / 100;
  return answer.ttl_at(now) <= threshold;
}

bool replaces_stale(const CacheConfig& config, const Answer& stale, const Answer& fetched) noexcept {
  if (fetched.facts().part == Part::failure) return false;
  const bool loses_data = stale.facts().part == Part::success && fetched.facts().part == Part::denial;
  return !(config.stale.prefer_positive && loses_data);
}

}  // namespace nld::plugins
