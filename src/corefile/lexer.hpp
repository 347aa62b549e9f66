// Text to tokens, as Caddy's lexer cuts them.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "corefile/diagnostic.hpp"
#include "corefile/limits.hpp"
#include "corefile/syntax.hpp"

namespace nld::corefile {

struct Lexeme {
  Token token;
  bool starts_line = false;  ///< a line break stands between the token before and this one
  bool literal = true;       ///< neither quoted nor from the environment: may be a brace or `import`

  [[nodiscard]] bool is(std::string_view word) const noexcept { return literal && token.text == word; }
};

/// Octets of the blank (Unicode White_Space, as Go's unicode.IsSpace) at `offset`; 0: there is none.
std::size_t blank_size(std::string_view text, std::size_t offset) noexcept;

/// A brace stuck to the word before it or to its partner: "zone{", "{}". The lexer takes it as part of the
/// word, which at the end of a line nobody means; "{{" is a Go template's.
bool ends_in_glued_brace(std::string_view word) noexcept;

/// Tokens are separated by blanks. A token that begins with `"` goes on to the next `"`, line breaks
/// included; there `\"` is a quote and every other backslash stands for itself. `#` before a token hides the
/// rest of the line; inside an unquoted token it hides the rest of that token only (Caddy's rule). Carriage
/// returns outside quotes and a leading byte order mark are dropped.
std::expected<std::vector<Lexeme>, Diagnostic> lex(std::string_view text, const std::string& file,
                                                   std::size_t max_tokens = kMaxTokens);

}  // namespace nld::corefile
