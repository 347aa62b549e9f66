// One short-lived connected UDP socket a probe.
#include "agent/prober.hpp"

#include <array>
#include <boost/asio/post.hpp>
#include <stdexcept>

#include "dns/builder.hpp"
#include "dns/message.hpp"
#include "server/instance.hpp"

namespace nld::agent {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;
using Kind = ProbeResult::Kind;

constexpr int kSends = 4;

std::vector<std::uint8_t> make_query(const dns::Name& name, dns::RRType type, dns::RRClass cls) {
  std::array<std::uint8_t, 300> buffer{};
  dns::MessageBuilder builder(buffer);
  builder.set_flags(dns::flag::RD);
  builder.add_question(name.wire(), type, cls);
  return {builder.message().begin(), builder.message().end()};
}

std::vector<std::uint8_t> query_for(const std::string& text) {
  const auto name = dns::Name::from_text(text.empty() ? "version.bind" : text);
  if (!name) throw std::invalid_argument("--probe-name " + text + ": " + std::string(describe(name.error())));
  return make_query(*name, text.empty() ? dns::RRType::TXT : dns::RRType::A,
                    text.empty() ? dns::RRClass::CH : dns::RRClass::IN);
}

udp::endpoint endpoint_of(const runtime::SocketAddress& address) {
  return {asio::ip::make_address(address.ip_text()), address.port()};
}

/// Whether the host has this address: bind(2) without IP_FREEBIND tells.
bool is_local(asio::io_context& loop, const udp::endpoint& server) {
  udp::socket socket(loop);
  boost::system::error_code error;
  socket.open(server.protocol(), error);
  if (!error) socket.bind({server.address(), 0}, error);
  return error != boost::system::errc::address_not_available;
}

}  // namespace

class UdpProber::Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  /// `exact`: only NOERROR is the answer of the one that is meant.
  Exchange(asio::io_context& loop, runtime::Clock& clock, std::vector<std::uint8_t> query, bool exact,
           Done done)
      : loop_(loop),
        clock_(clock),
        socket_(loop),
        query_(std::move(query)),
        exact_(exact),
        done_(std::move(done)) {}

  void start(const runtime::SocketAddress& server, runtime::Duration limit) {
    server_ = endpoint_of(server);
    began_ = clock_.now();
    interval_ = limit / kSends;
    boost::system::error_code error;
    socket_.open(server_.protocol(), error);
    const auto loopback = server.is_v6() ? asio::ip::address(asio::ip::address_v6::loopback())
                                         : asio::ip::address(asio::ip::address_v4::loopback());
    if (!error) socket_.bind({loopback, 0}, error);
    if (!error) socket_.connect(server_, error);
    if (!error) socket_.non_blocking(true, error);
    if (error) {
      asio::post(loop_, [self = shared_from_this()] { self->finish(Kind::unreachable); });
      return;
    }
    receive();
    send();
  }
  void abandon() noexcept {
    done_ = nullptr;
    close();
  }

 private:
  void send() {
    if (sent_ == kSends) {
      time_is_up();
      return;
    }
    ++sent_;
    boost::system::error_code error;
    socket_.send(asio::buffer(query_), 0, error);
    if (error == asio::error::connection_refused) {  // the ICMP answer to the datagram before
      finish(Kind::refused);
      return;
    }
    timer_ = clock_.after(interval_, [this] { send(); });
  }

  void receive() {
    socket_.async_receive(asio::buffer(answer_),
                          [self = shared_from_this()](boost::system::error_code error, std::size_t size) {
                            if (!self->done_ || error == asio::error::operation_aborted) return;
                            self->received(error, size);
                          });
  }

  void received(boost::system::error_code error, std::size_t size) {
    if (error == asio::error::connection_refused) {
      finish(Kind::refused);
    } else if (error) {
      finish(Kind::unreachable);
    } else if (is_answer(size)) {
      finish(kind_of_answer());
    } else {
      receive();
    }
  }

  [[nodiscard]] bool is_answer(std::size_t size) const noexcept {
    return size >= dns::kHeaderSize && answer_[0] == query_[0] && answer_[1] == query_[1] &&
           (answer_[2] & 0x80U) != 0;
  }

  [[nodiscard]] Kind kind_of_answer() const noexcept {
    return exact_ && (answer_[3] & 0x0FU) != 0 ? Kind::by_another : Kind::answered;
  }

  void time_is_up() {
    // We may have been kept from the processor longer than the server was: look once more before judging.
    boost::system::error_code error;
    const std::size_t size = socket_.receive(asio::buffer(answer_), 0, error);
    if (!error && is_answer(size)) {
      finish(kind_of_answer());
    } else if (error == asio::error::connection_refused) {
      finish(Kind::refused);
    } else {
      finish(is_local(loop_, server_) ? Kind::silent : Kind::unreachable);
    }
  }

  void finish(Kind kind) {
    if (!done_) return;
    const auto self = shared_from_this();
    const Done done = std::exchange(done_, nullptr);
    close();
    done({kind, clock_.now() - began_});
  }

  void close() noexcept {
    timer_.cancel();
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

  asio::io_context& loop_;
  runtime::Clock& clock_;
  udp::socket socket_;
  udp::endpoint server_;
  std::vector<std::uint8_t> query_;
  bool exact_;
  Done done_;
  std::array<std::uint8_t, 1500> answer_{};
  runtime::TimePoint began_;
  runtime::Duration interval_{};
  runtime::Timer timer_;
  int sent_ = 0;
};

UdpProber::UdpProber(asio::io_context& loop, runtime::Clock& clock, runtime::Random& random,
                     const std::string& name)
    : loop_(loop), clock_(clock), random_(random), query_(query_for(name)), named_(!name.empty()) {}

UdpProber::~UdpProber() {
  for (const auto& weak : exchanges_) {
    if (const auto exchange = weak.lock()) exchange->abandon();
  }
}

void UdpProber::probe(const runtime::SocketAddress& server, const std::string& instance,
                      runtime::Duration limit, Done done) {
  std::erase_if(exchanges_, [](const auto& known) { return known.expired(); });
  // A name that the user wants asked for is asked for, though two servers then look alike.
  const auto own_name = named_ ? std::nullopt : server::instance_name(instance);
  std::vector<std::uint8_t> query =
      own_name ? make_query(*own_name, dns::RRType::TXT, dns::RRClass::CH) : query_;
  const std::uint64_t id = random_.next();
  query[0] = static_cast<std::uint8_t>(id);
  query[1] = static_cast<std::uint8_t>(id >> 8U);
  auto exchange =
      std::make_shared<Exchange>(loop_, clock_, std::move(query), own_name.has_value(), std::move(done));
  exchanges_.push_back(exchange);
  exchange->start(server, limit);
}

}  // namespace nld::agent
