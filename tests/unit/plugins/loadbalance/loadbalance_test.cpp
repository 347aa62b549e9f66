// The order of records in outgoing replies: what changes, what stays, and that every name still decodes.
#include "plugins/loadbalance/loadbalance.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "dns/rdata.hpp"
#include "unit/plugins/observed_query.hpp"
#include "unit/plugins/worker_services.hpp"

namespace nld::plugins {
namespace {

using dns::RRClass;
using dns::RRType;
using dns::Section;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

dns::Name name(std::string_view text) {
  return dns::Name::from_text(text).value();
}

class Loadbalance : public ::testing::Test {
 protected:
  Loadbalance() { builder_.add_question(query_.request.query.name, query_.request.query.type, RRClass::IN); }

  void address(std::string_view owner, int last, Section section = Section::answer) {
    const std::array<std::uint8_t, 4> rdata{10, 0, 0, static_cast<std::uint8_t>(last)};
    ASSERT_TRUE(builder_.add_record(section, name(owner).wire(), RRType::A, RRClass::IN, 30, rdata));
  }
  void cname(std::string_view owner, std::string_view target) {
    ASSERT_TRUE(builder_.add_name_record(Section::answer, name(owner).wire(), RRType::CNAME, RRClass::IN, 30,
                                         name(target).wire()));
  }
  void mx(std::string_view owner, std::uint16_t preference, std::string_view target) {
    std::vector<std::uint8_t> rdata(2);
    dns::put16(rdata, 0, preference);
    const dns::Name exchange = name(target);
    rdata.insert(rdata.end(), exchange.wire().begin(), exchange.wire().end());
    ASSERT_TRUE(builder_.add_record(Section::answer, name(owner).wire(), RRType::MX, RRClass::IN, 30, rdata));
  }

  /// One reply, its records as "owner type rdata" in their order.
  std::vector<std::string> amended(LoadbalancePlugin& plugin, std::size_t space = 4096) {
    std::vector<std::uint8_t> out(space);
    const dns::Bytes message = builder_.message();
    std::ranges::copy(message, out.begin());
    cache::Answer::Facts facts;
    query_.reply.answer_with(cache::Answer::make(facts, message, {}), "cache");
    pipeline::Draft draft{.space = out, .size = message.size(), .flags = 0};
    plugin.amend(query_.request, query_.reply, draft);
    return describe(dns::Bytes(out).first(draft.size));
  }
  std::vector<std::string> describe(dns::Bytes message) const {
    std::vector<std::string> out;
    dns::RecordCursor cursor(message, dns::read_header(message), query_.request.query.question_end);
    auto record = cursor.next();
    for (; record && *record; record = cursor.next()) {
      std::vector<std::uint8_t> rdata;
      EXPECT_TRUE(dns::expand_rdata(message, **record, rdata));
      std::string text = dns::read_name(message, (*record)->name_offset).value().name.to_text() + " " +
                         dns::to_string((*record)->type) + " ";
      if ((*record)->type == RRType::A) {
        text += std::to_string(rdata[3]);
      } else {
        const std::size_t skip = (*record)->type == RRType::MX ? 2 : 0;
        text += dns::Name::from_wire(dns::Bytes(rdata).subspan(skip)).value().to_text();
      }
      out.push_back(text);
    }
    EXPECT_TRUE(record) << "the message does not parse any more";
    EXPECT_EQ(cursor.offset(), message.size());
    return out;
  }
  LoadbalancePlugin plugin(LoadbalanceConfig config) {
    std::shared_ptr<WeightFile> file;
    if (config.weights) file = std::make_shared<WeightFile>("/nowhere", config.weights);
    return {std::move(config), file, worker_.services};
  }

