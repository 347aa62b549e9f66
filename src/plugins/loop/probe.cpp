// One HINFO query to ourselves, repeated until it is answered.
#include "plugins/loop/probe.hpp"

#include <array>
#include <boost/asio/ip/udp.hpp>
#include <cstring>
#include <optional>

#include "dns/builder.hpp"

namespace nld::plugins {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;

constexpr auto kInterval = std::chrono::seconds(2);
constexpr int kAttempts = 15;
/// Under the node agent our first queries are steered to the cluster DNS, for we have not proved yet that we
/// answer: they cannot come back, however much of a loop there is. So one answer more is asked for, later.
constexpr int kAnswers = 2;

/// As source: the agent's steering leaves alone what comes from there (docs/rules.md). A link-local target
/// cannot be reached from it.
std::optional<udp::endpoint> loopback_for(const runtime::SocketAddress& target) {
  const auto address = asio::ip::make_address(target.ip_text().substr(0, target.ip_text().find('%')));
  if (address.is_v4()) return udp::endpoint(asio::ip::address_v4::loopback(), 0);
  if (address.to_v6().is_link_local()) return std::nullopt;
  return udp::endpoint(asio::ip::address_v6::loopback(), 0);
}

}  // namespace

/// Sends one probe; any answer, whatever it says, calls `answered`.
class LoopWatch::Attempt : public std::enable_shared_from_this<Attempt> {
 public:
  Attempt(asio::io_context& loop, std::function<void()> answered)
      : socket_(loop), answered_(std::move(answered)) {}

  void send(const dns::Name& name, std::uint16_t id, const runtime::SocketAddress& target) {
    dns::MessageBuilder builder(query_);
    builder.set_id(id);
    builder.set_flags(dns::flag::RD);
    builder.add_question(name.wire(), dns::RRType::HINFO, dns::RRClass::IN);
    udp::endpoint endpoint;
    std::memcpy(endpoint.data(), target.native(), target.native_size());
    // A failure needs no word: the next attempt comes in two seconds.
    boost::system::error_code error;
    socket_.open(endpoint.protocol(), error);
    if (const auto source = loopback_for(target); source && !error) socket_.bind(*source, error);
    if (!error) socket_.connect(endpoint, error);
    if (!error) socket_.send(asio::buffer(builder.message().data(), builder.size()), 0, error);
    if (error) return;
    socket_.async_receive(asio::buffer(answer_),
                          [self = shared_from_this()](boost::system::error_code failed, std::size_t) {
                            const auto answered = std::exchange(self->answered_, nullptr);
                            if (!failed && answered) answered();
                          });
  }
  void abandon() {
    answered_ = nullptr;
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

 private:
  udp::socket socket_;
  std::function<void()> answered_;
  std::array<std::uint8_t, 512> query_{};
  std::array<std::uint8_t, 1500> answer_{};
};

runtime::SocketAddress probe_target(const runtime::SocketAddress& listener) noexcept {
  if (!listener.is_wildcard()) return listener;
  return *runtime::SocketAddress::from_ip(listener.is_v6() ? "::1" : "127.0.0.1", listener.port());
}

LoopWatch::LoopWatch(asio::io_context& loop, runtime::Clock& clock, runtime::Random& random,
                     std::shared_ptr<LoopState> state, const runtime::SocketAddress& listener,
                     std::function<void(const LoopState&)> on_loop)
    : loop_(loop),
      clock_(clock),
      random_(random),
      state_(std::move(state)),
      target_(probe_target(listener)),
      on_loop_(std::move(on_loop)) {
  ask();
}

LoopWatch::~LoopWatch() {
  if (attempt_) attempt_->abandon();
  state_->disarm();
}

void LoopWatch::ask() {
  if (attempt_) attempt_->abandon();
  if (state_->looping() || attempts_++ == kAttempts) {
    end();
    return;
  }
  attempt_ = std::make_shared<Attempt>(loop_, [this] { answered(); });
  attempt_->send(state_->new_probe(random_), static_cast<std::uint16_t>(random_.next()), target_);
  timer_ = clock_.after(kInterval, [this] { ask(); });
}

void LoopWatch::answered() {
  // A loop is told at once: the second sighting came before any answer.
  if (state_->looping() || ++answers_ == kAnswers) end();
}

void LoopWatch::end() {
  timer_.cancel();
  state_->disarm();
  const auto on_loop = std::exchange(on_loop_, nullptr);
  if (state_->looping() && on_loop) on_loop(*state_);
}

}  // namespace nld::plugins
