// printf as Go has it, for the verbs that records need.
#include <algorithm>
#include <charconv>

#include "go_template/functions.hpp"

namespace nld::go_template {
namespace {

constexpr std::size_t kMaxWidth = 1000;

struct Directive {
  bool minus = false, zero = false, plus = false, blank = false, sharp = false;
  std::size_t width = 0;
  std::optional<std::size_t> precision;
  char verb = '\0';
};

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char letter : text) {
    if (letter == '"' || letter == '\\') out += '\\';
    out += letter;
  }
  return out + '"';
}

std::string hexadecimal(std::string_view text, bool upper) {
  const std::string_view digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string out;
  for (const char letter : text) {
    const auto octet = static_cast<std::uint8_t>(letter);
    out += digits[octet >> 4U];
    out += digits[octet & 0x0FU];
  }
  return out;
}

/// The digits of a number without its sign; nothing: the verb is not for numbers.
std::optional<std::string> digits_of(std::uint64_t magnitude, const Directive& directive) {
  if (directive.verb == 'c') {
    if (magnitude > 0x7F) return std::nullopt;
    return std::string(1, static_cast<char>(magnitude));
  }
  int base = 0;
  if (directive.verb == 'd' || directive.verb == 'v') base = 10;
  if (directive.verb == 'b') base = 2;
  if (directive.verb == 'o') base = 8;
  if (directive.verb == 'x' || directive.verb == 'X') base = 16;
  if (base == 0) return std::nullopt;
  std::string out(64, '0');
  const auto [end, error] = std::to_chars(out.data(), out.data() + out.size(), magnitude, base);
  out.resize(static_cast<std::size_t>(end - out.data()));
  if (directive.verb == 'X') {
    std::ranges::transform(out, out.begin(),
                           [](char digit) { return digit >= 'a' ? static_cast<char>(digit - 32) : digit; });
  }
  if (directive.precision && out.size() < *directive.precision) {
    out.insert(0, *directive.precision - out.size(), '0');
  }
  return out;
}

std::optional<std::string> number(std::uint64_t magnitude, bool negative, const Directive& directive) {
  auto text = digits_of(magnitude, directive);
  if (!text) return std::nullopt;
  std::string prefix = negative ? "-" : directive.plus ? "+" : directive.blank ? " " : "";
  if (directive.sharp && directive.verb == 'x') prefix += "0x";
  if (directive.sharp && directive.verb == 'X') prefix += "0X";
  if (directive.sharp && directive.verb == 'o') prefix += "0";
  if (directive.zero && !directive.minus && !directive.precision &&
      prefix.size() + text->size() < directive.width) {
    text->insert(0, directive.width - prefix.size() - text->size(), '0');
  }
  return prefix + *text;
}

std::optional<std::string> one(const Value& value, const Directive& directive) {
  if (const auto* whole = value.get<std::int64_t>()) {
    const auto magnitude = static_cast<std::uint64_t>(*whole);
    return number(*whole < 0 ? 0 - magnitude : magnitude, *whole < 0, directive);
  }
  if (const auto* whole = value.get<std::uint64_t>()) return number(*whole, false, directive);
  if (const auto* text = value.get<std::string>()) {
    std::string shown = text->substr(0, directive.precision.value_or(std::string::npos));
    if (directive.verb == 's' || directive.verb == 'v') return shown;
    if (directive.verb == 'q') return quoted(shown);
    if (directive.verb == 'x' || directive.verb == 'X') return hexadecimal(shown, directive.verb == 'X');
    return std::nullopt;
  }
  if (directive.verb == 't' && value.get<bool>() == nullptr) return std::nullopt;
  if (directive.verb == 'v' || directive.verb == 's' || directive.verb == 't') return print(value);
  return std::nullopt;
}

std::size_t take_number(std::string_view& rest) {
  std::size_t value = 0;
  while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
    value = std::min(value * 10 + static_cast<std::size_t>(rest.front() - '0'), kMaxWidth + 1);
    rest.remove_prefix(1);
  }
  return value;
}

/// Reads what follows a '%'.
Directive take_directive(std::string_view& rest) {
  Directive directive;
  for (; !rest.empty(); rest.remove_prefix(1)) {
    const char flag = rest.front();
    if (flag == '-') {
      directive.minus = true;
    } else if (flag == '0') {
      directive.zero = true;
    } else if (flag == '+') {
      directive.plus = true;
    } else if (flag == ' ') {
      directive.blank = true;
    } else if (flag == '#') {
      directive.sharp = true;
    } else {
      break;
    }
  }
  directive.width = take_number(rest);
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    directive.precision = take_number(rest);
  }
  if (!rest.empty()) {
    directive.verb = rest.front();
    rest.remove_prefix(1);
  }
  return directive;
}

}  // namespace

std::expected<std::string, std::string> format(std::string_view layout, Arguments arguments) {
  std::string out;
  std::size_t next = 0;
  while (!layout.empty()) {
    const std::size_t percent = std::min(layout.find('%'), layout.size());
    out += layout.substr(0, percent);
    layout.remove_prefix(percent);
    if (layout.empty()) break;
    layout.remove_prefix(1);
    const Directive directive = take_directive(layout);
    if (directive.verb == '%') {
      out += '%';
      continue;
    }
    const std::string shown = std::string("printf: %") + directive.verb;
    if (directive.width > kMaxWidth || directive.precision.value_or(0) > kMaxWidth) {
      return std::unexpected(shown + " is wider than " + std::to_string(kMaxWidth));
    }
    if (next == arguments.size()) return std::unexpected(shown + " has no argument");
    const Value& value = arguments[next++];
    auto text = one(value, directive);
    if (!text) return std::unexpected(shown + " is not for a " + std::string(kind_of(value)));
    if (text->size() < directive.width) {
      text->insert(directive.minus ? text->size() : 0, directive.width - text->size(), ' ');
    }
    out += *text;
    if (out.size() > kMaxString) return std::unexpected("a string longer than " + std::to_string(kMaxString));
  }
  if (next < arguments.size()) return std::unexpected("printf has more arguments than verbs");
  return out;
}

}  // namespace nld::go_template
