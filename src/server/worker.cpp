// A worker's life: apply configurations, serve, drain, end.
#include "server/worker.hpp"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/post.hpp>

namespace nld::server {
namespace {

namespace asio = boost::asio;
constexpr auto kDrainPoll = std::chrono::milliseconds(5);

/// `timeouts` of the blocks on one address; of several the last one that says something counts, as in
/// CoreDNS.
TcpConnection::Limits tcp_limits(const plugins::ServerConfig& config, const Listen& listen) {
  TcpConnection::Limits limits;
  for (const ZoneAt& at : listen.zones) {
    const plugins::TimeoutsConfig& timeouts = config.blocks[at.block].timeouts;
    limits.idle = timeouts.idle.value_or(limits.idle);
    if (timeouts.read) limits.read = timeouts.read;
    if (timeouts.write) limits.write = timeouts.write;
    if (timeouts.queries) limits.queries = timeouts.queries;
  }
  return limits;
}

}  // namespace

struct Worker::Place {
  std::shared_ptr<QueryHandler> handler;
  std::shared_ptr<UdpListener> udp;  ///< null where TLS is served
  std::shared_ptr<TcpListener> tcp;
};

Worker::Worker(std::size_t index, metrics::Registry& metrics, runtime::Log& log,
               const cache::KeyHasher& hasher, std::string_view instance)
    : index_(index),
      metrics_(metrics),
      work_(loop_.get_executor()),
      clock_(loop_),
      services_{.loop = loop_,
                .clock = clock_,
                .random = random_,
                .metrics = metrics,
                .log = log,
                .hasher = hasher,
                .worker = index},
      upstreams_(upstream::socket_exchangers(loop_, clock_, random_, metrics, index)),
      queries_(loop_, clock_, metrics, index, instance) {}

Worker::~Worker() {
  if (thread_.joinable()) stop();
  join(clock_.now());
}

void Worker::start() {
  thread_ = std::thread([this] {
    const std::string name = "dns-" + std::to_string(index_);
    pthread_setname_np(pthread_self(), name.c_str());
    loop_.run();
    finished_.set_value();
  });
}

std::future<void> Worker::apply(std::shared_ptr<const Generation> generation,
                                std::map<ListenAt, ListenSockets> opened) {
  auto done = std::make_shared<std::promise<void>>();
  auto result = done->get_future();
  auto sockets = std::make_shared<decltype(opened)>(std::move(opened));
  asio::post(loop_, [this, generation = std::move(generation), sockets, done]() mutable {
    switch_to(*generation, std::move(*sockets));
    generation_ = std::move(generation);
    done->set_value();
  });
  return result;
}

std::optional<TlsService> Worker::tls_service(const Listen& listen) {
  if (!listen.tls) return std::nullopt;
  constexpr metrics::Registry::Family kHandshakes{"node_local_dns_tls_handshakes_total",
                                                  "TLS handshakes with clients that succeeded."};
  const auto handshakes = [&](const char* resumed) -> metrics::Counter& {
    return metrics_.counter(kHandshakes, {{"server", listen.label}, {"resumed", resumed}}, index_);
  };
  return TlsService{listen.tls,
                    {handshakes("false"), handshakes("true"),
                     metrics_.counter({"node_local_dns_tls_handshake_failures_total",
                                       "TLS handshakes with clients that failed or took too long."},
                                      {{"server", listen.label}}, index_)}};
}

void Worker::switch_to(const Generation& generation, std::map<ListenAt, ListenSockets> opened) {
  for (const auto& [key, listen] : generation.plan) {
    Place& place = places_[key];
    const bool is_new = place.handler == nullptr;
    if (is_new) {
      place.handler =
          std::make_shared<QueryHandler>(queries_, plugins::DroppedMetrics(metrics_, listen.label, index_));
    }
    services_.router = place.handler;
    ZoneTable zones;
    for (const ZoneAt& at : listen.zones) {
      zones.add(generation.config.blocks[at.block].zones[at.zone].zone,
                build_chain(generation, at, listen.label, services_, upstreams_));
    }
    place.handler->set_zones(std::move(zones));
    const TcpConnection::Limits limits = tcp_limits(generation.config, listen);
    if (!is_new) {
      place.tcp->set_limits(limits);
      place.tcp->set_context(listen.tls);
      continue;
    }
    const metrics::Labels label{{"server", listen.label}};
    ListenSockets& sockets = opened.at(key);
    if (!listen.tls) {
      place.udp = std::make_shared<UdpListener>(
          queries_, key.address, std::move(sockets.udp), place.handler,
          metrics_.counter(
              {"node_local_dns_unsent_replies_total", "UDP replies that the kernel did not take."}, label,
              index_));
      place.udp->start();
    }
    place.tcp = std::make_shared<TcpListener>(
        queries_, key.address, std::move(sockets.tcp), place.handler,
        TcpCounters{metrics_.counter({"node_local_dns_tcp_connections_total", "TCP connections accepted."},
                                     label, index_),
                    metrics_.counter({"node_local_dns_tcp_connections_crowded_out_total",
                                      "TCP connections closed or turned away at the connection limit."},
                                     label, index_)},
        tls_service(listen));
    place.tcp->set_limits(limits);
    place.tcp->start();
  }
  std::erase_if(places_, [&](const auto& entry) {
    if (generation.plan.contains(entry.first)) return false;
    if (entry.second.udp) entry.second.udp->drain();
    entry.second.tcp->drain();
    leaving_.push_back(entry.second.tcp);
    return true;
  });
  std::erase_if(leaving_, [](const auto& listener) { return listener->connections() == 0; });
}

std::future<void> Worker::drain(runtime::TimePoint deadline) {
  auto result = drained_.get_future();
  asio::post(loop_, [this, deadline] {
    drain_deadline_ = deadline;
    for (const auto& [key, place] : places_) {
      if (place.udp) place.udp->drain();
      place.tcp->drain();
      leaving_.push_back(place.tcp);
    }
    check_drained();
  });
  return result;
}

void Worker::check_drained() {
  const bool answered = queries_.waiting == 0 && std::ranges::all_of(leaving_, [](const auto& listener) {
                          return listener->connections() == 0;
                        });
  if (answered || clock_.now() >= drain_deadline_) {
    drained_.set_value();
    return;
  }
  drain_timer_ = clock_.after(kDrainPoll, [this] { check_drained(); });
}

void Worker::stop() {
  asio::post(loop_, [this] {
    drain_timer_.cancel();
    for (const auto& listener : leaving_) listener->close_all();
    for (const auto& [key, place] : places_) place.tcp->close_all();
    leaving_.clear();
    places_.clear();
    generation_.reset();
    upstreams_.close();
    // The coroutines that waited for an upstream run to their ends now; then the loop has nothing to do.
    work_.reset();
  });
}

void Worker::join(runtime::TimePoint deadline) {
  if (!thread_.joinable()) return;
  if (finished_.get_future().wait_until(deadline) != std::future_status::ready) loop_.stop();
  thread_.join();
}

}  // namespace nld::server
