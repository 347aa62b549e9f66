// loadbalance [round_robin | weighted WEIGHTFILE] { reload DURATION; prefer CIDR... }: reading it.
#include "plugins/loadbalance/config.hpp"

#include "plugins/arguments.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {
namespace {

constexpr Option<LoadbalanceConfig> kLoadbalanceOptions[] = {
    {"reload",
     [](Arguments& arguments, LoadbalanceConfig& config) {
       if (config.policy != LoadbalanceConfig::Policy::weighted) {
         arguments.fail("there is no file to read again, expected 'loadbalance weighted WEIGHTFILE'");
       }
       config.reload = arguments.duration("DURATION", std::chrono::milliseconds(0));
     }},
    {"prefer",
     [](Arguments& arguments, LoadbalanceConfig& config) {
       do {
         const std::string_view word = arguments.word("CIDR");
         if (arguments.failed()) return;
         const auto network = parse_network(word);
         if (!network || word.find('/') == std::string_view::npos) {
           arguments.fail_value("CIDR", word, "a network such as 10.0.0.0/8");
           return;
         }
         config.prefer.push_back(*network);
       } while (arguments.more());
     }},
};

}  // namespace

Result setup_loadbalance(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  static constexpr std::string_view kPolicies[] = {"round_robin", "weighted"};
  Arguments arguments(line, "loadbalance", context);
  LoadbalanceConfig config;
  if (arguments.more() && arguments.choice("POLICY", kPolicies) == 1) {
    config.policy = LoadbalanceConfig::Policy::weighted;
    config.file = arguments.peek();
    const std::string text = arguments.file("WEIGHTFILE");
    if (!arguments.failed()) {
      auto weights = Weights::parse(text);
      if (weights) {
        config.weights = *std::move(weights);
      } else {
        arguments.fail("WEIGHTFILE '" + config.file.string() + "': " + weights.error());
      }
    }
  }
  if (Result done = arguments.finish(); !done) return done;
  if (Result done = read_options(line, kLoadbalanceOptions, config, context); !done) return done;
  block.loadbalance = std::move(config);
  return {};
}

}  // namespace nld::plugins
