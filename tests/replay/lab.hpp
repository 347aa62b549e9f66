// A DNS server without sockets: the real configuration, chains and rendering over a manual clock.
#pragma once

#include <boost/asio/io_context.hpp>
#include <map>
#include <optional>

#include "replay/fake_upstreams.hpp"
#include "runtime/captured_log.hpp"
#include "runtime/system_random.hpp"
#include "server/chain_builder.hpp"
#include "server/gauges.hpp"
#include "server/query_handler.hpp"

namespace nld::replay {

class Lab {
 public:
  Lab();
  ~Lab();

  void configure(const std::string& corefile);  ///< throws what configure() says
  void query(const std::string& id, std::vector<std::uint8_t> packet, pipeline::Transport transport,
             const std::string& client);
  void advance(runtime::Duration step);
  void settle();

  [[nodiscard]] const std::vector<std::uint8_t>* reply(const std::string& id) const;
  FakeUpstreams& upstreams() noexcept { return fakes_; }
  metrics::Registry& metrics() noexcept { return metrics_; }
  server::QueryHandler& handler() noexcept { return *handler_; }
  [[nodiscard]] runtime::TimePoint now() const noexcept { return clock_.now(); }

 private:
  class Sink;
  boost::asio::io_context loop_{1};
  runtime::ManualClock clock_;
  runtime::SeededRandom random_{1};
  cache::KeyHasher hasher_{1};
  metrics::Registry metrics_;
  runtime::CapturedLog log_;
  FakeUpstreams fakes_{clock_};
  cache::Budget budget_{64U << 20U};
  upstream::WorkerUpstreams transports_;
  upstream::WorkerUpstreams check_transports_;
  server::CacheHouse caches_;
  upstream::HealthRegistry health_;
  plugins::Services services_;
  server::WorkerQueries queries_;
  std::shared_ptr<server::QueryHandler> handler_;
  std::shared_ptr<const server::Generation> generation_;
  std::vector<metrics::GaugeHandle> gauges_;
  std::map<std::string, std::vector<std::uint8_t>> replies_;
};

}  // namespace nld::replay
