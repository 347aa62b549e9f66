// What rules make of a query's name, type, class and options.
#include "plugins/rewrite/rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "dns/builder.hpp"
#include "unit/plugins/config/world.hpp"

namespace nld::plugins::testing {
namespace {

using namespace rewriting;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

class RewriteRules : public ::testing::Test {
 protected:
  std::optional<Rewritten> apply(std::string_view lines, const std::string& name = "www.example.org.",
                                 dns::RRType type = dns::RRType::A) {
    rules_.emplace(accepted(lines).rewrite);
    dns::MessageBuilder builder(space_);
    builder.add_question(dns::Name::from_text(name)->wire(), type, cls_);
    if (!options_.empty()) builder.add_opt(1232, 0, false, options_);
    request_.query = *dns::parse_query(builder.message());
    request_.client = *runtime::SocketAddress::from_ip(client_, 0x1234);
    request_.local = *runtime::SocketAddress::from_ip("169.254.20.10", 53);
    return rules_->apply(request_);
  }
  std::string name_after(std::string_view lines, const std::string& name) {
    const auto rewritten = apply(lines, name);
    if (!rewritten) return "as it was";
    return rewritten->error.empty() ? rewritten->name.to_text() : rewritten->error;
  }
  std::vector<std::uint8_t> options_after(std::string_view lines) {
    const auto rewritten = apply(lines);
    return rewritten ? rewritten->options : std::vector<std::uint8_t>{0xEE};
  }

