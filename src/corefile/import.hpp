// The parser's token stream: `import` lines replaced by what they name, environment resolved.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "corefile/lexer.hpp"
#include "corefile/syntax.hpp"

namespace nld::corefile {

/// Keeps the first failure and then reads as if at the end, so that the parser's loops end by themselves.
class TokenStream {
 public:
  TokenStream(std::string_view text, const std::string& file, const Surroundings& surroundings);

  /// The next token; null at the end and after a failure. Valid until the next call.
  const Lexeme* peek();
  /// Takes the token that peek() showed. Pre-condition: peek() is not null.
  Lexeme take();
  /// As take(), environment references unresolved: for the body of a snippet.
  Lexeme take_raw();
  /// Call where a line may begin: while an `import` stands next, puts what it names in its place.
  void expand_imports();
  void define_snippet(const Token& header, std::string name, std::vector<Lexeme> body);

  void fail(const Location& where, std::string message);
  [[nodiscard]] const std::optional<Diagnostic>& failure() const noexcept { return failure_; }
  [[nodiscard]] const std::vector<std::filesystem::path>& files() const noexcept { return files_; }
  [[nodiscard]] const std::vector<std::string>& globs() const noexcept { return globs_; }

 private:
  using Tokens = std::vector<Lexeme>;
  struct Frame {
    std::shared_ptr<const Tokens> tokens;
    std::size_t next = 0;
    std::string snippet;  ///< empty: from files, each token knows which
  };

  void import_next();
  void import_files(const Location& where, const std::string& target);
  bool read_into(Tokens& tokens, const std::filesystem::path& path, const Location& where);
  bool enters_cycle(const std::string& unit, const Location& where);
  bool count_import(const Location& where);
  void push(std::shared_ptr<const Tokens> tokens, std::string snippet, const Location& where);

  const Surroundings& surroundings_;
  std::vector<Frame> frames_;
  std::optional<Lexeme> ahead_;
  std::map<std::string, std::shared_ptr<const Tokens>, std::less<>> snippets_;
  std::optional<Diagnostic> failure_;
  std::vector<std::filesystem::path> files_;
  std::vector<std::string> globs_;
  std::size_t imports_ = 0;
  std::size_t tokens_read_ = 0;
  std::size_t tokens_taken_ = 0;
  std::size_t text_taken_ = 0;
  std::size_t text_read_ = 0;
};

}  // namespace nld::corefile
