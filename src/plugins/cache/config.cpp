// cache [TTL] [ZONES...] { … }: reading it.
#include "plugins/cache/config.hpp"

#include <algorithm>
#include <charconv>

#include "plugins/arguments.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t kMaxTtl = 2'147'483'647;  // RFC 2181 §8
constexpr std::uint32_t kMaxCapacity = 1'000'000'000;
constexpr std::uint32_t kMaxAmount = 1'000'000;
constexpr milliseconds kMaxServfail = std::chrono::minutes(5);
constexpr milliseconds kMaxRecheck = std::chrono::minutes(5);
constexpr milliseconds kDefaultStale = std::chrono::hours(1);

/// What the options fill; the policy line is only legal beside serve_stale, wherever it stands.
struct CacheLine {
  CacheConfig config;
  bool stale_given = false;
};

bool is_number(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

void read_part(Arguments& arguments, CacheConfig::Part& part) {
  part.capacity = arguments.number("CAPACITY", 0, kMaxCapacity);
  if (arguments.more()) part.max_ttl = arguments.number("TTL", 1, kMaxTtl);
  if (arguments.more()) part.min_ttl = arguments.number("MINTTL", 0, kMaxTtl);
}

void read_prefetch(Arguments& arguments, CacheLine& cache) {
  CacheConfig::Prefetch& prefetch = cache.config.prefetch;
  prefetch.amount = arguments.number("AMOUNT", 0, kMaxAmount);
  if (arguments.more()) prefetch.gap = arguments.duration("DURATION", milliseconds(0));
  if (!arguments.more()) return;
  const std::string_view text = arguments.word("PERCENTAGE");
  std::uint32_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool percent = code == std::errc() && std::string_view(end, text.data() + text.size()) == "%";
  if (!percent || value < 10 || value > 90) {
    arguments.fail_value("PERCENTAGE", text, "a whole number from 10% to 90%, with the percent sign");
    return;
  }
  prefetch.percentage = value;
}

void read_serve_stale(Arguments& arguments, CacheLine& cache) {
  CacheConfig::Stale& stale = cache.config.stale;
  cache.stale_given = true;
  stale.up_to = kDefaultStale;
  if (!arguments.more()) return;
  stale.up_to = arguments.duration("DURATION", milliseconds(0));
  if (stale.up_to == milliseconds(0)) arguments.warn("a DURATION of 0 serves nothing stale");
  if (!arguments.more()) return;
  std::string mode(arguments.word("REFRESH_MODE"));
  std::ranges::transform(mode, mode.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  if (mode != "immediate" && mode != "verify") {
    arguments.fail_value("REFRESH_MODE", mode, "immediate or verify");
    return;
  }
  stale.verify = mode == "verify";
  if (stale.verify && arguments.more()) {
    stale.verify_timeout = arguments.duration("VERIFY_TIMEOUT", milliseconds(0));
  }
  if (arguments.more()) stale.response_ttl = arguments.duration("RESPONSE_TTL", milliseconds(0));
  if (arguments.more()) {
    stale.failure_recheck = arguments.duration("FAILURE_RECHECK", milliseconds(0), kMaxRecheck);
  }
}

void read_stale_policy(Arguments& arguments, CacheLine& cache) {
  static constexpr std::string_view kPolicies[] = {"prefer_positive"};
  arguments.choice("POLICY", kPolicies);
  cache.config.stale.prefer_positive = true;
}

void read_disable(Arguments& arguments, CacheLine& cache) {
  static constexpr std::string_view kParts[] = {"success", "denial"};
  CacheConfig::Part& part =
      arguments.choice("TYPE", kParts) == 0 ? cache.config.success : cache.config.denial;
  // Without zones: everywhere, so the root.
  const auto zones = arguments.more() ? arguments.zones("ZONES") : std::vector<dns::Name>{dns::Name{}};
  part.disabled.insert(part.disabled.end(), zones.begin(), zones.end());
}

constexpr Option<CacheLine> kCacheOptions[] = {
    {"success", [](Arguments& arguments, CacheLine& cache) { read_part(arguments, cache.config.success); }},
    {"denial", [](Arguments& arguments, CacheLine& cache) { read_part(arguments, cache.config.denial); }},
    {"prefetch", read_prefetch},
    {"serve_stale", read_serve_stale},
    {"serve_stale_policy", read_stale_policy},
    {"servfail",
     [](Arguments& arguments, CacheLine& cache) {
       cache.config.servfail_ttl = arguments.duration("DURATION", milliseconds(0), kMaxServfail);
     }},
    {"disable", read_disable},
    {"keepttl", [](Arguments&, CacheLine& cache) { cache.config.keep_ttl = true; }},
};

}  // namespace

Result setup_cache(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  Arguments arguments(line, "cache", context);
  CacheLine cache;
  if (is_number(arguments.peek())) {
    const std::uint32_t ttl = arguments.number("TTL", 1, kMaxTtl);
    cache.config.success.max_ttl = ttl;
    cache.config.denial.max_ttl = ttl;
  }
  cache.config.zones = arguments.zones("ZONES");
  if (Result done = arguments.finish(); !done) return done;
  if (cache.config.zones.empty()) {
    for (const ZoneKey& key : block.zones) cache.config.zones.push_back(key.zone);
  }
  if (Result done = read_options(line, kCacheOptions, cache, context); !done) return done;
  if (cache.config.stale.prefer_positive && !cache.stale_given) {
    arguments.fail("serve_stale_policy stands without serve_stale, expected both or neither");
    return arguments.finish();
  }
  block.cache = std::move(cache.config);
  return {};
}

}  // namespace nld::plugins
