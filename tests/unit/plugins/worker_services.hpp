// What a worker gives its plugins, for tests that build one of them.
#pragma once

#include <boost/asio/io_context.hpp>

#include "cache/key.hpp"
#include "metrics/registry.hpp"
#include "plugins/services.hpp"
#include "runtime/captured_log.hpp"
#include "runtime/manual_clock.hpp"
#include "runtime/system_random.hpp"

namespace nld::plugins {

struct WorkerServices {
  boost::asio::io_context loop{1};
  runtime::ManualClock clock;
  runtime::SeededRandom random{7};
  metrics::Registry metrics;
  runtime::CapturedLog log;
  cache::KeyHasher hasher{1};
  Services services{loop, clock, random, metrics, log, hasher, 0};
};

}  // namespace nld::plugins
