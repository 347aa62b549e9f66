// errors { consolidate … }: reading it.
#include <re2/re2.h>

#include "plugins/arguments.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {
namespace {

constexpr std::size_t kMaxExpression = 10'000;  // CoreDNS's limit

void read_consolidate(Arguments& arguments, ErrorsConfig& errors) {
  static constexpr std::string_view kWords[] = {"error", "warning", "info", "debug", "show_first"};
  constexpr std::size_t kShowFirst = 4;
  ErrorsConfig::Consolidate out;
  out.period = arguments.duration("DURATION", std::chrono::milliseconds(1));
  out.expression = arguments.word("REGEXP");
  if (arguments.failed()) return;
  if (out.expression.size() > kMaxExpression) {
    arguments.fail("REGEXP has " + std::to_string(out.expression.size()) + " characters, expected at most " +
                   std::to_string(kMaxExpression));
    return;
  }
  const auto regex = std::make_shared<const re2::RE2>(out.expression, re2::RE2::Quiet);
  if (!regex->ok()) {
    arguments.fail_value("REGEXP", out.expression, "a regular expression (" + regex->error() + ")");
    return;
  }
  out.regex = regex;
  bool level_given = false;
  while (arguments.more()) {
    const std::size_t index = arguments.choice("LEVEL", kWords);
    if (arguments.failed()) return;
    const bool again = index == kShowFirst ? out.show_first : level_given || out.show_first;
    if (again) {
      arguments.fail("expected [LEVEL] [show_first] after REGEXP, each once and in this order");
      return;
    }
    if (index == kShowFirst) {
      out.show_first = true;
    } else {
      level_given = true;
      out.level = static_cast<ErrorsConfig::Level>(index);
    }
  }
  errors.consolidate.push_back(std::move(out));
}

// A crash of this program leaves a core or a log line by other means; there is no panic to recover from.
void read_stacktrace(Arguments&, ErrorsConfig&) {}

constexpr Option<ErrorsConfig> kErrorsOptions[] = {
    {"consolidate", read_consolidate},
    {"stacktrace", read_stacktrace},
    {"panicRecoveryStacktrace", read_stacktrace},  // the option's name before CoreDNS 1.8.5
};

}  // namespace

Result setup_errors(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  Arguments arguments(line, "errors", context);
  static constexpr std::string_view kTargets[] = {"stdout"};
  if (arguments.more()) arguments.choice("output", kTargets);
  if (Result done = arguments.finish(); !done) return done;
  ErrorsConfig errors;
  if (Result done = read_options(line, kErrorsOptions, errors, context); !done) return done;
  block.errors = std::move(errors);
  return {};
}

}  // namespace nld::plugins
