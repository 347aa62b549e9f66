// Reading Go's literals.
#include "go_template/literals.hpp"

#include <algorithm>
#include <charconv>

namespace nld::go_template {
namespace {

struct Rune {
  std::uint32_t value = 0;
  bool octet = false;  ///< \x and \ooo in a string are octets, not characters
  std::size_t size = 0;
};

std::optional<Rune> digits(std::string_view text, std::size_t skip, std::size_t count, int base, bool octet) {
  if (text.size() < skip + count) return std::nullopt;
  std::uint32_t value = 0;
  const char* begin = text.data() + skip;
  const auto [end, error] = std::from_chars(begin, begin + count, value, base);
  if (error != std::errc() || end != begin + count || (octet && value > 255)) return std::nullopt;
  return Rune{value, octet, skip + count};
}

/// An escape, which begins with a backslash.
std::optional<Rune> read_escape(std::string_view text) {
  constexpr std::string_view kNames = "abfnrtv\\'\"";
  constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\'\"";
  if (text.size() < 2) return std::nullopt;
  if (const auto known = kNames.find(text[1]); known != std::string_view::npos) {
    return Rune{static_cast<std::uint8_t>(kValues[known]), true, 2};
  }
  switch (text[1]) {
    case 'x':
      return digits(text, 2, 2, 16, true);
    case 'u':
      return digits(text, 2, 4, 16, false);
    case 'U':
      return digits(text, 2, 8, 16, false);
    default:
      return digits(text, 1, 3, 8, true);
  }
}

void append_utf8(std::string& out, std::uint32_t value) {
  const auto put = [&](std::uint32_t octet) { out += static_cast<char>(octet); };
  if (value < 0x80) return put(value);
  if (value < 0x800) {
    put(0xC0U | (value >> 6U));
  } else if (value < 0x10000) {
    put(0xE0U | (value >> 12U));
    put(0x80U | ((value >> 6U) & 0x3FU));
  } else {
    put(0xF0U | (value >> 18U));
    put(0x80U | ((value >> 12U) & 0x3FU));
    put(0x80U | ((value >> 6U) & 0x3FU));
  }
  put(0x80U | (value & 0x3FU));
}

}  // namespace

std::expected<Literal, std::string> read_integer(std::string_view text) {
  const auto is_part = [](char letter) {
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
           (letter >= 'A' && letter <= 'Z') || letter == '_' || letter == '.';
  };
  const std::size_t sign = text[0] == '-' || text[0] == '+' ? 1 : 0;
  const std::size_t size = static_cast<std::size_t>(
      std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(sign), text.end(), is_part) - text.begin());
  const std::string_view written = text.substr(0, size);
  std::string digits(written.substr(sign));
  std::erase(digits, '_');
  int base = 10;
  if (digits.size() > 1 && digits[0] == '0') {
    const char mark = static_cast<char>(digits[1] | 0x20);
    base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
    digits.erase(0, mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1);
  }
  if (text[0] == '-') digits.insert(digits.begin(), '-');
  Literal literal{.size = size, .text = std::nullopt};
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), literal.number, base);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return std::unexpected("'" + std::string(written) + "' is wrong, expected a whole number of 64 bits");
  }
  return literal;
}

std::expected<Literal, std::string> read_string(std::string_view text) {
  Literal literal{.size = 1, .text = std::string()};
  if (text[0] == '`') {
    const std::size_t end = text.find('`', 1);
    if (end == std::string_view::npos) return std::unexpected("'`' without another one");
    literal.text = std::string(text.substr(1, end - 1));
    literal.size = end + 1;
    return literal;
  }
  while (literal.size < text.size() && text[literal.size] != '\n') {
    const char letter = text[literal.size];
    if (letter == '"') {
      ++literal.size;
      return literal;
    }
    if (letter != '\\') {
      *literal.text += letter;
      ++literal.size;
      continue;
    }
    const auto escape = read_escape(text.substr(literal.size));
    if (!escape || escape->value > 0x10FFFF) return std::unexpected("a bad escape in a string");
    if (escape->octet) {
      *literal.text += static_cast<char>(escape->value);
    } else {
      append_utf8(*literal.text, escape->value);
    }
    literal.size += escape->size;
  }
  return std::unexpected("'\"' without another one");
}

std::expected<Literal, std::string> read_character(std::string_view text) {
  std::optional<Rune> rune;
  if (text.size() > 2 && text[1] == '\\') {
    rune = read_escape(text.substr(1));
  } else if (text.size() > 2 && text[1] != '\'' && (static_cast<std::uint8_t>(text[1]) & 0x80U) == 0) {
    rune = Rune{static_cast<std::uint8_t>(text[1]), true, 1};
  }
  if (!rune || text.size() <= rune->size + 1 || text[rune->size + 1] != '\'') {
    return std::unexpected("a bad character, expected one in single quotes");
  }
  return Literal{.size = rune->size + 2, .text = std::nullopt, .number = rune->value};
}

}  // namespace nld::go_template
