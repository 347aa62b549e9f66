// What the workers' instances of one `forward` directive share.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "plugins/forward/config.hpp"
#include "upstream/health.hpp"

namespace nld::plugins {

struct ForwardShared {
  std::vector<std::shared_ptr<upstream::UpstreamHealth>> health;  ///< as config.upstreams; never changes
  std::atomic<std::uint32_t> turn{0};                             ///< of round_robin
  std::atomic<std::uint32_t> concurrent{0};                       ///< queries being forwarded
};

/// Once a directive and configuration, on the control thread.
std::shared_ptr<ForwardShared> make_forward_shared(const ForwardConfig& config,
                                                   upstream::HealthRegistry& registry);

/// The source address for an upstream, by its family.
std::optional<runtime::SocketAddress> source_for(const ForwardConfig& config,
                                                 const runtime::SocketAddress& upstream);

/// A place among `max_concurrent`, given back at the end. 0: no limit.
class ConcurrencySlot {
 public:
  ConcurrencySlot(std::atomic<std::uint32_t>& count, std::uint32_t limit) noexcept
      : count_(&count), granted_(count.fetch_add(1, std::memory_order_relaxed) < limit || limit == 0) {}
  ConcurrencySlot(const ConcurrencySlot&) = delete;
  ConcurrencySlot& operator=(const ConcurrencySlot&) = delete;
  ~ConcurrencySlot() { count_->fetch_sub(1, std::memory_order_relaxed); }
  [[nodiscard]] bool granted() const noexcept { return granted_; }

 private:
  std::atomic<std::uint32_t>* count_;
  bool granted_;
};

}  // namespace nld::plugins
