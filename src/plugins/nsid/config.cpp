// nsid [DATA]: reading it.
#include "plugins/arguments.hpp"
#include "plugins/host_name.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {
namespace {

constexpr std::size_t kLongest = 255;  // of replies' 512 octets over plain UDP, the question has 260

}  // namespace

Result setup_nsid(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  Arguments arguments(line, "nsid", context);
  std::string data;
  while (arguments.more()) {
    if (!data.empty()) data += ' ';
    data += arguments.word("DATA");
  }
  if (data.empty()) data = host_name();
  if (data.size() > kLongest) {
    arguments.fail("DATA has " + std::to_string(data.size()) + " octets, expected at most " +
                   std::to_string(kLongest));
  }
  if (Result done = arguments.finish(); !done) return done;
  block.nsid = std::move(data);
  return expect_no_block(line, "nsid");
}

}  // namespace nld::plugins
