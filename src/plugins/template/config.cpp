// template CLASS TYPE [ZONE...] { … }: checking it.
#include <re2/re2.h>

#include "dns/types.hpp"
#include "plugins/arguments.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {
namespace {

struct TemplateLine {
  bool answers = false;  ///< something says what to reply
};

void read_match(Arguments& arguments, TemplateLine&) {
  do {
    const std::string expression(arguments.word("REGEX"));
    if (arguments.failed()) return;
    const re2::RE2 regex(expression, re2::RE2::Quiet);
    if (!regex.ok()) {
      arguments.fail_value("REGEX", expression, "a regular expression (" + regex.error() + ")");
    }
  } while (arguments.more());
}

void read_records(Arguments& arguments, TemplateLine& line) {
  line.answers = true;
  do {
    arguments.word("RR");
  } while (arguments.more());
}

void read_rcode(Arguments& arguments, TemplateLine& line) {
  line.answers = true;
  const std::string_view text = arguments.word("CODE");
  if (!arguments.failed() && !dns::parse_rcode(text)) {
    arguments.fail_value("CODE", text, "a response code such as NXDOMAIN");
  }
}

void read_extended_error(Arguments& arguments, TemplateLine& line) {
  line.answers = true;
  arguments.number("EXTENDED_ERROR_CODE", 0, 65535);
  if (arguments.more()) arguments.word("EXTRA_REASON");
}

constexpr Option<TemplateLine> kOptions[] = {
    {"match", read_match},
    {"answer", read_records},
    {"additional", read_records},
    {"authority", read_records},
    {"rcode", read_rcode},
    {"ederror", read_extended_error},
    {"fallthrough", [](Arguments& arguments, TemplateLine&) { arguments.zones("ZONES"); }},
    {"upstream",
     [](Arguments& arguments, TemplateLine&) {
       while (arguments.more()) arguments.word("ADDRESS");  // CoreDNS has ignored them since 1.3
     }},
};

}  // namespace

Result check_template(const corefile::Directive& line, BlockConfig&, SetupContext& context) {
  Arguments arguments(line, "template", context);
  const std::string_view cls = arguments.word("CLASS");
  if (!arguments.failed() && !dns::parse_rrclass(cls)) {
    arguments.fail_value("CLASS", cls, "IN, CH, HS or ANY");
  }
  const std::string_view type = arguments.word("TYPE");
  if (!arguments.failed() && !dns::parse_rrtype(type)) {
    arguments.fail_value("TYPE", type, "a record type such as A, AAAA or ANY");
  }
  arguments.zones("ZONE");
  if (Result done = arguments.finish(); !done) return done;
  TemplateLine out;
  if (Result done = read_options(line, kOptions, out, context); !done) return done;
  if (!out.answers) arguments.fail("says no reply, expected answer, authority, additional, rcode or ederror");
  return arguments.finish();
}

}  // namespace nld::plugins