  std::optional<Rules> rules_;
  std::array<std::uint8_t, 1024> space_{};
  pipeline::Request request_;
  dns::RRClass cls_ = dns::RRClass::IN;
  std::vector<std::uint8_t> options_;
  std::string client_ = "10.1.2.3";
};

TEST_F(RewriteRules, Names) {
  EXPECT_EQ(name_after("rewrite name www.example.org a.test", "WWW.example.ORG."), "a.test.");
  EXPECT_EQ(name_after("rewrite name prefix www web", "www.example.org."), "web.example.org.");
  EXPECT_EQ(name_after("rewrite name suffix org com", "www.example.org."), "www.example.com.");
  EXPECT_EQ(name_after("rewrite name substring example. sample-", "www.example.org."), "www.sample-org.");
  EXPECT_EQ(name_after("rewrite name regex (.*)\\.example\\.(.*) {2}{1}.test", "www.example.org."),
            "org.www.test.");
  EXPECT_EQ(name_after("rewrite name a.test b.test", "www.example.org."), "as it was");
  EXPECT_EQ(name_after("rewrite name exact . root.test", "."), "root.test.");
  EXPECT_EQ(name_after("rewrite name a.test .", "a.test."), ".");
  EXPECT_EQ(name_after("rewrite name suffix .test .", "a.test."), "a.");
}

TEST_F(RewriteRules, ANameThatIsNoneIsAnError) {
  EXPECT_EQ(name_after("rewrite name prefix www.ex .", "www.example.org."),
            "invalid name after rewrite: .ample.org.");
  EXPECT_EQ(name_after("rewrite name prefix w " + std::string(70, 'w'), "w.org."),
            "invalid name after rewrite: " + std::string(70, 'w') + ".org.");
}

TEST_F(RewriteRules, StopAndContinue) {
  const char* const lines =
      "rewrite continue name suffix org net\nrewrite type A AAAA\nrewrite name suffix net com";
  const auto rewritten = apply(lines);
  ASSERT_TRUE(rewritten);
  EXPECT_EQ(rewritten->name.to_text(), "www.example.net.");
  EXPECT_EQ(rewritten->type, dns::RRType::AAAA);
  EXPECT_EQ(apply(lines, "www.example.org.", dns::RRType::MX)->name.to_text(), "www.example.com.");
}

TEST_F(RewriteRules, ARuleIsNotAppliedAgainToWhatItMade) {
  EXPECT_EQ(name_after("rewrite continue name prefix a aa\nrewrite continue name prefix aa b", "a.test."),
            "b.test.");
}

TEST_F(RewriteRules, Classes) {
  cls_ = dns::RRClass::CH;
  EXPECT_EQ(apply("rewrite class CH IN")->cls, dns::RRClass::IN);
  EXPECT_TRUE(rules_->takes(dns::RRClass::CH));
  EXPECT_FALSE(rules_->takes(dns::RRClass::HS));
}

TEST_F(RewriteRules, Options) {
  EXPECT_THAT(options_after("rewrite edns0 local set 0xffee 0x6162"),
              ElementsAre(0xff, 0xee, 0, 2, 'a', 'b'));
  EXPECT_THAT(options_after("rewrite edns0 local set 0xffee ab"), ElementsAre(0xff, 0xee, 0, 2, 'a', 'b'));
  EXPECT_THAT(options_after("rewrite edns0 local set 1 {qtype}"), ElementsAre(0, 1, 0, 2, 0, 1));
  EXPECT_THAT(options_after("rewrite edns0 local set 1 {client_ip}"), ElementsAre(0, 1, 0, 4, 10, 1, 2, 3));
  EXPECT_THAT(options_after("rewrite edns0 local set 1 {client_port}"), ElementsAre(0, 1, 0, 2, 0x12, 0x34));
  EXPECT_THAT(options_after("rewrite edns0 local set 1 {server_ip}"),
              ElementsAre(0, 1, 0, 4, 169, 254, 20, 10));
  EXPECT_THAT(options_after("rewrite edns0 local set 1 {server_port}"), ElementsAre(0, 1, 0, 2, 0, 53));
  EXPECT_THAT(options_after("rewrite edns0 local set 1 {protocol}"), ElementsAre(0, 1, 0, 3, 'u', 'd', 'p'));
  EXPECT_THAT(options_after("rewrite edns0 subnet set 20 56"),
              ElementsAre(0, 8, 0, 7, 0, 1, 20, 0, 10, 1, 0));
  EXPECT_THAT(options_after("rewrite edns0 subnet set 0 56"), ElementsAre(0, 8, 0, 4, 0, 1, 0, 0));
  client_ = "2001:db8:ffff::1";
  EXPECT_THAT(options_after("rewrite edns0 subnet set 24 36"),
              ElementsAre(0, 8, 0, 9, 0, 2, 36, 0, 0x20, 0x01, 0x0d, 0xb8, 0xf0));
  const auto name = options_after("rewrite continue name suffix org net\nrewrite edns0 local set 1 {qname}");
  EXPECT_EQ(std::string(name.begin() + 4, name.end()), "www.example.net.");
}

TEST_F(RewriteRules, WhatTheClientBroughtAlong) {
  options_ = {0, 1, 0, 1, 'x', 0, 2, 0, 1, 'y'};
  EXPECT_THAT(options_after("rewrite edns0 local set 1 a"), ElementsAre(0, 2, 0, 1, 'y', 0, 1, 0, 1, 'a'));
  EXPECT_THAT(apply("rewrite edns0 local set 1 a")->added_options, ElementsAre(0, 1, 0, 1, 'a'));
  EXPECT_THAT(options_after("rewrite edns0 local unset 1"), ElementsAre(0, 2, 0, 1, 'y'));
  EXPECT_THAT(options_after("rewrite edns0 local replace 2 z"),
              ElementsAre(0, 1, 0, 1, 'x', 0, 2, 0, 1, 'z'));
}

TEST_F(RewriteRules, AClientsNsidIsForUsAndARulesForTheUpstream) {
  EXPECT_THAT(apply("rewrite edns0 nsid set")->added_options, ElementsAre(0, 3, 0, 0));
  EXPECT_FALSE(apply("rewrite edns0 nsid replace"));
  options_ = {0, 3, 0, 0};
  for (const char* verb : {"set", "append", "replace"}) {
    const auto rewritten = apply("rewrite edns0 nsid " + std::string(verb));
    ASSERT_TRUE(rewritten) << verb;
    EXPECT_THAT(rewritten->options, ElementsAre(0, 3, 0, 0)) << verb;
    EXPECT_THAT(rewritten->added_options, ElementsAre(0, 3, 0, 0)) << verb;
  }
}

TEST_F(RewriteRules, Metadata) {
  const pipeline::Metadata published{{"metadata/pool", "web"}, {"metadata/empty", ""}};
  EXPECT_FALSE(apply("rewrite edns0 local set 1 {metadata/pool}")) << "no metadata directive";
  request_.metadata = &published;
  EXPECT_THAT(options_after("rewrite edns0 local set 1 {metadata/pool}"),
              ElementsAre(0, 1, 0, 3, 'w', 'e', 'b'));
  EXPECT_FALSE(apply("rewrite edns0 local set 1 {metadata/empty}"));
  EXPECT_FALSE(apply("rewrite edns0 local set 1 {metadata/other}"));
}

TEST_F(RewriteRules, WhatHasNothingToDoDoesNotStop) {
  options_ = {0, 1, 0, 1, 'x'};
  const auto rewritten = apply(
      "rewrite edns0 local append 1 a\nrewrite edns0 local replace 2 b\nrewrite edns0 local set 3 {a/b}\n"
      "rewrite type A MX");
  ASSERT_TRUE(rewritten);
  EXPECT_THAT(rewritten->options, ElementsAreArray(options_));
  EXPECT_THAT(rewritten->added_options, IsEmpty());
  EXPECT_EQ(rewritten->type, dns::RRType::MX);
  EXPECT_FALSE(apply("rewrite edns0 local append 1 a"));
}

}  // namespace
}  // namespace nld::plugins::testing
