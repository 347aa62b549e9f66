// Reading the words of one line of a Corefile, with errors that say what was expected.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "corefile/syntax.hpp"
#include "dns/name.hpp"
#include "plugins/directives.hpp"

namespace nld::plugins {

/// The words after a directive's or an option's name. The first error is kept; after it every read returns at
/// once with a harmless value, so a reader need not look after each word. `finish()` tells the outcome.
class Arguments {
 public:
  /// `title` begins every message: "cache", "cache: prefetch".
  Arguments(const corefile::Directive& line, std::string title, SetupContext& context)
      : line_(line), title_(std::move(title)), context_(context) {}

  [[nodiscard]] bool more() const noexcept { return !error_ && next_ < line_.arguments.size(); }
  [[nodiscard]] std::size_t left() const noexcept { return error_ ? 0 : line_.arguments.size() - next_; }
  [[nodiscard]] std::string_view peek() const noexcept {
    return more() ? std::string_view(line_.arguments[next_].text) : std::string_view();
  }

  // `what` names the argument as the documentation does: "TTL", "DURATION".
  std::string_view word(std::string_view what);
  std::uint32_t number(std::string_view what, std::uint32_t least, std::uint32_t most);
  /// Go's syntax ("1m30s"), rounded up to whole milliseconds.
  std::chrono::milliseconds duration(std::string_view what, std::chrono::milliseconds least,
                                     std::chrono::milliseconds most = kLongestDuration);
  /// The index of the word in `words`.
  std::size_t choice(std::string_view what, std::span<const std::string_view> words);
  dns::Name name(std::string_view what);                ///< lower-case
  std::vector<dns::Name> zone(std::string_view what);   ///< lower-case; several for CIDR notation
  std::vector<dns::Name> zones(std::string_view what);  ///< as zone(), all words left
  /// Reads the file the next word names, notes it for reload and returns its text.
  std::string file(std::string_view what);

  void fail(std::string message);
  /// "'VALUE' is wrong, expected EXPECTED".
  void fail_value(std::string_view what, std::string_view value, std::string_view expected);
  void warn(std::string message);
  [[nodiscard]] bool failed() const noexcept { return error_.has_value(); }
  [[nodiscard]] SetupContext& context() const noexcept { return context_; }
  [[nodiscard]] const corefile::Location& where() const noexcept { return line_.where(); }

  /// The error, or an error about words nobody read.
  Result finish();

  static constexpr std::chrono::milliseconds kLongestDuration = std::chrono::hours(24 * 365 * 10);

 private:
  const corefile::Directive& line_;
  std::string title_;
  SetupContext& context_;
  std::size_t next_ = 0;
  std::optional<corefile::Diagnostic> error_;
};

/// "5m", "1h", "500ms": a limit in an error message.
std::string show(std::chrono::milliseconds value);

/// One option a directive's block may hold, and the function that reads its line.
template <class Config>
struct Option {
  std::string_view name;
  void (*read)(Arguments& arguments, Config& config);
};

corefile::Diagnostic unknown_option(const corefile::Directive& directive, const corefile::Directive& option,
                                    std::span<const std::string_view> known);
/// Error when the line has a `{ }` and must not.
Result expect_no_block(const corefile::Directive& line, std::string_view title);

/// Reads every line of the directive's block by its entry in `options`.
template <class Config, std::size_t kCount>
Result read_options(const corefile::Directive& directive, const Option<Config> (&options)[kCount],
                    Config& config, SetupContext& context) {
  for (const corefile::Directive& line : directive.block) {
    const Option<Config>* found = nullptr;
    for (const Option<Config>& option : options) {
      if (option.name == line.name.text) found = &option;
    }
    if (found == nullptr) {
      std::vector<std::string_view> known;
      for (const Option<Config>& option : options) known.push_back(option.name);
      return std::unexpected(unknown_option(directive, line, known));
    }
    const std::string title = directive.name.text + ": " + line.name.text;
    Arguments arguments(line, title, context);
    found->read(arguments, config);
    if (Result done = arguments.finish(); !done) return done;
    if (Result done = expect_no_block(line, title); !done) return done;
  }
  return {};
}

}  // namespace nld::plugins
