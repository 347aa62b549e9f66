// nsid [DATA]: reading it.
#include "pipeline/server_id.hpp"
#include "plugins/arguments.hpp"
#include "plugins/host_name.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {

Result setup_nsid(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  Arguments arguments(line, "nsid", context);
  std::string data;
  while (arguments.more()) {
    if (!data.empty()) data += ' ';
    data += arguments.word("DATA");
  }
  if (data.empty()) data = host_name();
  if (data.size() > pipeline::kLongestServerId) {
    arguments.fail("DATA has " + std::to_string(data.size()) + " octets, expected at most " +
                   std::to_string(pipeline::kLongestServerId));
  }
  if (Result done = arguments.finish(); !done) return done;
  block.nsid = std::move(data);
  return expect_no_block(line, "nsid");
}

}  // namespace nld::plugins
