// Tokens of a template.
#include "go_template/lexer.hpp"

#include "go_template/literals.hpp"

namespace nld::go_template {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

bool is_letter(char letter) noexcept {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || letter == '_';
}
bool is_digit(char letter) noexcept {
  return letter >= '0' && letter <= '9';
}
bool is_blank(char letter) noexcept {
  return kBlanks.find(letter) != std::string_view::npos;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) noexcept : text_(text) {}

  std::expected<std::vector<Token>, Error> run() {
    while (at_ < text_.size() && !error_) {
      read_text();
      if (at_ < text_.size()) read_action();
    }
    if (error_) return std::unexpected(*std::move(error_));
    begin_ = at_;
    add(Token::Kind::end, {});
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] std::string_view rest() const noexcept { return text_.substr(at_); }
  [[nodiscard]] char letter() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }

  void fail(std::string message) {
    if (!error_) error_ = Error{std::move(message), at_ + 1};
  }
  void add(Token::Kind kind, std::string text, std::int64_t number = 0) {
    tokens_.push_back({kind, std::move(text), number, space_, begin_ + 1});
    space_ = false;
  }

  /// Up to the next `{{`, without what trim markers on either side take away.
  void read_text() {
    begin_ = at_;
    const std::size_t end = std::min(text_.find("{{", at_), text_.size());
    std::string_view text = text_.substr(at_, end - at_);
    if (trim_next_) text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
    const std::string_view action = text_.substr(end);
    if (action.starts_with("{{-") && action.size() > 3 && is_blank(action[3])) {
      text = text.substr(0, text.find_last_not_of(kBlanks) + 1);
    }
    trim_next_ = false;
    if (!text.empty()) add(Token::Kind::text, std::string(text));
    at_ = end;
  }

  /// `}}` or ` -}}` stands next.
  bool at_close() {
    std::size_t size = 0;
    if (rest().starts_with("}}")) size = 2;
    if (at_ > 0 && is_blank(text_[at_ - 1]) && rest().starts_with("-}}")) size = 3;
    if (size == 0) return false;
    trim_next_ = size == 3;
    at_ += size;
    return true;
  }

  void skip_blanks() {
    while (is_blank(letter()) && at_ < text_.size()) {
      ++at_;
      space_ = true;
    }
  }

  void read_action() {
    const std::size_t begin = begin_ = at_;
    at_ += 2;
    if (rest().starts_with("-") && rest().size() > 1 && is_blank(rest()[1])) ++at_;
    skip_blanks();
    if (rest().starts_with("/*")) return read_comment();
    space_ = false;
    add(Token::Kind::open, {});
    for (;;) {
      skip_blanks();
      if (at_close()) break;
      if (at_ >= text_.size()) {
        at_ = begin;
        return fail("'{{' without '}}'");
      }
      read_token();
      if (error_) return;
    }
    space_ = false;
    add(Token::Kind::close, {});
  }

  void read_comment() {
    const std::size_t end = text_.find("*/", at_ + 2);
    if (end == std::string_view::npos) return fail("'/*' without '*/'");
    at_ = end + 2;
    skip_blanks();
    space_ = false;
    if (!at_close()) fail("something after a comment, expected '}}'");
  }

  std::string take_word() {
    const std::size_t begin = at_;
    while (is_letter(letter()) || is_digit(letter())) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  void read_token() {
    begin_ = at_;
    const char first = letter();
    const char second = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (is_letter(first)) return add(Token::Kind::identifier, take_word());
    if (first == '$') {
      ++at_;
      return add(Token::Kind::variable, take_word());
    }
    if (first == '.' && is_letter(second)) {
      ++at_;
      return add(Token::Kind::field, take_word());
    }
    if (is_digit(first) || ((first == '-' || first == '+') && is_digit(second)))
      return read_literal(read_integer);
    if (first == '"' || first == '`') return read_literal(read_string);
    if (first == '\'') return read_literal(read_character);
    if (rest().starts_with(":=")) return punctuation(Token::Kind::declare, 2);
    switch (first) {
      case '.':
        return punctuation(Token::Kind::dot, 1);
      case '=':
        return punctuation(Token::Kind::assign, 1);
      case ',':
        return punctuation(Token::Kind::comma, 1);
      case '|':
        return punctuation(Token::Kind::pipe, 1);
      case '(':
        return punctuation(Token::Kind::left_paren, 1);
      case ')':
        return punctuation(Token::Kind::right_paren, 1);
      default:
        fail("unexpected character");
    }
  }

  void punctuation(Token::Kind kind, std::size_t size) {
    add(kind, {});
    at_ += size;
  }

  void read_literal(std::expected<Literal, std::string> (*read)(std::string_view)) {
    auto literal = read(rest());
    if (!literal) return fail(std::move(literal.error()));
    at_ += literal->size;
    if (literal->text) {
      add(Token::Kind::string, *std::move(literal->text));
    } else {
      add(Token::Kind::integer, {}, literal->number);
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;  // of the token that is read
  bool trim_next_ = false;
  bool space_ = false;
  std::vector<Token> tokens_;
  std::optional<Error> error_;
};

}  // namespace

std::expected<std::vector<Token>, Error> tokenize(std::string_view text) {
  return Lexer(text).run();
}

}  // namespace nld::go_template
