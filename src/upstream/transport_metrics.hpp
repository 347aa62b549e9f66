// What the transports of one upstream count.
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "metrics/registry.hpp"
#include "runtime/socket_address.hpp"
#include "upstream/exchange.hpp"

namespace nld::upstream {

/// One protocol's series. One worker writes, the scraping thread reads.
class ProtocolMetrics {
 public:
  ProtocolMetrics(metrics::Registry& registry, const std::string& to, const std::string& protocol,
                  std::size_t worker);
  void reused() noexcept { hits_->add(); }
  void opened() noexcept {
    misses_->add();
    open_->fetch_add(1, std::memory_order_relaxed);
  }
  void closed() noexcept { open_->fetch_sub(1, std::memory_order_relaxed); }
  [[nodiscard]] std::int64_t open() const noexcept { return open_->load(std::memory_order_relaxed); }

 private:
  metrics::Counter* hits_;
  metrics::Counter* misses_;
  std::shared_ptr<std::atomic<std::int64_t>> open_;
  metrics::GaugeHandle gauge_;
};

/// What TLS adds.
class HandshakeMetrics {
 public:
  HandshakeMetrics(metrics::Registry& registry, const std::string& to, std::size_t worker);
  void shaken(bool resumed) noexcept { (resumed ? resumed_ : full_)->add(); }
  void failed() noexcept { failed_->add(); }

 private:
  metrics::Counter* full_;
  metrics::Counter* resumed_;
  metrics::Counter* failed_;
};

enum class Reached : std::uint8_t { plainly, over_tls };

struct TransportMetrics {
  TransportMetrics(metrics::Registry& registry, const runtime::SocketAddress& to, std::size_t worker,
                   Reached how = Reached::plainly);
  std::optional<ProtocolMetrics> udp;   ///< when reached plainly
  ProtocolMetrics stream;               ///< TCP, or TLS over it
  std::optional<HandshakeMetrics> tls;  ///< when reached over TLS
  metrics::Counter& mismatched;
};

}  // namespace nld::upstream
