// Longest match, few zones and many.
#include "server/zone_table.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "dns/builder.hpp"

namespace nld::server {
namespace {

std::shared_ptr<const pipeline::Chain> chain() {
  return pipeline::Chain::build({});
}

class Zones : public testing::TestWithParam<int> {
 protected:
  Zones() {
    for (const auto& [zone, its_chain] :
         {std::pair{".", root_}, {"example.org.", org_}, {"a.example.org.", a_}}) {
      table_.add(*dns::Name::from_text(zone), its_chain);
    }
    for (int at = 0; at < GetParam(); ++at) {
      table_.add(*dns::Name::from_text("z" + std::to_string(at) + ".test."), chain());
    }
  }
  const pipeline::Chain* find(const std::string& name, dns::RRType type = dns::RRType::A) {
    std::array<std::uint8_t, 512> buffer{};
    dns::MessageBuilder builder(buffer);
    builder.add_question(dns::Name::from_text(name)->wire(), type, dns::RRClass::IN);
    return table_.find(*dns::parse_query(builder.message())).get();
  }
  std::shared_ptr<const pipeline::Chain> root_ = chain(), org_ = chain(), a_ = chain();
  ZoneTable table_;
};

TEST_P(Zones, LongestSuffixWins) {
  EXPECT_EQ(find("www.example.com."), root_.get());
  EXPECT_EQ(find("example.org."), org_.get());
  EXPECT_EQ(find("b.example.org."), org_.get());
  EXPECT_EQ(find("x.A.Example.ORG."), a_.get());
  EXPECT_EQ(find("notexample.org."), root_.get()) << "labels, not characters";
  EXPECT_EQ(find("."), root_.get());
}

TEST_P(Zones, DsOfAnApexIsAskedOfTheParentSide) {
  EXPECT_EQ(find("a.example.org.", dns::RRType::DS), org_.get());
  EXPECT_EQ(find("x.a.example.org.", dns::RRType::DS), a_.get());
  EXPECT_EQ(find("example.org.", dns::RRType::DS), root_.get());
  EXPECT_EQ(find(".", dns::RRType::DS), root_.get());
}

// A scan below seventeen zones, an index above.
INSTANTIATE_TEST_SUITE_P(FewAndMany, Zones, testing::Values(0, 13, 14, 500));

TEST(ZoneTable, NoZoneHoldsTheName) {
  ZoneTable table;
  table.add(*dns::Name::from_text("example.org."), chain());
  std::array<std::uint8_t, 512> buffer{};
  dns::MessageBuilder builder(buffer);
  builder.add_question(dns::Name::from_text("example.com.")->wire(), dns::RRType::A, dns::RRClass::IN);
  EXPECT_EQ(table.find(*dns::parse_query(builder.message())), nullptr);
}

}  // namespace
}  // namespace nld::server
