// What the supervisor tells the network: where packets should go.
#pragma once

#include <functional>

#include "net/node_rules.hpp"

namespace nld::agent {

/// Calls return at once; the work is done elsewhere.
class TrafficSwitch {
 public:
  virtual ~TrafficSwitch() = default;
  /// To the cluster DNS. `done` runs on the supervisor's loop when the rules say so, or could not be made to.
  virtual void server_lost(net::NodeRules::Loss loss, std::function<void()> done) = 0;
  /// To the local server again.
  virtual void server_answers() = 0;
};

}  // namespace nld::agent
