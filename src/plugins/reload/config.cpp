// reload [INTERVAL] [JITTER]: reading it.
#include <algorithm>

#include "plugins/arguments.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {

using std::chrono::milliseconds;

Result setup_reload(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  Arguments arguments(line, "reload", context);
  constexpr milliseconds kLeastInterval = std::chrono::seconds(2);
  constexpr milliseconds kLeastJitter = std::chrono::seconds(1);
  if (arguments.peek() == "off") {
    arguments.word("INTERVAL");
    if (Result done = arguments.finish(); !done) return done;
    return expect_no_block(line, "reload");
  }
  ReloadConfig reload;
  if (arguments.more()) reload.interval = arguments.duration("INTERVAL", kLeastInterval);
  if (arguments.more()) {
    const std::string_view text = arguments.peek();
    reload.jitter = arguments.duration("JITTER", milliseconds(0));
    if (reload.jitter != milliseconds(0) && reload.jitter < kLeastJitter) {
      arguments.fail_value("JITTER", text, "0s or a duration of 1s or more");
    }
  }
  reload.jitter = std::min(reload.jitter, reload.interval / 2);
  if (Result done = arguments.finish(); !done) return done;
  block.reload = reload;
  return expect_no_block(line, "reload");
}

}  // namespace nld::plugins
