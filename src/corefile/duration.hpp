// Go's duration notation, which Corefiles use: "1h30m", "1.5s", "300ms", "0".
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>

namespace nld::corefile {

/// As Go's time.ParseDuration: units ns, us (µs, μs), ms, s, m, h; a sign and fractions are allowed, a number
/// without a unit is not, but for "0". The error says what is wrong with `text`, naming it.
std::expected<std::chrono::nanoseconds, std::string> parse_duration(std::string_view text);

/// As Go's Duration.String: "1h0m0s", "1m30s", "1.5s", "300ms", "0s".
std::string to_go_string(std::chrono::nanoseconds duration);

}  // namespace nld::corefile
