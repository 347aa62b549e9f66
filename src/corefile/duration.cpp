// Durations with Go's rounding and overflow rules.
#include "corefile/duration.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace nld::corefile {
namespace {

constexpr std::uint64_t kLimit = std::uint64_t{1} << 63U;  // magnitude of the most negative duration

struct Unit {
  std::string_view name;
  std::uint64_t nanoseconds;
};
constexpr std::array<Unit, 8> kUnits = {{{"ns", 1},
                                         {"us", 1'000},
                                         {"\xC2\xB5s", 1'000},  // U+00B5 micro sign
                                         {"\xCE\xBCs", 1'000},  // U+03BC Greek letter mu
                                         {"ms", 1'000'000},
                                         {"s", 1'000'000'000},
                                         {"m", 60'000'000'000},
                                         {"h", 3'600'000'000'000}}};

bool is_digit(char octet) {
  return octet >= '0' && octet <= '9';
}

std::unexpected<std::string> bad(std::string_view text, const std::string& why) {
  return std::unexpected("invalid duration '" + std::string(text) + "': " + why);
}

/// Leading digits of `rest` as a number, cut off from it; nothing on overflow.
std::optional<std::uint64_t> take_integer(std::string_view& rest) {
  std::uint64_t value = 0;
  while (!rest.empty() && is_digit(rest[0])) {
    const auto digit = static_cast<std::uint64_t>(rest[0] - '0');
    if (value > (kLimit - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
    rest.remove_prefix(1);
  }
  return value;
}

struct Fraction {
  std::uint64_t digits = 0;
  double scale = 1;
};

/// Digits beyond what 63 bits hold are dropped: they are below a nanosecond of an hour by far.
Fraction take_fraction(std::string_view& rest) {
  Fraction fraction;
  bool full = false;
  for (; !rest.empty() && is_digit(rest[0]); rest.remove_prefix(1)) {
    const auto digit = static_cast<std::uint64_t>(rest[0] - '0');
    full = full || fraction.digits > (kLimit - 1 - digit) / 10;
    if (full) continue;
    fraction.digits = fraction.digits * 10 + digit;
    fraction.scale *= 10;
  }
  return fraction;
}

/// One "number unit" off the front of `rest`, in nanoseconds.
std::expected<std::uint64_t, std::string> take_part(std::string_view text, std::string_view& rest) {
  const std::size_t before = rest.size();
  const auto whole = take_integer(rest);
  if (!whole) return bad(text, "too large");
  bool has_number = rest.size() != before;
  Fraction fraction;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    const std::size_t digits_at = rest.size();
    fraction = take_fraction(rest);
    has_number = has_number || rest.size() != digits_at;
  }
  if (!has_number) return bad(text, "expected a number with a unit, such as 30s, 1m30s or 500ms");

  std::size_t size = 0;
  while (size < rest.size() && rest[size] != '.' && !is_digit(rest[size])) ++size;
  const std::string_view name = rest.substr(0, size);
  if (name.empty()) return bad(text, "expected a unit after the number: ns, us, ms, s, m or h");
  rest.remove_prefix(size);
  for (const Unit& unit : kUnits) {
    if (unit.name != name) continue;
    if (*whole > kLimit / unit.nanoseconds) return bad(text, "too large");
    std::uint64_t value = *whole * unit.nanoseconds;
    if (fraction.digits > 0) {
      // Go computes this in double as well; the result is cut off, not rounded.
      value += static_cast<std::uint64_t>(static_cast<double>(fraction.digits) *
                                          (static_cast<double>(unit.nanoseconds) / fraction.scale));
    }
    if (value > kLimit) return bad(text, "too large");
    return value;
  }
  return bad(text, "unknown unit '" + std::string(name) + "', expected ns, us, ms, s, m or h");
}

/// `value` / 10^`places` in decimal, no zeros at the end of the fraction.
std::string decimal(std::uint64_t value, unsigned places) {
  std::uint64_t power = 1;
  for (unsigned place = 0; place < places; ++place) power *= 10;
  std::string text = std::to_string(value / power);
  std::string fraction = std::to_string(value % power);
  fraction.insert(0, places - std::min<std::size_t>(places, fraction.size()), '0');
  while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
  return fraction.empty() ? text : text + "." + fraction;
}

}  // namespace

std::expected<std::chrono::nanoseconds, std::string> parse_duration(std::string_view text) {
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "0") return std::chrono::nanoseconds(0);
  if (rest.empty()) return bad(text, "expected a number with a unit, such as 30s, 1m30s or 500ms");
  std::uint64_t total = 0;
  while (!rest.empty()) {
    const auto part = take_part(text, rest);
    if (!part) return std::unexpected(part.error());
    if (*part > kLimit - total) return bad(text, "too large");
    total += *part;
  }
  if (!negative && total == kLimit) return bad(text, "too large");
  return std::chrono::nanoseconds(static_cast<std::int64_t>(negative ? 0 - total : total));
}

std::string to_go_string(std::chrono::nanoseconds duration) {
  const auto count = static_cast<std::int64_t>(duration.count());
  if (count == 0) return "0s";
  const auto magnitude =
      count < 0 ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
  const std::string sign = count < 0 ? "-" : "";
  if (magnitude < 1'000) return sign + std::to_string(magnitude) + "ns";
  if (magnitude < 1'000'000) return sign + decimal(magnitude, 3) + "\xC2\xB5s";
  if (magnitude < 1'000'000'000) return sign + decimal(magnitude, 6) + "ms";
  constexpr std::uint64_t kMinute = 60'000'000'000;
  std::string text = decimal(magnitude % kMinute, 9) + "s";
  const std::uint64_t minutes = magnitude / kMinute;
  if (minutes > 0) text.insert(0, std::to_string(minutes % 60) + "m");
  if (minutes >= 60) text.insert(0, std::to_string(minutes / 60) + "h");
  return sign + text;
}

}  // namespace nld::corefile
