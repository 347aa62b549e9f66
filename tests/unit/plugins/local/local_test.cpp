// What local names have.
#include "plugins/local/local.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns/rdata.hpp"
#include "unit/plugins/observed_query.hpp"
#include "unit/plugins/worker_services.hpp"

namespace nld::plugins {
namespace {

using ::testing::Eq;

class Local : public ::testing::Test {
 protected:
  /// "RCODE section owner type rdata-size" of the one record; "pass" when the name is not local.
  std::string ask(std::string_view asked, dns::RRType type, bool prefix = true) {
    LocalPlugin plugin({.prefix = prefix}, worker_.services);
    ObservedQuery query({.name = asked, .type = type});
    if (plugin.handle(query.request, query.reply) == pipeline::Verdict::pass) return "pass";
    const dns::Bytes wire = query.reply.answer->wire();
    dns::RecordCursor cursor(wire, dns::read_header(wire), query.request.query.question_end);
    const dns::RecordView record = cursor.next().value().value();
    EXPECT_FALSE(cursor.next().value()) << "one record and no more";
    EXPECT_EQ(record.ttl, 604800U);
    EXPECT_TRUE(query.reply.ours);
    return std::string(dns::mnemonic(query.reply.rcode)) +
           (record.section == dns::Section::answer ? " answer " : " authority ") +
           dns::read_name(wire, record.name_offset).value().name.to_text() + " " +
           dns::to_string(record.type) + " " + std::to_string(record.rdata_size);
  }

  WorkerServices worker_;
};

TEST_F(Local, Localhost) {
  EXPECT_THAT(ask("LocalHost.", dns::RRType::A), Eq("NOERROR answer LocalHost. A 4"));
  EXPECT_THAT(ask("localhost.", dns::RRType::AAAA), Eq("NOERROR answer localhost. AAAA 16"));
  EXPECT_THAT(ask("localhost.", dns::RRType::SOA), Eq("NOERROR answer localhost. SOA 47"));
  EXPECT_THAT(ask("localhost.", dns::RRType::NS), Eq("NOERROR answer localhost. NS 2"));
  EXPECT_THAT(ask("localhost.", dns::RRType::MX), Eq("NOERROR authority localhost. SOA 47"));
}

TEST_F(Local, NamesBelowAndInFrontOfIt) {
  EXPECT_THAT(ask("a.b.localhost.", dns::RRType::A), Eq("NOERROR answer a.b.localhost. A 4"));
  EXPECT_THAT(ask("a.localhost.", dns::RRType::TXT), Eq("NOERROR authority a.localhost. SOA 47"));
  EXPECT_THAT(ask("localhost.svc.cluster.local.", dns::RRType::A),
              Eq("NOERROR answer localhost.svc.cluster.local. A 4"));
  EXPECT_THAT(ask("localhost.svc.cluster.local.", dns::RRType::A, false), Eq("pass"));
  EXPECT_THAT(ask("a.localhost.", dns::RRType::A, false), Eq("NOERROR answer a.localhost. A 4"));
  EXPECT_THAT(ask("localhosts.", dns::RRType::A), Eq("pass"));
  EXPECT_THAT(ask("xlocalhost.test.", dns::RRType::A), Eq("pass"));
  EXPECT_THAT(ask("a.localhost.test.", dns::RRType::A), Eq("pass"));
  EXPECT_THAT(ask(".", dns::RRType::NS), Eq("pass"));
}

TEST_F(Local, ReverseZones) {
  EXPECT_THAT(ask("1.0.0.127.in-addr.arpa.", dns::RRType::PTR),
              Eq("NOERROR answer 1.0.0.127.in-addr.arpa. PTR 11"));
  EXPECT_THAT(ask("1.0.0.127.in-addr.arpa.", dns::RRType::A),
              Eq("NOERROR authority 127.in-addr.arpa. SOA 47"));
  EXPECT_THAT(ask("2.0.0.127.in-addr.arpa.", dns::RRType::PTR),
              Eq("NXDOMAIN authority 127.in-addr.arpa. SOA 47"));
  EXPECT_THAT(ask("255.in-addr.arpa.", dns::RRType::NS), Eq("NOERROR answer 255.in-addr.arpa. NS 11"));
  EXPECT_THAT(ask("0.in-addr.arpa.", dns::RRType::A), Eq("NOERROR authority 0.in-addr.arpa. SOA 47"));
  EXPECT_THAT(ask("1.0.in-addr.arpa.", dns::RRType::PTR), Eq("NXDOMAIN authority 0.in-addr.arpa. SOA 47"));
  EXPECT_THAT(ask("10.in-addr.arpa.", dns::RRType::NS), Eq("pass"));
}

}  // namespace
}  // namespace nld::plugins
