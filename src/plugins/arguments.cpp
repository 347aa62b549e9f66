// Reading words as numbers, durations, names and zones.
#include "plugins/arguments.hpp"

#include <charconv>
#include <limits>
#include <utility>

#include "corefile/duration.hpp"
#include "corefile/zone.hpp"
#include "plugins/suggestion.hpp"

namespace nld::plugins {
namespace {

std::string join(std::span<const std::string_view> words) {
  std::string out;
  for (const std::string_view word : words) {
    if (!out.empty()) out += ", ";
    out += word;
  }
  return out;
}

std::string quote(std::string_view text) {
  return "'" + std::string(text) + "'";
}

}  // namespace

std::string show(std::chrono::milliseconds value) {
  using namespace std::chrono;
  const auto in = [&](milliseconds unit, const char* suffix) {
    return std::to_string(value / unit) + suffix;
  };
  if (value.count() == 0) return "0s";
  if (value % hours(1) == milliseconds(0)) return in(hours(1), "h");
  if (value % minutes(1) == milliseconds(0)) return in(minutes(1), "m");
  if (value % seconds(1) == milliseconds(0)) return in(seconds(1), "s");
  return in(milliseconds(1), "ms");
}

void Arguments::fail(std::string message) {
  if (!error_) error_ = corefile::Diagnostic{line_.where(), title_ + ": " + std::move(message)};
}

void Arguments::fail_value(std::string_view what, std::string_view value, std::string_view expected) {
  fail(std::string(what) + " " + quote(value) + " is wrong, expected " + std::string(expected));
}

void Arguments::warn(std::string message) {
  context_.warnings.push_back({line_.where(), title_ + ": " + std::move(message)});
}

std::string_view Arguments::word(std::string_view what) {
  if (error_) return {};
  if (next_ == line_.arguments.size()) {
    fail(std::string(what) + " is missing");
    return {};
  }
  return line_.arguments[next_++].text;
}

std::uint32_t Arguments::number(std::string_view what, std::uint32_t least, std::uint32_t most) {
  const std::string_view text = word(what);
  if (error_) return least;
  std::uint32_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || value < least || value > most) {
    const bool open = most == std::numeric_limits<std::uint32_t>::max();
    fail_value(what, text,
               "a number " + (open ? "of " + std::to_string(least) + " or more"
                                   : "from " + std::to_string(least) + " to " + std::to_string(most)));
    return least;
  }
  return value;
}

std::chrono::milliseconds Arguments::duration(std::string_view what, std::chrono::milliseconds least,
                                              std::chrono::milliseconds most) {
  const std::string_view text = word(what);
  if (error_) return least;
  const auto parsed = corefile::parse_duration(text);
  if (!parsed) {
    fail(std::string(what) + ": " + parsed.error());
    return least;
  }
  // Compared before rounding: -0.1ms is no 0, and 1ns above a limit is above it.
  if (*parsed < least || *parsed > most) {
    fail_value(what, text,
               most == kLongestDuration ? "a duration of " + show(least) + " or more"
                                        : "a duration from " + show(least) + " to " + show(most));
    return least;
  }
  return std::chrono::ceil<std::chrono::milliseconds>(*parsed);
}

std::size_t Arguments::choice(std::string_view what, std::span<const std::string_view> words) {
  const std::string_view text = word(what);
  if (error_) return 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == text) return i;
  }
  fail_value(what, text, "one of " + join(words));
  return 0;
}

dns::Name Arguments::name(std::string_view what) {
  const std::string_view text = word(what);
  if (error_) return {};
  const auto parsed = dns::Name::from_text(text);
  if (!parsed) {
    fail_value(what, text, "a domain name (" + std::string(dns::describe(parsed.error())) + ")");
    return {};
  }
  return parsed->lowered();
}

std::vector<dns::Name> Arguments::zone(std::string_view what) {
  const std::string_view text = word(what);
  if (error_) return {};
  auto parsed = corefile::parse_zone(text);
  if (!parsed) {
    fail(std::string(what) + ": " + parsed.error());
    return {};
  }
  for (dns::Name& zone : *parsed) zone = zone.lowered();
  return *std::move(parsed);
}

std::vector<dns::Name> Arguments::zones(std::string_view what) {
  std::vector<dns::Name> out;
  while (more()) {
    const std::vector<dns::Name> expanded = zone(what);
    out.insert(out.end(), expanded.begin(), expanded.end());
  }
  return out;
}

std::string Arguments::file(std::string_view what) {
  const std::string_view path = word(what);
  if (error_) return {};
  auto text = context_.surroundings.read_file(path);
  if (!text) {
    fail("cannot read file " + quote(path) + ": " + text.error());
    return {};
  }
  context_.files.emplace_back(path);
  return *std::move(text);
}

Result Arguments::finish() {
  if (more()) fail("unexpected argument " + quote(line_.arguments[next_].text));
  if (error_) return std::unexpected(*error_);
  return {};
}

corefile::Diagnostic unknown_option(const corefile::Directive& directive, const corefile::Directive& option,
                                    std::span<const std::string_view> known) {
  std::string message = directive.name.text + ": unknown option " + quote(option.name.text);
  if (const auto meant = nearest(option.name.text, known)) {
    message += ", did you mean " + quote(*meant);
  }
  return {option.where(), message + ", expected one of " + join(known)};
}

Result expect_no_block(const corefile::Directive& line, std::string_view title) {
  if (!line.has_block) return {};
  return std::unexpected(
      corefile::Diagnostic{line.where(), std::string(title) + ": takes no block, expected no '{' after it"});
}

}  // namespace nld::plugins
