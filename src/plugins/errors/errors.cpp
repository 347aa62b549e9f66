// Matching, counting and printing of errors.
#include "plugins/errors/errors.hpp"

#include <fmt/core.h>
#include <re2/re2.h>

#include <algorithm>

#include "corefile/duration.hpp"

namespace nld::plugins {
namespace {

runtime::LogLevel to_log_level(ErrorsConfig::Level level) noexcept {
  switch (level) {
    case ErrorsConfig::Level::warning:
      return runtime::LogLevel::warn;
    case ErrorsConfig::Level::info:
      return runtime::LogLevel::info;
    case ErrorsConfig::Level::debug:
      return runtime::LogLevel::debug;
    case ErrorsConfig::Level::error:
      break;
  }
  return runtime::LogLevel::error;
}

}  // namespace

ErrorCounts::ErrorCounts(const ErrorsConfig& config) {
  for (const ErrorsConfig::Consolidate& rule : config.consolidate) {
    rules_.push_back(std::make_unique<Rule>(rule));
  }
}

ErrorCounts::Rule* ErrorCounts::match(std::string_view text) noexcept {
  const auto found = std::ranges::find_if(rules_, [text](const std::unique_ptr<Rule>& rule) {
    return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *rule->config.regex);
  });
  return found == rules_.end() ? nullptr : found->get();
}

ErrorsPlugin::ErrorsPlugin(std::shared_ptr<ErrorCounts> counts, runtime::Clock& clock, runtime::Log& log)
    : counts_(std::move(counts)), clock_(clock), log_(log), timers_(counts_->rules().size()) {}

ErrorsPlugin::~ErrorsPlugin() {
  for (std::size_t index = 0; index < timers_.size(); ++index) {
    if (timers_[index].armed()) print(*counts_->rules()[index]);
  }
  if (second_.armed()) print_unlogged();
}

void ErrorsPlugin::observe(const pipeline::Request& request, const pipeline::Reply& reply,
                           const pipeline::Outcome& /*outcome*/) {
  if (reply.error.empty()) return;
  runtime::LogLevel level = runtime::LogLevel::error;
  if (ErrorCounts::Rule* const rule = counts_->match(reply.error)) {
    if (consolidate(*rule)) return;
    level = to_log_level(rule->config.level);
  }
  if (!log_.enabled(level) || !may_log()) return;
  log_.line(level, fmt::format("plugin/errors: {} {} {}: {}", static_cast<unsigned>(reply.rcode),
                               dns::Name::copy_of(request.query.name).lowered().to_text(),
                               dns::to_string(request.query.type), reply.error));
}

bool ErrorsPlugin::may_log() {
  const std::uint32_t before = counts_->lines().fetch_add(1, std::memory_order_relaxed);
  if (before == 0) {
    second_ = clock_.after(std::chrono::seconds(1), [this] {
      second_.cancel();
      print_unlogged();
    });
  }
  return before < ErrorCounts::kMostLines;
}

void ErrorsPlugin::print_unlogged() {
  const std::uint32_t count = counts_->lines().exchange(0, std::memory_order_relaxed);
  if (count <= ErrorCounts::kMostLines) return;
  log_.line(runtime::LogLevel::error,
            fmt::format(
                "plugin/errors: {} more errors within 1s, {} are logged a second; 'consolidate' counts them "
                "by their text",
                count - ErrorCounts::kMostLines, ErrorCounts::kMostLines));
}

bool ErrorsPlugin::consolidate(ErrorCounts::Rule& rule) {
  if (rule.count.fetch_add(1, std::memory_order_relaxed) > 0) return true;
  const auto index = static_cast<std::size_t>(
      std::ranges::find(counts_->rules(), &rule, &std::unique_ptr<ErrorCounts::Rule>::get) -
      counts_->rules().begin());
  timers_[index] = clock_.after(rule.config.period, [this, index] {
    timers_[index].cancel();
    print(*counts_->rules()[index]);
  });
  return !rule.config.show_first;
}

void ErrorsPlugin::print(ErrorCounts::Rule& rule) {
  const std::uint32_t count = rule.count.exchange(0, std::memory_order_relaxed);
  // The only one has been shown already.
  if (count == 0 || (count == 1 && rule.config.show_first)) return;
  log_.line(to_log_level(rule.config.level),
            fmt::format("plugin/errors: {} errors like '{}' occurred in last {}", count,
                        rule.config.expression, corefile::to_go_string(rule.config.period)));
}

}  // namespace nld::plugins
