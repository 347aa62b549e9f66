// One small HTTP request a second to ourselves.
#include "server/self_check.hpp"

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <cstring>
#include <functional>
#include <string_view>

namespace nld::server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr auto kInterval = std::chrono::seconds(1);
constexpr std::string_view kQuestion = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
constexpr std::string_view kGoodAnswer = "HTTP/1.1 200";

/// A wildcard listener is asked over loopback.
tcp::endpoint target_of(runtime::SocketAddress address) {
  if (address.is_wildcard()) {
    address = *runtime::SocketAddress::from_ip(address.is_v6() ? "::1" : "127.0.0.1", address.port());
  }
  tcp::endpoint endpoint;
  std::memcpy(endpoint.data(), address.native(), address.native_size());
  return endpoint;
}

}  // namespace

class SelfCheck::Request : public std::enable_shared_from_this<Request> {
 public:
  using Done = std::move_only_function<void(bool good)>;
  Request(asio::io_context& loop, Done done) : socket_(loop), done_(std::move(done)) {}

  void start(const tcp::endpoint& target) {
    socket_.async_connect(target, [self = shared_from_this()](boost::system::error_code error) {
      if (error) return self->finish(false);
      asio::async_write(self->socket_, asio::buffer(kQuestion),
                        [self](boost::system::error_code failed, std::size_t) {
                          failed ? self->finish(false) : self->read();
                        });
    });
  }
  void abandon() {
    done_ = nullptr;
    close();
  }
  /// True while it has not ended.
  [[nodiscard]] bool open() const noexcept { return static_cast<bool>(done_); }
  void finish(bool good) {
    close();
    if (auto done = std::exchange(done_, nullptr)) done(good);
  }

 private:
  void read() {
    socket_.async_read_some(asio::buffer(answer_),
                            [self = shared_from_this()](boost::system::error_code error, std::size_t got) {
                              const std::string_view answer(self->answer_.data(), got);
                              self->finish(!error && answer.starts_with(kGoodAnswer));
                            });
  }
  void close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

  tcp::socket socket_;
  std::array<char, 512> answer_{};
  Done done_;
};

SelfCheck::SelfCheck(asio::io_context& loop, runtime::Clock& clock, metrics::Registry& metrics,
                     std::size_t worker)
    : loop_(loop), clock_(clock), metrics_(metrics), worker_(worker) {}

SelfCheck::~SelfCheck() {
  watch(std::nullopt);
}

void SelfCheck::watch(std::optional<runtime::SocketAddress> address) {
  address_ = address;
  timer_.cancel();
  if (request_) request_->abandon();
  request_.reset();
  if (!address_) return;
  if (duration_ == nullptr) {
    duration_ = &metrics_.histogram(
        {"coredns_health_request_duration_seconds", "Histogram of the time (in seconds) each request took."},
        metrics::slim_duration_buckets(), {}, worker_);
    failures_ = &metrics_.counter(
        {"coredns_health_request_failures_total", "The number of times the health check failed."}, {},
        worker_);
  }
  schedule();
}

void SelfCheck::schedule() {
  timer_ = clock_.after(kInterval, [this] { ask(); });
}

void SelfCheck::ask() {
  if (request_ && request_->open()) request_->finish(false);  // a second without an answer
  const runtime::TimePoint asked = clock_.now();
  request_ = std::make_shared<Request>(loop_, [this, asked](bool good) {
    duration_->observe(std::chrono::duration<double>(clock_.now() - asked).count());
    if (!good) failures_->add();
  });
  request_->start(target_of(*address_));
  schedule();
}

}  // namespace nld::server
