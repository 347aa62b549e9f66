// A template's text as tokens: what is between `{{` and `}}`, and the text around it.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace nld::go_template {

/// What is wrong, and where: the character of the template, the first being 1.
struct Error {
  std::string message;
  std::size_t at = 0;
};

struct Token {
  enum class Kind : std::uint8_t {
    text,        ///< outside of actions
    open,        ///< {{
    close,       ///< }}
    identifier,  ///< a keyword or a function
    field,       ///< .Name
    dot,         ///< . alone
    variable,    ///< $ or $name; `text` without the $
    string,
    integer,
    declare,  ///< :=
    assign,   ///< =
    comma,
    pipe,
    left_paren,
    right_paren,
    end,
  };
  Kind kind = Kind::end;
  std::string text;         ///< of text, identifiers, fields, variables and strings
  std::int64_t number = 0;  ///< of integers
  bool after_space = false;
  std::size_t at = 0;
};

/// Trim markers and comments are dealt with here: `{{- x -}}`, `{{/* x */}}`. Ends with a token `end`.
std::expected<std::vector<Token>, Error> tokenize(std::string_view text);

}  // namespace nld::go_template
