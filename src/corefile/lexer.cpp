// Caddy's lexing rules over octets; UTF-8 matters only for blanks outside ASCII.
#include "corefile/lexer.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace nld::corefile {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

class Lexer {
 public:
  Lexer(std::string_view text, const std::string& file) : text_(text), file_(file) {
    if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
  }

  std::expected<std::vector<Lexeme>, Diagnostic> run(std::size_t max_tokens) {
    std::vector<Lexeme> lexemes;
    while (skip_to_token()) {
      if (lexemes.size() == max_tokens) {
        return std::unexpected(
            Diagnostic{here(), "too long: more than " + std::to_string(kMaxTokens) + " words"});
      }
      Lexeme lexeme{.token = {.text = {}, .where = here(), .quoted = text_[at_] == '"'},
                    .starts_line = std::exchange(new_line_, false)};
      lexeme.literal = !lexeme.token.quoted;
      if (!lexeme.token.quoted) {
        read_word(lexeme.token.text);
      } else if (!read_quoted(lexeme.token.text)) {
        return std::unexpected(
            Diagnostic{lexeme.token.where, "quoted string without an end: expected a closing '\"'"});
      }
      lexemes.push_back(std::move(lexeme));
    }
    return lexemes;
  }

 private:
  [[nodiscard]] Location here() const { return {file_, line_}; }

  bool skip_to_token() {
    while (at_ < text_.size()) {
      if (const auto size = blank_size(text_, at_); size != 0) {
        if (text_[at_] == '\n') {
          ++line_;
          new_line_ = true;
        }
        at_ += size;
      } else if (text_[at_] == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else {
        return true;
      }
    }
    return false;
  }

  void read_word(std::string& word) {
    for (bool hidden = false; at_ < text_.size(); ++at_) {
      const char octet = text_[at_];
      if (octet == '\r') continue;
      if (blank_size(text_, at_) != 0) break;
      hidden = hidden || octet == '#';
      if (!hidden) word += octet;
    }
  }

  bool read_quoted(std::string& string) {
    for (++at_; at_ < text_.size(); ++at_) {
      char octet = text_[at_];
      if (octet == '"') {
        ++at_;
        return true;
      }
      if (octet == '\\') {
        if (++at_ == text_.size()) break;
        octet = text_[at_];
        if (octet != '"') string += '\\';
      }
      if (octet == '\n') ++line_;
      string += octet;
    }
    return false;
  }

  std::string_view text_;
  const std::string& file_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  bool new_line_ = true;
};

}  // namespace

std::size_t blank_size(std::string_view text, std::size_t offset) noexcept {
  const char first = text[offset];
  if (first == ' ' || (first >= '\t' && first <= '\r')) return 1;
  const auto octet = [&](std::size_t index) -> unsigned {
    return offset + index < text.size() ? static_cast<unsigned char>(text[offset + index]) : 0U;
  };
  switch (octet(0)) {
    case 0xC2:  // U+0085 next line, U+00A0 no-break space
      return octet(1) == 0x85 || octet(1) == 0xA0 ? 2 : 0;
    case 0xE1:  // U+1680
      return octet(1) == 0x9A && octet(2) == 0x80 ? 3 : 0;
    case 0xE2:
      if (octet(1) == 0x80) {  // U+2000 to U+200A, U+2028, U+2029, U+202F
        const unsigned last = octet(2);
        return (last >= 0x80 && last <= 0x8A) || last == 0xA8 || last == 0xA9 || last == 0xAF ? 3 : 0;
      }
      return octet(1) == 0x81 && octet(2) == 0x9F ? 3 : 0;  // U+205F
    case 0xE3:                                              // U+3000
      return octet(1) == 0x80 && octet(2) == 0x80 ? 3 : 0;
    default:
      return 0;
  }
}

bool ends_in_glued_brace(std::string_view word) noexcept {
  return word.ends_with("{}") || (word.size() > 1 && word.ends_with('{') && !word.ends_with("{{"));
}

std::expected<std::vector<Lexeme>, Diagnostic> lex(std::string_view text, const std::string& file,
                                                   std::size_t max_tokens) {
  if (text.size() > kMaxFileSize) {
    return std::unexpected(
        Diagnostic{{file, 1}, "file too large: more than " + std::to_string(kMaxFileSize >> 20U) + " MiB"});
  }
  return Lexer(text, file).run(max_tokens);
}

}  // namespace nld::corefile
