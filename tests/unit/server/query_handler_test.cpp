// Who answers a query, and when: at once, after a wait, or after a wait that turned out to be none.
#include "server/query_handler.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "runtime/completion.hpp"
#include "runtime/manual_clock.hpp"
#include "unit/upstream/support/messages.hpp"

namespace nld::server {
namespace {

using pipeline::Reply;
using pipeline::Request;
using pipeline::Verdict;
using Result = QueryHandler::Result;

/// Says that it waits; then answers with `rcode`, once `done` is delivered if there is one.
class Waiter final : public pipeline::Plugin {
 public:
  Waiter(runtime::Clock& clock, runtime::Completion<int>* done) : clock_(clock), done_(done) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "waiter"; }
  Verdict handle(Request& /*request*/, Reply& /*reply*/) override { return Verdict::wait; }
  runtime::Task<void> resolve(Request& /*request*/, Reply& reply, pipeline::Next /*next*/) override {
    if (done_ != nullptr) co_await done_->wait(clock_, std::nullopt);
    reply.rcode = dns::Rcode::NXDOMAIN;
  }

 private:
  runtime::Clock& clock_;
  runtime::Completion<int>* done_;
};

/// Looks ahead; it pays while `pays`; notes for what.
class Foresighted final : public pipeline::Plugin {
 public:
  Foresighted(const bool& pays, std::vector<std::string>& names) : pays_(pays), names_(names) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "foresighted"; }
  [[nodiscard]] bool looks_ahead() const noexcept override { return true; }
  [[nodiscard]] bool look_ahead_pays() const noexcept override { return pays_; }
  [[nodiscard]] cache::Lookahead look_ahead(const dns::Query& query) const noexcept override {
    names_.push_back(dns::to_text(query.name));
    return {};
  }

 private:
  const bool& pays_;
  std::vector<std::string>& names_;
};

class Sink final : public ReplySink {
 public:
  void deliver(dns::Bytes reply, const runtime::SocketAddress& /*client*/,
               const runtime::SocketAddress& /*local*/) override {
    replies.emplace_back(reply.begin(), reply.end());
  }
  std::vector<std::vector<std::uint8_t>> replies;
};

class Handling : public ::testing::Test {
 protected:
  void serve(std::string_view zone, std::unique_ptr<pipeline::Plugin> plugin) {
    std::vector<std::unique_ptr<pipeline::Plugin>> plugins;
    plugins.push_back(std::move(plugin));
    ZoneTable zones;
    zones.add(*dns::Name::from_text(zone), pipeline::Chain::build(std::move(plugins)));
    handler_.set_zones(std::move(zones));
  }
  QueryHandler::Handled handle(runtime::Completion<int>* done) {
    serve(".", std::make_unique<Waiter>(clock_, done));
    const auto query = nld::testing::make_query(*dns::Name::from_text("example.org."));
    const auto address = *runtime::SocketAddress::from_ip("192.0.2.1", 53);
    return handler_.handle({.packet = query, .client = address, .local = address, .received = clock_.now()},
                           out_, sink_);
  }
  static dns::Rcode rcode_of(dns::Bytes reply) {
    return static_cast<dns::Rcode>(dns::read_header(reply).flags & dns::flag::kRcodeMask);
  }

  boost::asio::io_context loop_;
  runtime::ManualClock clock_;
  metrics::Registry metrics_;
  WorkerQueries queries_{loop_, clock_, metrics_, 0};
  QueryHandler handler_{queries_, plugins::DroppedMetrics(metrics_, "dns://.:53", 0)};
  std::shared_ptr<Sink> sink_ = std::make_shared<Sink>();
  std::vector<std::uint8_t> out_ = std::vector<std::uint8_t>(kMaxUdpAnswer);
};

TEST_F(Handling, DeliversTheReplyToAQueryThatWaited) {
  runtime::Completion<int> done;
  EXPECT_EQ(handle(&done).result, Result::waits);
  EXPECT_EQ(queries_.waiting, 1U);
  EXPECT_TRUE(sink_->replies.empty());
  done.deliver(1);
  EXPECT_EQ(queries_.waiting, 0U);
  ASSERT_EQ(sink_->replies.size(), 1U);
  EXPECT_EQ(rcode_of(sink_->replies[0]), dns::Rcode::NXDOMAIN);
}

// A sink that is told of a reply before it knows of a wait counts below zero, and reads on inside its own
// reading.
TEST_F(Handling, AnswersAtOnceWhatTurnsOutToNeedNoWait) {
  const auto handled = handle(nullptr);
  EXPECT_EQ(handled.result, Result::replied);
  EXPECT_EQ(rcode_of(dns::Bytes(out_).first(handled.size)), dns::Rcode::NXDOMAIN);
  EXPECT_TRUE(sink_->replies.empty());
  EXPECT_EQ(queries_.waiting, 0U);
}

TEST_F(Handling, LooksAheadForQueriesOfItsZonesAndCountsNothing) {
  bool pays = false;
  std::vector<std::string> names;
  serve("example.org.", std::make_unique<Foresighted>(pays, names));
  const auto ours = nld::testing::make_query(*dns::Name::from_text("www.example.org."));
  const auto other = nld::testing::make_query(*dns::Name::from_text("www.example.com."));
  EXPECT_FALSE(handler_.look_ahead_pays());
  pays = true;
  EXPECT_TRUE(handler_.look_ahead_pays());
  for (const dns::Bytes packet :
       {dns::Bytes(ours), dns::Bytes(other), dns::Bytes(ours).first(20), dns::Bytes()})
    handler_.look_ahead(packet).load();
  EXPECT_EQ(names, std::vector<std::string>{"www.example.org."});
  for (const metrics::Counter* counter : queries_.malformed) EXPECT_EQ(counter->value(), 0U);
}

}  // namespace
}  // namespace nld::server