  WorkerServices worker_;
  std::array<std::uint8_t, 4096> buffer_{};
  dns::MessageBuilder builder_{buffer_};
  ObservedQuery query_;
};

TEST_F(Loadbalance, EveryOrderOfASetComesEquallyOften) {
  for (const int last : {1, 2, 3}) address("example.org.", last);
  LoadbalancePlugin plugin = this->plugin({});
  std::map<std::vector<std::string>, int> seen;
  for (int i = 0; i < 6000; ++i) ++seen[amended(plugin)];
  EXPECT_EQ(seen.size(), 6U);
  for (const auto& [order, times] : seen) EXPECT_NEAR(times, 1000, 150);
}

TEST_F(Loadbalance, AliasesStayInFrontAndNamesKeepTheirAddresses) {
  cname("example.org.", "b.example.org.");
  cname("b.example.org.", "c.example.net.");
  for (const int last : {1, 2, 3}) address("c.example.net.", last);
  for (const int last : {11, 12}) address("ns1.example.net.", last, Section::additional);
  for (const int last : {21, 22}) address("ns2.example.net.", last, Section::additional);
  LoadbalancePlugin plugin = this->plugin({});
  std::set<std::string> third;
  std::set<std::string> sixth;
  for (int i = 0; i < 100; ++i) {
    const std::vector<std::string> records = amended(plugin);
    ASSERT_EQ(records.size(), 9U);
    EXPECT_EQ(records[0], "example.org. CNAME b.example.org.");
    EXPECT_EQ(records[1], "b.example.org. CNAME c.example.net.");
    third.insert(records[2]);
    sixth.insert(records[5]);
    EXPECT_THAT((std::vector(records.begin() + 5, records.begin() + 7)),
                UnorderedElementsAre("ns1.example.net. A 11", "ns1.example.net. A 12"));
    EXPECT_THAT((std::vector(records.begin() + 7, records.end())),
                UnorderedElementsAre("ns2.example.net. A 21", "ns2.example.net. A 22"));
  }
  EXPECT_EQ(third.size(), 3U);
  EXPECT_EQ(sixth.size(), 2U);
}

TEST_F(Loadbalance, AnAliasBehindItsAddressIsPutInFront) {
  address("b.example.org.", 1);
  cname("example.org.", "b.example.org.");
  LoadbalancePlugin plugin = this->plugin({});
  EXPECT_THAT(amended(plugin), ElementsAre("example.org. CNAME b.example.org.", "b.example.org. A 1"));
}

TEST_F(Loadbalance, MxRecordsAreShuffledThoughNamesPointIntoThem) {
  mx("example.org.", 10, "mail1.example.org.");
  mx("example.org.", 10, "mail2.example.org.");
  mx("example.org.", 20, "mail3.example.net.");
  address("mail1.example.org.", 1, Section::additional);
  address("mail3.example.net.", 3, Section::additional);
  LoadbalancePlugin plugin = this->plugin({});
  std::set<std::vector<std::string>> seen;
  for (int i = 0; i < 200; ++i) {
    const std::vector<std::string> records = amended(plugin);
    ASSERT_EQ(records.size(), 5U);
    EXPECT_THAT(
        (std::vector(records.begin(), records.begin() + 3)),
        UnorderedElementsAre("example.org. MX mail1.example.org.", "example.org. MX mail2.example.org.",
                             "example.org. MX mail3.example.net."));
    EXPECT_EQ(records[3], "mail1.example.org. A 1");
    EXPECT_EQ(records[4], "mail3.example.net. A 3");
    seen.insert(records);
  }
  EXPECT_EQ(seen.size(), 6U);
  EXPECT_EQ(amended(plugin, builder_.size()).size(), 5U) << "without room to write them anew they stay";
}

TEST_F(Loadbalance, WeightsSayHowOftenAnAddressIsFirst) {
  for (const int last : {1, 2, 3}) address("example.org.", last);
  LoadbalancePlugin plugin =
      this->plugin({.policy = LoadbalanceConfig::Policy::weighted,
                    .weights = Weights::parse("example.org\n10.0.0.1 3\n10.0.0.3 2\n").value()});
  std::map<std::string, int> first;
  for (int i = 0; i < 6000; ++i) ++first[amended(plugin).front()];
  EXPECT_NEAR(first["example.org. A 1"], 3000, 200);
  EXPECT_NEAR(first["example.org. A 2"], 1000, 150);
  EXPECT_NEAR(first["example.org. A 3"], 2000, 200);
}

TEST_F(Loadbalance, PreferredNetworksComeFirstInTheirOrder) {
  for (const int last : {1, 20, 2, 30, 21, 3}) address("example.org.", last);
  LoadbalancePlugin plugin = this->plugin(
      {.policy = LoadbalanceConfig::Policy::weighted,  // no file has a say: the rest keeps its order
       .weights = Weights::parse("").value(),
       .prefer = {*parse_network("10.0.0.30/32"), *parse_network("10.0.0.16/28")}});
  query_.request.query.type = RRType::ANY;  // a type that weights leave alone
  EXPECT_THAT(amended(plugin), ElementsAre("example.org. A 30", "example.org. A 20", "example.org. A 21",
                                           "example.org. A 1", "example.org. A 2", "example.org. A 3"));
}

TEST_F(Loadbalance, LeavesOtherRepliesAlone) {
  for (const int last : {1, 2, 3, 4, 5, 6, 7, 8}) address("example.org.", last);
  LoadbalancePlugin plugin = this->plugin({});
  const std::vector<std::string> before = describe(builder_.message());
  query_.reply.ours = true;
  EXPECT_EQ(amended(plugin), before);
  query_.reply.ours = false;
  EXPECT_NE(amended(plugin), before);
}

}  // namespace
}  // namespace nld::plugins
