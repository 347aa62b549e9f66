// The `loadbalance` directive as data.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "plugins/loadbalance/weights.hpp"
#include "plugins/networks.hpp"

namespace nld::plugins {

struct LoadbalanceConfig {
  enum class Policy : std::uint8_t { round_robin, weighted };
  Policy policy = Policy::round_robin;
  std::filesystem::path file{};                                 ///< of `weighted`
  std::shared_ptr<const Weights> weights{};                     ///< what stood in it
  std::chrono::milliseconds reload = std::chrono::seconds(30);  ///< how often it is read again; 0: never
  std::vector<Network> prefer{};  ///< the first network that holds an address ranks it
};

}  // namespace nld::plugins
