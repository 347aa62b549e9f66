// Which queries are forwarded, what is asked, and what becomes of the answer.
#include "plugins/forward/forward.hpp"

#include <gmock/gmock.h>

#include "forward_fixture.hpp"

namespace nld::testing {
namespace {

using pipeline::Transport;
using pipeline::Verdict;
using ::testing::ElementsAre;
using upstream::Protocol;

struct Forwarding : ForwardFixture {
  bool takes(std::string_view name) {
    if (!chain) build();
    const Message packet = make_query(name_of(name));
    pipeline::Request request;
    pipeline::Reply reply;
    request.query = dns::parse_query(packet).value();
    return chain->plugins()[0]->handle(request, reply) == Verdict::wait;
  }
};

TEST_F(Forwarding, TakesNamesAtAndBelowFromThatAreNotExcepted) {
  config.from = name_of("example.org.");
  config.except = {name_of("example.org."), name_of("internal.example.org.")};
  EXPECT_TRUE(takes("example.org.")) << "FROM itself is never excepted";
  EXPECT_TRUE(takes("EXAMPLE.org."));
  EXPECT_FALSE(takes("www.example.org."));
  config.except = {name_of("internal.example.org.")};
  chain.reset();
  EXPECT_TRUE(takes("www.example.org."));
  EXPECT_FALSE(takes("internal.example.org."));
  EXPECT_FALSE(takes("a.INTERNAL.example.org."));
  EXPECT_FALSE(takes("badexample.org."));
  EXPECT_FALSE(takes("."));
}

TEST_F(Forwarding, SendsItsOwnQuery) {
  at(1).says({});
  std::array<std::uint8_t, 512> buffer{};
  dns::MessageBuilder builder(buffer);
  builder.set_id(0x1234);
  builder.set_flags(dns::flag::RD | dns::flag::CD);
  builder.add_question(name_of("WWW.Example.org.").wire(), dns::RRType::AAAA, dns::RRClass::IN);
  const Message options{0, 3,  0, 0,              // NSID
                        0, 8,  0, 4, 0, 1, 0, 0,  // client subnet
                        0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 11, 0, 0, 0, 12, 0, 2, 0, 0};
  builder.add_opt(4096, 0, true, options);
  complete(start(Message{builder.message().begin(), builder.message().end()}));
  ASSERT_EQ(at(1).asked.size(), 1U);
  const auto sent = dns::parse_query(at(1).asked[0].message);
  ASSERT_TRUE(sent);
  EXPECT_EQ(dns::to_text(sent->name), "www.example.org.");
  EXPECT_EQ(sent->type, dns::RRType::AAAA);
  EXPECT_EQ(sent->header.flags, dns::flag::RD | dns::flag::CD | dns::flag::AD);
  ASSERT_TRUE(sent->edns);
  EXPECT_EQ(sent->edns->udp_size, 1232);
  EXPECT_TRUE(sent->edns->dnssec_ok);
  EXPECT_THAT(sent->edns->options, ElementsAre(0, 8, 0, 4, 0, 1, 0, 0));
}

TEST_F(Forwarding, AddsEdnsForAClientWithout) {
  at(1).says({});
  ask_and_wait();
  const auto sent = dns::parse_query(at(1).asked.at(0).message);
  ASSERT_TRUE(sent);
  ASSERT_TRUE(sent->edns);
  EXPECT_FALSE(sent->edns->dnssec_ok);
  EXPECT_TRUE(sent->edns->options.empty());
}

TEST_F(Forwarding, KeepsTheClientsProtocolUnlessTold) {
  at(1).says({});
  ask_and_wait("a.org.", Transport::udp);
  ask_and_wait("a.org.", Transport::tcp);
  config.prefer_udp = true;
  build();
  ask_and_wait("a.org.", Transport::tcp);
  config.force_tcp = true;
  build();
  ask_and_wait("a.org.", Transport::udp);
  std::vector<Protocol> protocols;
  for (const auto& asked : at(1).asked) protocols.push_back(asked.protocol);
  EXPECT_THAT(protocols, ElementsAre(Protocol::udp, Protocol::tcp, Protocol::udp, Protocol::tcp));
}

TEST_F(Forwarding, AnswersInTheFormForStoring) {
  at(1).says({.opt = true, .ttl = 77});
  const auto asking = ask_and_wait();
  ASSERT_NE(asking->reply.answer, nullptr);
  const auto& facts = asking->reply.answer->facts();
  EXPECT_EQ(facts.part, cache::Part::success);
  EXPECT_EQ(facts.kind, dns::ResponseKind::success);
  EXPECT_EQ(facts.ttl, 77U);
  EXPECT_EQ(facts.stored_at, clock.now());
  EXPECT_EQ(dns::read_header(asking->reply.answer->wire()).arcount, 0) << "no OPT";
  EXPECT_TRUE(asking->reply.cacheable);
}

TEST_F(Forwarding, SortsAnswersIntoTheCachesParts) {
  at(1).says({dns::Rcode::NXDOMAIN});
  EXPECT_EQ(ask_and_wait()->reply.answer->facts().part, cache::Part::denial);
  at(1).says({dns::Rcode::NOERROR, 0});
  EXPECT_EQ(ask_and_wait()->reply.answer->facts().part, cache::Part::denial);
  at(1).says({dns::Rcode::SERVFAIL});
  EXPECT_EQ(ask_and_wait()->reply.answer->facts().part, cache::Part::failure);
  at(1).says({dns::Rcode::REFUSED});
  EXPECT_EQ(ask_and_wait()->reply.answer->facts().part, cache::Part::failure);
}

TEST_F(Forwarding, GetsTheRestOfATruncatedAnswerOverTcp) {
  at(1).behave = [](const FakeExchanger::Asked& asked) -> FakeExchanger::Behaviour {
    if (asked.protocol == Protocol::tcp) return answer_to(asked.message, {.records = 100});
    return answer_to(asked.message, {.records = 0, .flags = dns::flag::TC});
  };
  const auto asking = ask_and_wait();
  EXPECT_EQ(dns::read_header(asking->reply.answer->wire()).ancount, 100);
  EXPECT_TRUE(asking->reply.cacheable);
  EXPECT_THAT(sequence, ElementsAre("10.0.0.1", "10.0.0.1"));
}

TEST_F(Forwarding, ReturnsATruncatedAnswerUncachedWhenTcpFails) {
  at(1).behave = [](const FakeExchanger::Asked& asked) -> FakeExchanger::Behaviour {
    if (asked.protocol == Protocol::tcp) return ExchangeError{ExchangeError::Kind::refused, "refused"};
    return answer_to(asked.message, {.records = 1, .flags = dns::flag::TC});
  };
  const auto asking = ask_and_wait();
  EXPECT_EQ(asking->reply.plugin, "forward");
  ASSERT_NE(asking->reply.answer, nullptr);
  EXPECT_TRUE(dns::read_header(asking->reply.answer->wire()).has(dns::flag::TC));
  EXPECT_FALSE(asking->reply.cacheable);
  EXPECT_EQ(asking->reply.error, "");
}

TEST_F(Forwarding, RemembersAnUpstreamThatKnowsNoEdns) {
  at(1).behave = [](const FakeExchanger::Asked& asked) -> FakeExchanger::Behaviour {
    const bool edns = dns::parse_query(asked.message)->edns.has_value();
    return answer_to(asked.message, {edns ? dns::Rcode::FORMERR : dns::Rcode::NOERROR});
  };
  EXPECT_EQ(ask_and_wait()->reply.rcode, dns::Rcode::NOERROR);
  EXPECT_EQ(at(1).asked.size(), 2U);
  EXPECT_EQ(ask_and_wait()->reply.rcode, dns::Rcode::NOERROR);
  EXPECT_EQ(at(1).asked.size(), 3U) << "asked without EDNS at once";
  advance(5min);
  EXPECT_EQ(ask_and_wait()->reply.rcode, dns::Rcode::NOERROR);
  EXPECT_EQ(at(1).asked.size(), 5U) << "tried anew after five minutes";
}

TEST_F(Forwarding, AFormerrWithOptIsNotAboutEdns) {
  at(1).says({.rcode = dns::Rcode::FORMERR, .opt = true});
  EXPECT_EQ(ask_and_wait()->reply.rcode, dns::Rcode::FORMERR);
  EXPECT_EQ(at(1).asked.size(), 1U);
}

TEST_F(Forwarding, AFormerrWithoutEdnsTooIsNotRemembered) {
  at(1).says({dns::Rcode::FORMERR});
  EXPECT_EQ(ask_and_wait()->reply.rcode, dns::Rcode::FORMERR);
  EXPECT_EQ(at(1).asked.size(), 2U);
  at(1).says({});
  ask_and_wait();
  EXPECT_TRUE(dns::parse_query(at(1).asked.back().message)->edns);
}

struct TwoForwards : Forwarding {
  TwoForwards() {
    upstreams({"10.0.0.1"});
    more.emplace_back();
    set_upstreams(more[0], {"10.0.0.9"});
    at(9).says({});
  }
};

TEST_F(TwoForwards, NextGoesOnForItsRcodesAlone) {
  config.next = {dns::Rcode::NXDOMAIN};
  at(1).says({dns::Rcode::NXDOMAIN});
  EXPECT_EQ(ask_and_wait()->reply.rcode, dns::Rcode::NOERROR);
  at(1).says({dns::Rcode::SERVFAIL});
  EXPECT_EQ(ask_and_wait()->reply.rcode, dns::Rcode::SERVFAIL);
  EXPECT_THAT(sequence, ElementsAre("10.0.0.1", "10.0.0.9", "10.0.0.1"));
}

TEST_F(TwoForwards, NextOnNodataGoesOnForAnEmptyAnswer) {
  config.next_on_nodata = true;
  at(1).says({dns::Rcode::NOERROR, 0});
  EXPECT_EQ(dns::read_header(ask_and_wait()->reply.answer->wire()).ancount, 1);
  at(1).says({dns::Rcode::NOERROR, 2});
  EXPECT_EQ(dns::read_header(ask_and_wait()->reply.answer->wire()).ancount, 2);
  at(1).says({dns::Rcode::NXDOMAIN});
  EXPECT_EQ(ask_and_wait()->reply.rcode, dns::Rcode::NXDOMAIN);
  EXPECT_THAT(sequence, ElementsAre("10.0.0.1", "10.0.0.9", "10.0.0.1", "10.0.0.1"));
}

TEST_F(TwoForwards, NextIsIgnoredWithoutAnotherForward) {
  more.clear();
  config.next = {dns::Rcode::NXDOMAIN};
  at(1).says({dns::Rcode::NXDOMAIN});
  EXPECT_EQ(ask_and_wait()->reply.rcode, dns::Rcode::NXDOMAIN);
}

TEST_F(Forwarding, RefusesMoreThanMaxConcurrent) {
  config.max_concurrent = 2;
  config.max_fails = 0;
  const auto first = start();
  const auto second = start();
  const auto third = start();
  ASSERT_TRUE(third->done);
  EXPECT_EQ(third->reply.rcode, dns::Rcode::REFUSED);
  EXPECT_EQ(third->reply.error, "concurrent queries exceeded maximum 2");
  EXPECT_EQ(third->reply.plugin, "");
  EXPECT_EQ(third->reply.answer, nullptr);
  EXPECT_TRUE(exposes("coredns_forward_max_concurrent_rejects_total 1"));
  EXPECT_FALSE(first->done);
  complete(first);
  complete(second);
  EXPECT_EQ(shared->concurrent, 0U);
  at(1).says({});
  EXPECT_EQ(ask_and_wait()->reply.rcode, dns::Rcode::NOERROR);
}

TEST_F(Forwarding, CountsBothGenerationsOfSeries) {
  at(1).says({dns::Rcode::NXDOMAIN});
  ask_and_wait();
  ask_and_wait();
  const std::string text = registry.expose();
  EXPECT_NE(text.find("coredns_forward_requests_total{to=\"10.0.0.1:53\"} 2"), std::string::npos) << text;
  EXPECT_TRUE(exposes("coredns_forward_responses_total{rcode=\"NXDOMAIN\",to=\"10.0.0.1:53\"} 2") ||
              exposes("coredns_forward_responses_total{to=\"10.0.0.1:53\",rcode=\"NXDOMAIN\"} 2"))
      << text;
  EXPECT_TRUE(exposes("coredns_forward_request_duration_seconds_count{"));
  EXPECT_TRUE(exposes("coredns_proxy_request_duration_seconds_count{"));
}

}  // namespace
}  // namespace nld::testing
