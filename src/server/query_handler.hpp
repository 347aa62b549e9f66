// From a received packet to a reply: parse, refuse, find the zone, walk its chain, render, observe.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "metrics/registry.hpp"
#include "pipeline/router.hpp"
#include "plugins/prometheus/query_metrics.hpp"
#include "runtime/clock.hpp"
#include "runtime/task.hpp"
#include "server/render.hpp"
#include "server/zone_table.hpp"

namespace nld::server {

struct Inbound {
  dns::Bytes packet;
  runtime::SocketAddress client;
  runtime::SocketAddress local;
  pipeline::Transport transport = pipeline::Transport::udp;
  bool encrypted = false;
  runtime::TimePoint received;
};

/// Takes the reply to a query that had to wait; called once, on the worker's loop. An empty one is not sent.
class ReplySink {
 public:
  virtual ~ReplySink() = default;
  virtual void deliver(dns::Bytes reply, const runtime::SocketAddress& client,
                       const runtime::SocketAddress& local) = 0;
};

/// What the queries of one worker share, over all its listeners.
class WorkerQueries {
 public:
  WorkerQueries(boost::asio::io_context& loop, runtime::Clock& clock, metrics::Registry& metrics,
                std::size_t worker, std::string_view instance = {});

  /// Queries that wait for an upstream at one time, per worker: beyond that they get SERVFAIL at once.
  static constexpr std::size_t kMaxWaiting = 20000;

  /// Where a reply over TCP is written before it is copied into its connection's queue.
  [[nodiscard]] dns::MutableBytes tcp_reply_space() {
    if (tcp_reply_space_.empty()) tcp_reply_space_.resize(dns::kMaxMessageSize);
    return tcp_reply_space_;
  }

  boost::asio::io_context& loop;
  runtime::Clock& clock;
  std::optional<dns::Name> own_name;  ///< of this server among those that share its address
  std::size_t waiting = 0;
  std::array<metrics::Counter*, dns::kQueryFaultCount> malformed{};
  metrics::Counter& overload;
  metrics::Counter& panics;

 private:
  std::vector<std::uint8_t> tcp_reply_space_;  // most workers never see a query over TCP
};

/// One a worker and listen address.
class QueryHandler final : public pipeline::Router {
 public:
  QueryHandler(WorkerQueries& queries, plugins::DroppedMetrics dropped);

  /// The zones of the current configuration; queries that wait keep the chain they started with.
  void set_zones(ZoneTable zones) { zones_ = std::move(zones); }

  [[nodiscard]] std::shared_ptr<const pipeline::Chain> route(const dns::Query& query) const override {
    return zones_.find(query);
  }

  /// Whether it pays to call `look_ahead` for the packets of a batch before `handle`.
  [[nodiscard]] bool look_ahead_pays() const noexcept { return zones_.look_ahead_pays(); }
  [[nodiscard]] cache::Lookahead look_ahead(dns::Bytes packet) const noexcept;

  enum class Result : std::uint8_t { silence, replied, waits };
  struct Handled {
    Result result = Result::silence;
    std::size_t size = 0;
  };
  /// Writes the reply to `out` (at least kMaxUdpAnswer octets for UDP, 65535 for TCP), or keeps a copy of the
  /// packet and delivers to `sink` later.
  Handled handle(const Inbound& inbound, dns::MutableBytes out, const std::shared_ptr<ReplySink>& sink);

 private:
  struct Waiting;
  struct Inside;
  /// `from` and `inside` need not outlive the call.
  static runtime::Task<void> finish(WorkerQueries& queries, const pipeline::Request& from,
                                    std::shared_ptr<const pipeline::Chain> chain,
                                    std::shared_ptr<ReplySink> sink, pipeline::Reply so_far, std::size_t at,
                                    Inside& inside);
  static void deliver(WorkerQueries& queries, Waiting& waiting);
  static Handled render_and_observe(WorkerQueries& queries, Waiting& waiting, dns::MutableBytes out);
  /// No plugin has a part in it: a code, no records.
  Handled reply_without_chain(const pipeline::Request& request, dns::Rcode rcode, dns::MutableBytes out);

  WorkerQueries& queries_;
  plugins::DroppedMetrics dropped_;
  ZoneTable zones_;
};

}  // namespace nld::server
