// What a worker lends to the plugins it builds.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <string>

#include "cache/key.hpp"
#include "metrics/registry.hpp"
#include "pipeline/router.hpp"
#include "runtime/clock.hpp"
#include "runtime/logging.hpp"
#include "runtime/random.hpp"

namespace nld::plugins {

struct Services {
  boost::asio::io_context& loop;
  runtime::Clock& clock;
  runtime::Random& random;
  metrics::Registry& metrics;
  runtime::Log& log;
  const cache::KeyHasher& hasher;                  ///< one a process: cached keys outlive configurations
  std::size_t worker;                              ///< index, for per-worker metric cells
  std::weak_ptr<const pipeline::Router> router{};  ///< of the listen address
};

/// Where a chain stands: the values of the metric labels `server` and `zone`.
struct Site {
  std::string server;  ///< "dns://169.254.20.10:53"
  std::string zone;    ///< "cluster.local."
};

}  // namespace nld::plugins
