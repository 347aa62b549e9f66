// The `errors` plugin: logs what went wrong with a query, repeated errors in one line if asked to.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/plugin.hpp"
#include "plugins/block.hpp"
#include "runtime/clock.hpp"
#include "runtime/logging.hpp"

namespace nld::plugins {

/// The `consolidate` rules of one server block with their counts: shared by the workers' plugins, so that
/// one line tells of all of them.
class ErrorCounts {
 public:
  struct Rule {
    explicit Rule(ErrorsConfig::Consolidate given) : config(std::move(given)) {}
    ErrorsConfig::Consolidate config;
    std::atomic<std::uint32_t> count{0};
  };

  explicit ErrorCounts(const ErrorsConfig& config);
  /// The first rule that the text matches; null: none.
  [[nodiscard]] Rule* match(std::string_view text) noexcept;
  [[nodiscard]] std::vector<std::unique_ptr<Rule>>& rules() noexcept { return rules_; }
  /// Errors of the current second that no rule consolidates.
  [[nodiscard]] std::atomic<std::uint32_t>& lines() noexcept { return lines_; }

  /// More lines a second than this tell nobody more, and fill the node's disk while an upstream is down.
  static constexpr std::uint32_t kMostLines = 100;

 private:
  std::vector<std::unique_ptr<Rule>> rules_;
  std::atomic<std::uint32_t> lines_{0};
};

/// One per worker and chain. Lines are CoreDNS's: `plugin/errors: 2 example.org. A: text`, at most kMostLines
/// a second; of the others their number is logged. Destroying it (reload, exit) prints the counts that it was
/// to print later.
class ErrorsPlugin final : public pipeline::Plugin {
 public:
  ErrorsPlugin(std::shared_ptr<ErrorCounts> counts, runtime::Clock& clock, runtime::Log& log);
  ~ErrorsPlugin() override;

  [[nodiscard]] std::string_view name() const noexcept override { return "errors"; }
  [[nodiscard]] bool observes() const noexcept override { return true; }
  void observe(const pipeline::Request& request, const pipeline::Reply& reply,
               const pipeline::Outcome& outcome) override;

 private:
  /// True when the rule swallowed the error.
  bool consolidate(ErrorCounts::Rule& rule);
  void print(ErrorCounts::Rule& rule);
  /// Counts a line; false: there were enough in this second.
  bool may_log();
  void print_unlogged();

  std::shared_ptr<ErrorCounts> counts_;
  runtime::Clock& clock_;
  runtime::Log& log_;
  std::vector<runtime::Timer> timers_;  // by rule: armed by the worker that saw a period's first error
  runtime::Timer second_;               // armed by the worker that saw a second's first line
};

}  // namespace nld::plugins
