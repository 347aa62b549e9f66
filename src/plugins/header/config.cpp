// header { [query|response] set|clear FLAG... }: reading it.
#include <algorithm>
#include <cctype>

#include "dns/message.hpp"
#include "plugins/arguments.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {
namespace {

constexpr std::string_view kActions[] = {"set", "clear"};
constexpr std::string_view kFlags[] = {"aa", "ra", "rd"};
constexpr std::uint16_t kBits[] = {dns::flag::AA, dns::flag::RA, dns::flag::RD};

/// CoreDNS takes the words of this directive in either case.
std::size_t choice(Arguments& arguments, std::string_view what, std::span<const std::string_view> words) {
  std::string word(arguments.word(what));
  if (arguments.failed()) return 0;
  std::ranges::transform(word, word.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto found = std::ranges::find(words, std::string_view(word));
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  std::string expected = "one of";
  for (const std::string_view known : words) {
    expected += known.data() == words.front().data() ? " " : ", ";
    expected += known;
  }
  arguments.fail_value(what, word, expected);
  return 0;
}

/// The flags of one rule; a later rule wins.
void read_flags(Arguments& arguments, std::size_t action, FlagChange& change) {
  do {
    const std::uint16_t bit = kBits[choice(arguments, "FLAG", kFlags)];
    if (arguments.failed()) return;
    std::uint16_t& to = action == 0 ? change.set : change.clear;
    std::uint16_t& from = action == 0 ? change.clear : change.set;
    to = static_cast<std::uint16_t>(to | bit);
    from = static_cast<std::uint16_t>(from & ~bit);
  } while (arguments.more());
}

constexpr Option<HeaderConfig> kHeaderOptions[] = {
    {"query",
     [](Arguments& arguments, HeaderConfig& header) {
       read_flags(arguments, choice(arguments, "ACTION", kActions), header.query);
     }},
    {"response",
     [](Arguments& arguments, HeaderConfig& header) {
       read_flags(arguments, choice(arguments, "ACTION", kActions), header.response);
     }},
    // The form of CoreDNS before 1.9: responses.
    {"set", [](Arguments& arguments, HeaderConfig& header) { read_flags(arguments, 0, header.response); }},
    {"clear", [](Arguments& arguments, HeaderConfig& header) { read_flags(arguments, 1, header.response); }},
};

}  // namespace

Result setup_header(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  Arguments arguments(line, "header", context);
  if (line.arguments.empty() && line.block.empty()) {
    arguments.fail("changes no flag, expected a line such as 'response set ra' in its block");
  }
  if (Result done = arguments.finish(); !done) return done;
  HeaderConfig header;
  if (Result done = read_options(line, kHeaderOptions, header, context); !done) return done;
  block.header = header;
  return {};
}

}  // namespace nld::plugins
