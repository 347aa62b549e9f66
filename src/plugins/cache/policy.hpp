// The decisions of the `cache` directive, free of time sources and sockets: what to store, for how long,
// which stale answer to serve, when to prefetch.
#pragma once

#include <optional>

#include "cache/answer.hpp"
#include "cache/table.hpp"
#include "plugins/cache/config.hpp"

namespace nld::plugins {

/// The steady clock in milliseconds, as Answer::Usage counts.
std::int64_t steady_ms(runtime::TimePoint when) noexcept;

/// Seconds an answer is kept: the response's TTL between the part's MINTTL and TTL; failures by `servfail`.
/// Nothing: not to be stored (rcodes that CoreDNS calls errors, servfail 0).
std::optional<std::uint32_t> storage_ttl(const CacheConfig& config,
                                         const cache::Answer::Facts& facts) noexcept;

/// TTL a client sees for an answer that was just fetched: capped as it is stored, so that the first and the
/// second answer do not differ by hours.
std::uint32_t shown_ttl(const CacheConfig& config, const cache::Answer::Facts& facts) noexcept;

/// False when `name` is under a zone that `disable` names for the part.
bool storing_allowed(const CacheConfig& config, cache::Part part, dns::NameView name) noexcept;

/// The expired answer to serve, if one is still within `serve_stale`: the newest good one; with
/// `prefer_positive` a success before any denial. Failures are never served stale.
cache::AnswerPtr choose_stale(const CacheConfig& config, const cache::Found& found,
                              runtime::TimePoint now) noexcept;

/// Counts a hit and says whether the entry is popular enough and close enough to its end to be fetched anew.
bool note_hit_and_check_prefetch(const CacheConfig& config, const cache::Answer& answer,
                                 runtime::TimePoint now) noexcept;

/// Whether a fetched answer is good enough to take the place of a stale one (RFC 8767 §4).
bool replaces_stale(const CacheConfig& config, const cache::Answer& stale,
                    const cache::Answer& fetched) noexcept;

}  // namespace nld::plugins
