// chaos [VERSION] [AUTHORS...]: reading it.
#include <algorithm>

#include "plugins/arguments.hpp"
#include "plugins/host_name.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {
namespace {

constexpr std::string_view kVersion = "node-local-dns-" NLD_VERSION;
constexpr std::size_t kLongestText = 255;  // of a character string, RFC 1035 §3.3

}  // namespace

Result setup_chaos(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  Arguments arguments(line, "chaos", context);
  ChaosConfig chaos{.version = std::string(kVersion), .authors = {}, .hostname = host_name()};
  if (arguments.more()) chaos.version = arguments.word("VERSION").substr(0, kLongestText);
  while (arguments.more()) chaos.authors.emplace_back(arguments.word("AUTHOR").substr(0, kLongestText));
  std::ranges::sort(chaos.authors);
  const auto [first, last] = std::ranges::unique(chaos.authors);
  chaos.authors.erase(first, last);
  if (Result done = arguments.finish(); !done) return done;
  block.chaos = std::move(chaos);
  return expect_no_block(line, "chaos");
}

}  // namespace nld::plugins
