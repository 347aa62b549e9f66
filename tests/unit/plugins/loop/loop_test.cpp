// A probe that comes back twice is a loop; anything else is not.
#include "plugins/loop/loop.hpp"

#include <gtest/gtest.h>

#include <array>

#include "dns/builder.hpp"
#include "runtime/system_random.hpp"

namespace nld::plugins {
namespace {

class Loop : public testing::Test {
 protected:
  pipeline::Verdict see(const dns::Name& name, dns::RRType type = dns::RRType::HINFO) {
    std::array<std::uint8_t, 512> buffer{};
    dns::MessageBuilder builder(buffer);
    builder.add_question(name.wire(), type, dns::RRClass::IN);
    pipeline::Request request;
    request.query = *dns::parse_query(builder.message());
    reply_ = {};
    return plugin_.handle(request, reply_);
  }
  runtime::SeededRandom random_{7};
  std::shared_ptr<LoopState> state_ = std::make_shared<LoopState>(*dns::Name::from_text("cluster.local."));
  LoopPlugin plugin_{state_};
  pipeline::Reply reply_;
};

TEST_F(Loop, SeenTwiceAnswersServfailForTheZone) {
  const dns::Name probe = state_->new_probe(random_);
  EXPECT_TRUE(probe.is_at_or_below(state_->zone()));
  EXPECT_EQ(see(probe), pipeline::Verdict::pass) << "our own sending";
  EXPECT_EQ(see(*dns::Name::from_text("other.cluster.local.")), pipeline::Verdict::pass);
  EXPECT_EQ(see(probe, dns::RRType::A), pipeline::Verdict::pass);
  EXPECT_FALSE(state_->looping());
  EXPECT_EQ(see(probe), pipeline::Verdict::answered);
  EXPECT_TRUE(state_->looping());
  EXPECT_EQ(see(*dns::Name::from_text("www.cluster.local."), dns::RRType::A), pipeline::Verdict::answered);
  EXPECT_EQ(reply_.rcode, dns::Rcode::SERVFAIL);
}

TEST_F(Loop, ANewProbeForgetsTheSightingsOfTheOld) {
  const dns::Name first = state_->new_probe(random_);
  see(first);
  const dns::Name second = state_->new_probe(random_);
  EXPECT_FALSE(first == second);
  see(first);
  see(second);
  EXPECT_FALSE(state_->looping());
}

TEST_F(Loop, DisarmedItLooksAtNothing) {
  const dns::Name probe = state_->new_probe(random_);
  state_->disarm();
  see(probe);
  see(probe);
  EXPECT_FALSE(state_->looping());
}

}  // namespace
}  // namespace nld::plugins
