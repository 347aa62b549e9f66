// Wiring the server's parts without its sockets and threads.
#include "replay/lab.hpp"

#include <stdexcept>

#include "plugins/directives.hpp"

namespace nld::replay {

class Lab::Sink final : public server::ReplySink {
 public:
  Sink(Lab& lab, std::string id) : lab_(lab), id_(std::move(id)) {}
  void deliver(dns::Bytes reply, const runtime::SocketAddress&, const runtime::SocketAddress&) override {
    if (!reply.empty()) lab_.replies_[id_].assign(reply.begin(), reply.end());
  }

 private:
  Lab& lab_;
  std::string id_;
};

Lab::Lab()
    : transports_(fakes_.factory()),
      check_transports_(fakes_.factory()),
      caches_(budget_),
      health_(loop_, clock_, check_transports_, metrics_, 1),
      services_{.loop = loop_,
                .clock = clock_,
                .random = random_,
                .metrics = metrics_,
                .log = log_,
                .hasher = hasher_,
                .worker = 0},
      queries_(loop_, clock_, metrics_, 0),
      handler_(std::make_shared<server::QueryHandler>(queries_,
                                                      plugins::DroppedMetrics(metrics_, "dns://:53", 0))) {
  services_.router = handler_;
}

Lab::~Lab() {
  // Coroutines still under way end here: their upstreams time out, and no check follows.
  health_.stop();
  advance(std::chrono::minutes(1));
}

void Lab::configure(const std::string& corefile) {
  const corefile::Surroundings surroundings = corefile::real_surroundings();
  const auto syntax = corefile::parse(corefile, "scenario", surroundings);
  if (!syntax) throw std::runtime_error(syntax.error().to_string());
  auto config = plugins::configure(*syntax, surroundings);
  if (!config) throw std::runtime_error(config.error().to_string());
  generation_ = server::make_generation(std::move(*config), true, caches_, health_);
  server::ZoneTable zones;
  for (const auto& [address, listen] : generation_->plan) {
    for (const server::ZoneAt& at : listen.zones) {
      zones.add(generation_->config.blocks[at.block].zones[at.zone].zone,
                server::build_chain(*generation_, at, listen.label, services_, transports_));
    }
  }
  handler_->set_zones(std::move(zones));
  gauges_.clear();
  gauges_ = server::generation_gauges(metrics_, *generation_);
}

void Lab::query(const std::string& id, std::vector<std::uint8_t> packet, pipeline::Transport transport,
                const std::string& client) {
  replies_.erase(id);
  std::vector<std::uint8_t> out(dns::kMaxMessageSize);
  const server::Inbound inbound{.packet = packet,
                                .client = *runtime::SocketAddress::from_ip(client, 40000),
                                .local = *runtime::SocketAddress::from_ip("169.254.20.10", 53),
                                .transport = transport,
                                .received = clock_.now()};
  const auto handled = handler_->handle(inbound, out, std::make_shared<Sink>(*this, id));
  if (handled.result == server::QueryHandler::Result::replied) {
    replies_[id].assign(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(handled.size));
  }
  settle();
}

void Lab::settle() {
  loop_.restart();
  while (loop_.poll() > 0) loop_.restart();
}

void Lab::advance(runtime::Duration step) {
  clock_.advance(step, [this] { settle(); });
  settle();
}

const std::vector<std::uint8_t>* Lab::reply(const std::string& id) const {
  const auto found = replies_.find(id);
  return found == replies_.end() ? nullptr : &found->second;
}

}  // namespace nld::replay
