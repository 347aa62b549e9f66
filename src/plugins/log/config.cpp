// log [NAMES...] [FORMAT] { class …; minDuration … }: reading it.
#include "plugins/arguments.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {
namespace {

// The formats CoreDNS documents; log pipelines parse them.
constexpr std::string_view kCommon =
    R"({remote}:{port} - {>id} "{type} {class} {name} {proto} {size} {>do} {>bufsize}" {rcode} {>rflags} {rsize} {duration})";
constexpr std::string_view kCombined =
    R"({remote}:{port} - {>id} "{type} {class} {name} {proto} {size} {>do} {>bufsize}" {rcode} {>rflags} {rsize} {duration} "{>opcode}")";
constexpr std::chrono::milliseconds kDefaultMinDuration{100};

std::string expand(std::string_view format) {
  std::string out;
  while (!format.empty()) {
    if (format.starts_with("{common}")) {
      out += kCommon;
      format.remove_prefix(8);
    } else if (format.starts_with("{combined}")) {
      out += kCombined;
      format.remove_prefix(10);
    } else {
      out += format.front();
      format.remove_prefix(1);
    }
  }
  return out;
}

struct LogLine {
  LogRule rule;
  bool class_given = false;
};

void read_class(Arguments& arguments, LogLine& log) {
  static constexpr std::string_view kClasses[] = {"all", "success", "denial", "error"};
  LogRule& rule = log.rule;
  if (!log.class_given) rule.success = rule.denial = rule.error = false;
  log.class_given = true;
  do {
    switch (arguments.choice("CLASS", kClasses)) {
      case 0:
        rule.success = rule.denial = rule.error = true;
        break;
      case 1:
        rule.success = true;
        break;
      case 2:
        rule.denial = true;
        break;
      default:
        rule.error = true;
        break;
    }
  } while (arguments.more());
}

constexpr Option<LogLine> kLogOptions[] = {
    {"class", read_class},
    {"minDuration",
     [](Arguments& arguments, LogLine& log) {
       log.rule.min_duration = arguments.more() ? arguments.duration("DURATION", std::chrono::milliseconds(0))
                                                : kDefaultMinDuration;
     }},
};

bool looks_like_format(std::string_view word) {
  return word.find('{') != std::string_view::npos;
}

/// CoreDNS's rule: the last of two or more words is the format when it has a brace; all others are names.
void read_names(Arguments& arguments, LogRule& rule) {
  rule.format = kCommon;
  if (arguments.left() == 1 && looks_like_format(arguments.peek())) {
    arguments.warn(
        "taken as the format for all names; CoreDNS takes a single word for a name, write 'log . FORMAT'");
    rule.format = expand(arguments.word("FORMAT"));
    rule.names.emplace_back();
    return;
  }
  while (arguments.more()) {
    const std::string_view word = arguments.peek();
    if (arguments.left() == 1 && looks_like_format(word)) {
      rule.format = expand(arguments.word("FORMAT"));
      break;
    }
    if (word == "common" || word == "combined") {
      arguments.warn("'" + std::string(word) + "' is taken for a name, as CoreDNS does; the format is {" +
                     std::string(word) + "}");
    }
    if (looks_like_format(word)) {
      arguments.warn("'" + std::string(word) +
                     "' is taken for a name, as CoreDNS does; a format stands last");
    }
    rule.names.push_back(arguments.name("NAME"));
  }
  if (rule.names.empty()) rule.names.emplace_back();
}

}  // namespace

Result setup_log(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  Arguments arguments(line, "log", context);
  LogLine log;
  read_names(arguments, log.rule);
  if (Result done = arguments.finish(); !done) return done;
  if (Result done = read_options(line, kLogOptions, log, context); !done) return done;
  block.log.push_back(std::move(log.rule));
  return {};
}

}  // namespace nld::plugins
