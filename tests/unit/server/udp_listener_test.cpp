// What the UDP loop asks of the kernel, counted: this file stands before libc's calls for the whole test
// program.
#include "server/udp_listener.hpp"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>

#include <chrono>
#include <functional>

#include "runtime/manual_clock.hpp"
#include "unit/upstream/support/messages.hpp"

namespace {

struct Calls {
  std::size_t receive = 0;
  std::size_t full = 0;  ///< receives that filled the batch
  std::size_t send = 0;
  std::size_t wait = 0;
  std::size_t control = 0;
};
thread_local Calls calls;

/// The next one of that name behind ours: libc's, or a sanitizer's.
template <typename Function>
Function* behind(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

int recvmmsg(int fd, mmsghdr* messages, unsigned count, int flags, timespec* timeout) {
  static auto* const next = behind<int(int, mmsghdr*, unsigned, int, timespec*)>("recvmmsg");
  ++calls.receive;
  const int got = next(fd, messages, count, flags, timeout);
  if (got == static_cast<int>(count)) ++calls.full;
  return got;
}
int sendmmsg(int fd, mmsghdr* messages, unsigned count, int flags) {
  static auto* const next = behind<int(int, mmsghdr*, unsigned, int)>("sendmmsg");
  ++calls.send;
  return next(fd, messages, count, flags);
}
int epoll_wait(int fd, epoll_event* events, int count, int timeout) {
  static auto* const next = behind<int(int, epoll_event*, int, int)>("epoll_wait");
  ++calls.wait;
  return next(fd, events, count, timeout);
}
int epoll_ctl(int fd, int operation, int target, epoll_event* event) noexcept {
  static auto* const next = behind<int(int, int, int, epoll_event*)>("epoll_ctl");
  ++calls.control;
  return next(fd, operation, target, event);
}

namespace nld::server {
namespace {

using boost::asio::ip::udp;
constexpr std::size_t kBatch = UdpBatch::kPackets;

/// Answers at once, and says so.
class Answering final : public pipeline::Plugin {
 public:
  explicit Answering(std::function<void()> answered) : answered_(std::move(answered)) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "answering"; }
  pipeline::Verdict handle(pipeline::Request& /*request*/, pipeline::Reply& reply) override {
    reply.rcode = dns::Rcode::NXDOMAIN;
    answered_();
    return pipeline::Verdict::answered;
  }

 private:
  std::function<void()> answered_;
};

class UdpLoop : public ::testing::Test {
 protected:
  UdpLoop() {
    const auto any = *runtime::SocketAddress::from_ip("127.0.0.1", 0);
    auto socket = open_udp(any).value();
    sockaddr_in bound{};
    socklen_t size = sizeof bound;
    getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound), &size);
    std::vector<std::unique_ptr<pipeline::Plugin>> plugins;
    plugins.push_back(std::make_unique<Answering>([this] {
      if (++answered_ == 1) at_first_();
      if (asked_ < until_) ask();
    }));
    ZoneTable zones;
    zones.add(dns::Name(), pipeline::Chain::build(std::move(plugins)));
    handler_->set_zones(std::move(zones));
    listener_ = std::make_shared<UdpListener>(queries_, runtime::SocketAddress(bound), std::move(socket),
                                              handler_, metrics_.counter({"unsent", ""}, {}, 0));
    client_.connect({boost::asio::ip::address_v4::loopback(), ntohs(bound.sin_port)});
    listener_->start();
    loop_.poll();
  }
  ~UdpLoop() override {
    listener_->drain();
    loop_.poll();
  }

  void ask() {
    ++asked_;
    client_.send(boost::asio::buffer(query_));
  }
  /// Two batches of queries, and one more for each that is answered until there were `queries`: the socket's
  /// queue stays as long as that.
  void keep_asking(std::size_t queries) {
    until_ = queries;
    while (asked_ < 2 * kBatch) ask();
  }
  /// The calls until all have their answers and the listener waits again.
  Calls run(std::size_t queries) {
    calls = {};
    while (answered_ < queries && loop_.run_one_for(std::chrono::seconds(10)) > 0) {
    }
    EXPECT_EQ(answered_, queries);
    loop_.poll();
    return calls;
  }

  boost::asio::io_context loop_{1};
  runtime::ManualClock clock_;
  metrics::Registry metrics_;
  WorkerQueries queries_{loop_, clock_, metrics_, 0};
  std::shared_ptr<QueryHandler> handler_ =
      std::make_shared<QueryHandler>(queries_, plugins::DroppedMetrics(metrics_, "dns://.:53", 0));
  std::shared_ptr<UdpListener> listener_;
  udp::socket client_{loop_, udp::v4()};
  const nld::testing::Message query_ = nld::testing::make_query(nld::testing::name_of("example.org."));
  std::size_t asked_ = 0;
  std::size_t until_ = 0;
  std::size_t answered_ = 0;
  std::function<void()> at_first_ = [] {};  ///< runs with the first answer
};

TEST_F(UdpLoop, FullBatchesCostTwoCallsEachAndOneForEightOfThem) {
  keep_asking(32 * kBatch);
  const Calls made = run(32 * kBatch);
  EXPECT_GE(made.full, 24U) << "the queue was kept long";
  const std::size_t rest = made.receive - made.full;  // the last one at least, which finds nothing
  EXPECT_LE(made.send, made.receive);
  EXPECT_LE(made.wait, made.full / 8 + rest + 2);
  EXPECT_LE(made.control, rest) << "a wait is armed only when the queue was seen empty";
}

TEST_F(UdpLoop, OneQueryCostsOneCallOfEachKind) {
  ask();
  const Calls made = run(1);
  EXPECT_EQ(made.receive, 1U) << "a batch that is not full needs no second look";
  EXPECT_EQ(made.send, 1U);
  EXPECT_EQ(made.control, 1U);
  EXPECT_LE(made.wait, 3U) << "the one that brought it, and what ends this test's polling";
}

TEST_F(UdpLoop, OtherWorkOfTheLoopIsNotKeptWaiting) {
  udp::socket upstream(loop_, {boost::asio::ip::address_v4::loopback(), 0});
  client_.send_to(boost::asio::buffer(query_), upstream.local_endpoint());
  std::size_t before_posted = 0;
  std::size_t before_read = 0;
  at_first_ = [&] {
    boost::asio::post(loop_, [&] { before_posted = answered_; });
    upstream.async_wait(udp::socket::wait_read, [&](boost::system::error_code) { before_read = answered_; });
  };
  keep_asking(64 * kBatch);
  run(64 * kBatch);
  EXPECT_GE(before_posted, 1U);
  EXPECT_LE(before_posted, 8 * kBatch);
  EXPECT_GE(before_read, 1U);
  EXPECT_LE(before_read, 16 * kBatch);
}

}  // namespace
}  // namespace nld::server
