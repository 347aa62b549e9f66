// The words of one rule, whether they stand in one line or in the lines of a block.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/directives.hpp"
#include "plugins/rewrite/config.hpp"

namespace nld::plugins::rewriting {

/// Reads them one after the other. The first error is kept, with the line of the word it is about; after it
/// every read returns at once with a harmless value.
class Words {
 public:
  Words(std::vector<const corefile::Token*> words, corefile::Location rule, SetupContext& context)
      : words_(std::move(words)), rule_(std::move(rule)), context_(context) {}

  [[nodiscard]] std::size_t left() const noexcept { return error_ ? 0 : words_.size() - next_; }
  [[nodiscard]] bool more() const noexcept { return left() > 0; }
  [[nodiscard]] std::string_view peek() const noexcept {
    return more() ? std::string_view(words_[next_]->text) : std::string_view();
  }
  /// `what` names the word as the documentation does: "FROM", "TO".
  std::string_view word(std::string_view what);
  std::string keyword(std::string_view what);  ///< in lower case: CoreDNS takes these in any
  /// As Go's ParseUint(text, 0, …): decimal, 0x…, 0o…, 0b…
  std::uint32_t number(std::string_view what, std::uint32_t most);
  Regex regex(std::string_view what);

  void fail(std::string message);
  void fail_value(std::string_view what, std::string_view value, std::string_view expected);
  void warn(std::string message);
  [[nodiscard]] bool failed() const noexcept { return error_.has_value(); }
  Result finish();  ///< the error, or one about words nobody read

 private:
  [[nodiscard]] const corefile::Location& where() const noexcept;

  std::vector<const corefile::Token*> words_;
  std::size_t next_ = 0;
  corefile::Location rule_;
  SetupContext& context_;
  std::optional<corefile::Diagnostic> error_;
};

/// Lower-case, and with a final dot where there is none: how CoreDNS writes whole names and ends of names.
std::string fully_qualified(std::string_view text);
std::string lower_case(std::string_view text);

EdnsAction read_edns(Words& words);

}  // namespace nld::plugins::rewriting
