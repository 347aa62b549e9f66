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

 private:
  std::vector<std::unique_ptr<Rule>> rules_;
};

/// One per worker and chain. Lines are CoreDNS's: `plugin/errors: 2 example.org. A: text`. Destroying it
/// (reload, exit) prints the counts that it was to print later.
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

  std::shared_ptr<ErrorCounts> counts_;
  runtime::Clock& clock_;
  runtime::Log& log_;
  std::vector<runtime::Timer> timers_;  // by rule: armed by the worker that saw a period's first error
};

}  // namespace nld::plugins
