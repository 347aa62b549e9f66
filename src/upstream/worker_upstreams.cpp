// Sharing of exchangers, and those over real sockets.
#include "upstream/worker_upstreams.hpp"

#include "upstream/tcp_exchanger.hpp"
#include "upstream/udp_exchanger.hpp"

namespace nld::upstream {
namespace {

TcpConnection::Settings settings_of(const runtime::SocketAddress& address, const TransportOptions& options) {
  return {address, options.source, options.expire, options.tls};
}

class TlsExchanger final : public Exchanger {
 public:
  TlsExchanger(boost::asio::io_context& loop, runtime::Clock& clock, runtime::Random& random,
               const runtime::SocketAddress& address, const TransportOptions& options,
               std::shared_ptr<TransportMetrics> metrics)
      : stream_(loop, clock, random, settings_of(address, options), options.max_idle_connections,
                std::move(metrics)) {}

  runtime::Task<ExchangeResult> exchange(const Question& question, Protocol,
                                         runtime::TimePoint deadline) override {
    return stream_.exchange(question, deadline);
  }
  void close() noexcept override { stream_.close(); }

 private:
  TcpExchanger stream_;
};

class SocketExchanger final : public Exchanger {
 public:
  SocketExchanger(boost::asio::io_context& loop, runtime::Clock& clock, runtime::Random& random,
                  const runtime::SocketAddress& address, const TransportOptions& options,
                  const std::shared_ptr<TransportMetrics>& metrics)
      : udp_(loop, clock, random, address, options.source, metrics),
        tcp_(loop, clock, random, settings_of(address, options), options.max_idle_connections, metrics) {}

  runtime::Task<ExchangeResult> exchange(const Question& question, Protocol protocol,
                                         runtime::TimePoint deadline) override {
    return protocol == Protocol::udp ? udp_.exchange(question, deadline) : tcp_.exchange(question, deadline);
  }
  void close() noexcept override {
    udp_.close();
    tcp_.close();
  }

 private:
  UdpExchanger udp_;
  TcpExchanger tcp_;
};

}  // namespace

std::shared_ptr<Exchanger> WorkerUpstreams::get(const runtime::SocketAddress& address,
                                                const TransportOptions& options) {
  std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
  auto& known = known_[{address, options}];
  auto exchanger = known.lock();
  if (!exchanger) {
    exchanger = make_(address, options);
    known = exchanger;
  }
  return exchanger;
}

void WorkerUpstreams::close() noexcept {
  closed_ = true;
  for (const auto& [key, known] : known_) {
    if (const auto exchanger = known.lock()) exchanger->close();
  }
}

WorkerUpstreams::Factory socket_exchangers(boost::asio::io_context& loop, runtime::Clock& clock,
                                           runtime::Random& random, metrics::Registry& registry,
                                           std::size_t worker) {
  return [&loop, &clock, &random, &registry, worker](
             const runtime::SocketAddress& address,
             const TransportOptions& options) -> std::shared_ptr<Exchanger> {
    if (options.tls) {
      auto metrics = std::make_shared<TransportMetrics>(registry, address, worker, Reached::over_tls);
      return std::make_shared<TlsExchanger>(loop, clock, random, address, options, std::move(metrics));
    }
    auto metrics = std::make_shared<TransportMetrics>(registry, address, worker);
    return std::make_shared<SocketExchanger>(loop, clock, random, address, options, std::move(metrics));
  };
}

}  // namespace nld::upstream
