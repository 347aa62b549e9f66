// The `forward` plugin: asks upstream servers.
#pragma once

#include <memory>

#include "metrics/registry.hpp"
#include "pipeline/plugin.hpp"
#include "plugins/forward/config.hpp"
#include "plugins/forward/shared.hpp"
#include "runtime/clock.hpp"
#include "runtime/random.hpp"
#include "upstream/worker_upstreams.hpp"

namespace nld::plugins {

/// One instance a worker. `clock`, `random` and `registry` must outlive it; it is destroyed on its worker's
/// thread, after its last query. `publishes`: replies say which upstream was asked (`metadata`).
std::unique_ptr<pipeline::Plugin> make_forward(const ForwardConfig& config,
                                               std::shared_ptr<ForwardShared> shared,
                                               upstream::WorkerUpstreams& upstreams, runtime::Clock& clock,
                                               runtime::Random& random, metrics::Registry& registry,
                                               std::size_t worker, bool publishes = false);

}  // namespace nld::plugins
