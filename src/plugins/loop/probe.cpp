// One HINFO query to ourselves, repeated until it is answered.
#include "plugins/loop/probe.hpp"

#include <array>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>

#include "dns/builder.hpp"
#include "runtime/completion.hpp"

namespace nld::plugins {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;

constexpr auto kInterval = std::chrono::seconds(2);
constexpr int kAttempts = 15;

struct Nothing {};
using Wake = runtime::Completion<Nothing>;

/// Sends one probe; the answer, whatever it says, wakes `answered`.
class Attempt : public std::enable_shared_from_this<Attempt> {
 public:
  explicit Attempt(const asio::any_io_executor& executor) : socket_(executor) {}

  bool send(const dns::Name& name, std::uint16_t id, const runtime::SocketAddress& target) {
    dns::MessageBuilder builder(query_);
    builder.set_id(id);
    builder.set_flags(dns::flag::RD);
    builder.add_question(name.wire(), dns::RRType::HINFO, dns::RRClass::IN);
    udp::endpoint endpoint;
    std::memcpy(endpoint.data(), target.native(), target.native_size());
    boost::system::error_code error;
    socket_.open(endpoint.protocol(), error);
    if (!error) socket_.connect(endpoint, error);
    if (!error) socket_.send(asio::buffer(builder.message().data(), builder.size()), 0, error);
    if (error) return false;
    socket_.async_receive(asio::buffer(answer_),
                          [self = shared_from_this()](boost::system::error_code failed, std::size_t) {
                            if (!failed) self->answered->deliver({});
                          });
    return true;
  }
  void close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

  std::shared_ptr<Wake> answered = std::make_shared<Wake>();

 private:
  udp::socket socket_;
  std::array<std::uint8_t, 512> query_{};
  std::array<std::uint8_t, 1500> answer_{};
};

}  // namespace

runtime::SocketAddress probe_target(const runtime::SocketAddress& listener) noexcept {
  if (!listener.is_wildcard()) return listener;
  return *runtime::SocketAddress::from_ip(listener.is_v6() ? "::1" : "127.0.0.1", listener.port());
}

asio::awaitable<void> watch_for_loop(std::shared_ptr<LoopState> state, runtime::SocketAddress listener,
                                     runtime::Clock& clock, runtime::Random& random,
                                     std::function<void(const LoopState&)> on_loop) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const runtime::SocketAddress target = probe_target(listener);
  for (int attempt = 0; attempt < kAttempts && !state->looping(); ++attempt) {
    const auto probe = std::make_shared<Attempt>(executor);
    const dns::Name name = state->new_probe(random);
    const auto id = static_cast<std::uint16_t>(random.next());
    const bool sent = probe->send(name, id, target);
    const auto answered = co_await probe->answered->wait(clock, clock.now() + kInterval);
    probe->close();
    if (sent && answered) break;
  }
  state->disarm();
  if (state->looping()) on_loop(*state);
}

}  // namespace nld::plugins
