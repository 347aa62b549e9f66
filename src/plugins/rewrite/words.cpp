// Reading words as keywords, numbers and expressions.
#include "plugins/rewrite/words.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace nld::plugins::rewriting {
namespace {

/// CoreDNS's bound: a longer expression is an accident or an attack on whoever compiles it.
constexpr std::size_t kLongestRegex = 10000;
/// Of one compiled expression with its automaton. Names are short, so few states are ever made.
constexpr std::int64_t kRegexMemory = 1 << 20;

std::string quote(std::string_view text) {
  return "'" + std::string(text) + "'";
}

/// True when the final dot is a label's end and not an escaped letter.
bool ends_in_dot(std::string_view text) noexcept {
  if (!text.ends_with('.')) return false;
  const std::size_t letters = text.find_last_not_of('\\', text.size() - 2);
  const std::size_t first = letters == std::string_view::npos ? 0 : letters + 1;
  return text.size() == 1 || (text.size() - 1 - first) % 2 == 0;
}

std::optional<std::uint32_t> parse_number(std::string_view text) noexcept {
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char letter = text[1];
    base = letter == 'x' || letter == 'X' ? 16 : letter == 'b' || letter == 'B' ? 2 : 8;
    text.remove_prefix(base != 8 || letter == 'o' || letter == 'O' ? 2 : 1);
  }
  std::uint32_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char letter) {
    return static_cast<char>(dns::lower(static_cast<std::uint8_t>(letter)));
  });
  return out;
}

std::string fully_qualified(std::string_view text) {
  std::string out = lower_case(text);
  if (!ends_in_dot(out)) out += '.';
  return out;
}

const corefile::Location& Words::where() const noexcept {
  return next_ == 0 ? rule_ : words_[next_ - 1]->where;
}

void Words::fail(std::string message) {
  if (!error_) error_ = corefile::Diagnostic{where(), "rewrite: " + std::move(message)};
}

void Words::fail_value(std::string_view what, std::string_view value, std::string_view expected) {
  fail(std::string(what) + " " + quote(value) + " is wrong, expected " + std::string(expected));
}

void Words::warn(std::string message) {
  context_.warnings.push_back({where(), "rewrite: " + std::move(message)});
}

std::string_view Words::word(std::string_view what) {
  if (error_) return {};
  if (next_ == words_.size()) {
    fail(std::string(what) + " is missing");
    return {};
  }
  return words_[next_++]->text;
}

std::string Words::keyword(std::string_view what) {
  return lower_case(word(what));
}

std::uint32_t Words::number(std::string_view what, std::uint32_t most) {
  const std::string_view text = word(what);
  if (error_) return 0;
  const auto value = parse_number(text);
  if (value && *value <= most) return *value;
  fail_value(what, text, "a number from 0 to " + std::to_string(most));
  return 0;
}

Regex Words::regex(std::string_view what) {
  const std::string_view text = word(what);
  if (error_) return nullptr;
  if (text.size() > kLongestRegex) {
    fail(std::string(what) + " is an expression of " + std::to_string(text.size()) +
         " characters, expected at most " + std::to_string(kLongestRegex));
    return nullptr;
  }
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_max_mem(kRegexMemory);
  auto regex = std::make_shared<const re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
  if (regex->ok()) return regex;
  fail_value(what, text, "a regular expression (" + regex->error() + ")");
  return nullptr;
}

Result Words::finish() {
  if (more()) {
    ++next_;
    fail("unexpected argument " + quote(words_[next_ - 1]->text));
  }
  if (error_) return std::unexpected(*error_);
  return {};
}

}  // namespace nld::plugins::rewriting
