// What counts as missing, and what is left to others.
#include "agent/readiness.hpp"

#include <gmock/gmock.h>

namespace nld::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Node {
  AgentOptions options;
  NetworkStatus network;
  ServerStatus server;

  Node() {
    options.interface = "nodelocaldns";
    network.has_rules = true;
    network.rules_checked = WallTime{};
    network.link.emplace();
    server.state = ServerStatus::State::serving;
  }
  [[nodiscard]] std::vector<std::string> missing() const { return what_is_missing(options, network, server); }
};

TEST(Readiness, NothingIsMissingOnANodeInOrder) {
  EXPECT_THAT(Node().missing(), IsEmpty());
}

TEST(Readiness, EachPartIsNamedWithItsReason) {
  Node node;
  node.network.rules_error = "nft: no such file";
  node.network.link.reset();
  node.server.state = ServerStatus::State::waiting;
  node.server.last_end = "exited with 1";
  EXPECT_THAT(node.missing(), ElementsAre("rules: nft: no such file", "interface nodelocaldns: absent",
                                          "DNS server: waiting, last end: exited with 1"));
}

TEST(Readiness, AnInterfaceThatFailsSaysNothingAboutTheRules) {
  Node node;
  node.network.checked.reset();  // no pass was without an error
  node.network.link_error = "is a bridge, expected an interface for addresses";
  EXPECT_THAT(node.missing(),
              ElementsAre("interface nodelocaldns: is a bridge, expected an interface for addresses"));
}

TEST(Readiness, RulesThatWereNeverCheckedAreMissing) {
  Node node;
  node.network.rules_checked.reset();
  EXPECT_THAT(node.missing(), ElementsAre("rules: not checked yet"));
}

TEST(Readiness, WhatIsLeftToOthersIsNeverMissing) {
  Node node;
  node.options.setup_interface = false;
  node.options.setup_rules = false;
  node.network.link.reset();
  node.network.rules_checked.reset();
  EXPECT_THAT(node.missing(), IsEmpty());
  node.options.setup_rules = true;
  node.network.has_rules = false;  // mode none, or no cluster DNS to lead to
  EXPECT_THAT(node.missing(), IsEmpty());
}

TEST(Readiness, OnlyAServerThatAnswersCounts) {
  using State = ServerStatus::State;
  for (const State state : {State::waiting, State::starting, State::hung, State::ending, State::stopped}) {
    Node node;
    node.server.state = state;
    EXPECT_EQ(node.missing().size(), 1U) << to_string(state);
  }
}

}  // namespace
}  // namespace nld::agent
