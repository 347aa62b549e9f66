// The words of a record's text.
#include "plugins/template/record_text.hpp"

namespace nld::plugins {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kEndsWord = " \t\r\n()\";";

}  // namespace

std::expected<std::vector<RecordWord>, std::string> split_record(std::string_view text) {
  std::vector<RecordWord> words;
  int open = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const char letter = text[at];
    if (letter == '\n' && open == 0 && !words.empty()) break;  // the record ends with its line
    if (kBlanks.find(letter) != std::string_view::npos) {
      ++at;
    } else if (letter == ';') {
      at = std::min(text.find('\n', at), text.size());
    } else if (letter == '(' || letter == ')') {
      open += letter == '(' ? 1 : -1;
      if (open < 0) return std::unexpected("')' without '('");
      ++at;
    } else {
      RecordWord word{.text = {}, .quoted = letter == '"'};
      if (word.quoted) ++at;
      const std::string_view ends = word.quoted ? "\"" : kEndsWord;
      while (at < text.size() && ends.find(text[at]) == std::string_view::npos) {
        if (text[at] == '\\' && at + 1 < text.size()) word.text += text[at++];
        word.text += text[at++];
      }
      if (word.quoted && at++ >= text.size()) return std::unexpected("'\"' without another one");
      words.push_back(std::move(word));
    }
  }
  if (open > 0) return std::unexpected("'(' without ')'");
  return words;
}

std::expected<std::string, std::string> unescape(std::string_view text) {
  const auto is_digit = [](char letter) { return letter >= '0' && letter <= '9'; };
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\') {
      out += text[at];
      continue;
    }
    if (++at == text.size()) return std::unexpected("a backslash at the end");
    if (!is_digit(text[at])) {
      out += text[at];
      continue;
    }
    if (text.size() - at < 3 || !is_digit(text[at + 1]) || !is_digit(text[at + 2])) {
      return std::unexpected("a bad escape, expected three digits after the backslash");
    }
    const int value = (text[at] - '0') * 100 + (text[at + 1] - '0') * 10 + (text[at + 2] - '0');
    if (value > 255) return std::unexpected("a bad escape, expected at most \\255");
    out += static_cast<char>(value);
    at += 2;
  }
  return out;
}

}  // namespace nld::plugins
