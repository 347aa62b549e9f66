// examine_response: kinds, TTLs, aliases, EDNS, and what is refused.
#include "dns/response.hpp"

#include <gtest/gtest.h>

#include "raw_message.hpp"

namespace nld::dns {
namespace {

using test::address;
using test::Counts;
using test::RawMessage;
using test::soa;
using test::target;

const Name kAsked = *Name::from_text("www.example.");

RawMessage response(Counts counts, unsigned rcode = 0, RRType type = RRType::A) {
  counts.question = 1;
  return RawMessage(5, static_cast<std::uint16_t>(flag::QR | flag::RD | flag::RA | rcode), counts)
      .question("WWW.example.", type);
}

std::expected<ResponseInfo, ResponseFault> examine(const RawMessage& message, RRType type = RRType::A) {
  return examine_response(message.bytes(), kAsked.wire(), type, RRClass::IN);
}

void expect(const RawMessage& message, ResponseKind kind, std::optional<std::uint32_t> ttl,
            RRType type = RRType::A) {
  const auto info = examine(message, type);
  ASSERT_TRUE(info.has_value()) << describe(info.error());
  EXPECT_EQ(info->kind, kind);
  EXPECT_EQ(info->ttl, ttl);
}

void expect_fault(const RawMessage& message, ResponseFault fault) {
  const auto info = examine(message);
  ASSERT_FALSE(info.has_value());
  EXPECT_EQ(describe(info.error()), describe(fault));
}

TEST(Response, SuccessTakesTheSmallestTtl) {
  RawMessage message = response({0, 2, 1, 2});
  message.pointer(12).fields(RRType::A, 300, address(1)).pointer(12).fields(RRType::A, 200, address(2));
  message.record("example.", RRType::NS, 100, target("ns.example."));
  message.record("ns.example.", RRType::A, 50, address(3)).opt();
  expect(message, ResponseKind::success, 50);
  EXPECT_TRUE(examine(message)->has_opt);
  EXPECT_FALSE(examine(message)->truncated);
}

TEST(Response, TopBitOfATtlMeansZero) {
  expect(response({0, 1, 0, 0}).pointer(12).fields(RRType::A, 0x80000000U, address(1)), ResponseKind::success,
         0);
}

TEST(Response, NegativeTtls) {
  const auto with_soa = [](unsigned rcode, std::uint32_t ttl, std::uint32_t minimum) {
    return response({0, 0, 1, 0}, rcode).record("example.", RRType::SOA, ttl, soa(minimum));
  };
  expect(with_soa(0, 300, 60), ResponseKind::nodata, 60);
  expect(with_soa(0, 30, 60), ResponseKind::nodata, 30);
  expect(with_soa(3, 300, 60), ResponseKind::nxdomain, 60);
  expect(with_soa(3, 30, 60), ResponseKind::nxdomain, 30);
  expect(response({}, 3), ResponseKind::nxdomain, std::nullopt);
  expect(response({}), ResponseKind::nodata, std::nullopt);
  // A SOA elsewhere says nothing about the negative answer.
  expect(response({0, 0, 0, 1}, 3).record("example.", RRType::SOA, 30, soa(60)), ResponseKind::nxdomain,
         std::nullopt);
}

TEST(Response, AnAliasBoundsTheNegativeTtl) {
  RawMessage message = response({0, 1, 1, 0}, 3);
  message.pointer(12).fields(RRType::CNAME, 5, target("gone.example."));
  message.record("example.", RRType::SOA, 300, soa(60));
  expect(message, ResponseKind::nxdomain, 5);
}

TEST(Response, Referral) {
  expect(response({0, 0, 1, 0}).record("example.", RRType::NS, 70, target("ns.example.")),
         ResponseKind::referral, 70);
  RawMessage both = response({0, 0, 2, 0});
  both.record("example.", RRType::NS, 70, target("ns.example."));
  both.record("example.", RRType::SOA, 300, soa(60));
  expect(both, ResponseKind::nodata, 60);
}

TEST(Response, Errors) {
  expect(response({}, 2), ResponseKind::servfail, std::nullopt);
  expect(response({}, 5), ResponseKind::other_error, std::nullopt);
  EXPECT_EQ(examine(response({}, 5))->rcode, Rcode::REFUSED);
}

TEST(Response, AliasChain) {
  RawMessage message = response({0, 3, 0, 0});
  message.pointer(12).fields(RRType::CNAME, 10, target("b.example."));
  message.record("B.example.", RRType::CNAME, 20, target("c.EXAMPLE."));
  message.record("c.example.", RRType::A, 30, address(1));
  expect(message, ResponseKind::success, 10);
}

TEST(Response, AliasChainInAnyOrder) {
  RawMessage message = response({0, 3, 0, 0});
  message.record("c.example.", RRType::A, 30, address(1));
  message.record("b.example.", RRType::CNAME, 20, target("c.example."));
  message.pointer(12).fields(RRType::CNAME, 10, target("b.example."));
  expect(message, ResponseKind::success, 10);
}

TEST(Response, AliasWithoutData) {
  RawMessage lone = response({0, 1, 0, 0});
  lone.pointer(12).fields(RRType::CNAME, 10, target("b.example."));
  expect(lone, ResponseKind::nodata, std::nullopt);
  RawMessage with_soa = response({0, 1, 1, 0});
  with_soa.pointer(12).fields(RRType::CNAME, 100, target("b.example."));
  with_soa.record("example.", RRType::SOA, 300, soa(60));
  expect(with_soa, ResponseKind::nodata, 60);
  RawMessage unrelated = response({0, 2, 0, 0});
  unrelated.pointer(12).fields(RRType::CNAME, 10, target("b.example."));
  unrelated.record("other.example.", RRType::A, 10, address(1));
  expect(unrelated, ResponseKind::nodata, std::nullopt);
}

TEST(Response, AliasLoopsEnd) {
  RawMessage message = response({0, 2, 0, 0});
  message.pointer(12).fields(RRType::CNAME, 10, target("b.example."));
  message.record("b.example.", RRType::CNAME, 10, target("www.example."));
  expect(message, ResponseKind::nodata, std::nullopt);
  RawMessage self = response({0, 1, 0, 0});
  self.pointer(12).fields(RRType::CNAME, 10, target("www.example."));
  expect(self, ResponseKind::nodata, std::nullopt);
}

TEST(Response, LongAliasChains) {
  const auto chain = [](int aliases) {
    RawMessage message = response({0, static_cast<std::uint16_t>(aliases + 1), 0, 0});
    std::string owner = "www.example.";
    for (int index = 0; index < aliases; ++index) {
      const std::string next = "n" + std::to_string(index) + ".example.";
      message.record(owner, RRType::CNAME, 9, target(next));
      owner = next;
    }
    message.record(owner, RRType::A, 9, address(1));
    return message;
  };
  expect(chain(63), ResponseKind::success, 9);
  expect(chain(200), ResponseKind::nodata, std::nullopt);
}

TEST(Response, AskingForTheAliasItself) {
  const auto message =
      response({0, 1, 0, 0}, 0, RRType::CNAME).pointer(12).fields(RRType::CNAME, 10, target("b.example."));
  expect(message, ResponseKind::success, 10, RRType::CNAME);
}

TEST(Response, AskingForAny) {
  for (const RRType type : {RRType::HINFO, RRType::RRSIG, RRType::CNAME}) {
    const RawMessage rdata = type == RRType::CNAME ? target("b.") : RawMessage{}.u32(0);
    expect(response({0, 1, 0, 0}, 0, RRType::ANY).pointer(12).fields(type, 10, rdata), ResponseKind::success,
           10, RRType::ANY);
  }
}

TEST(Response, SignaturesAreNoAnswer) {
  const auto message = [](RRType asked) {
    return response({0, 1, 0, 0}, 0, asked).pointer(12).fields(RRType::RRSIG, 10, RawMessage{}.u32(0));
  };
  expect(message(RRType::A), ResponseKind::nodata, std::nullopt);
  expect(message(RRType::RRSIG), ResponseKind::success, 10, RRType::RRSIG);
}

TEST(Response, OtherClassesAreNoAnswer) {
  RawMessage message = response({0, 1, 0, 0});
  message.pointer(12).fields(RRType::A, 10, address(1), RRClass::CH);
  expect(message, ResponseKind::nodata, std::nullopt);
}

TEST(Response, Dname) {
  const auto with_dname = [](bool with_cname, RRType asked) {
    RawMessage message = response({0, static_cast<std::uint16_t>(with_cname ? 3 : 2), 0, 0}, 0, asked);
    message.record("example.", RRType::DNAME, 40, target("elsewhere."));
    if (with_cname) message.record("www.example.", RRType::CNAME, 40, target("www.elsewhere."));
    message.record("www.elsewhere.", RRType::A, 40, address(1));
    return message;
  };
  expect(with_dname(true, RRType::A), ResponseKind::success, 40);
  expect(with_dname(false, RRType::A), ResponseKind::success, 40);
  expect(with_dname(true, RRType::CNAME), ResponseKind::success, 40, RRType::CNAME);
  // A DNAME does not cover its own owner (RFC 6672 §2.3).
  RawMessage at_owner = response({0, 2, 0, 0});
  at_owner.record("www.example.", RRType::DNAME, 40, target("elsewhere."));
  at_owner.record("elsewhere.", RRType::A, 40, address(1));
  expect(at_owner, ResponseKind::nodata, std::nullopt);
}

TEST(Response, DnameToATooLongName) {
  RawMessage message = response({0, 1, 0, 0});
  RawMessage longest;
  for (const std::size_t size : {63U, 63U, 63U, 61U}) longest.label(std::string(size, 'x'));
  message.record("example.", RRType::DNAME, 40, longest.u8(0));
  expect(message, ResponseKind::nodata, std::nullopt);
}

TEST(Response, ExtendedRcodeAndErrors) {
  RawMessage message = response({0, 0, 0, 1}, 7);
  message.opt(1232, 0x01000000U, RawMessage{}.u16(15).u16(4).u16(22).text("no").u16(15).u16(2).u16(3));
  const auto info = examine(message);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->rcode, Rcode::BADCOOKIE);
  EXPECT_EQ(info->kind, ResponseKind::other_error);
  EXPECT_EQ(info->extended_error, ExtendedError::no_reachable_authority);
  EXPECT_EQ(info->opt_options.size(), 14U);
  EXPECT_FALSE(info->ttl.has_value());
}

TEST(Response, ShortExtendedErrorIsIgnored) {
  const auto info = examine(response({0, 0, 0, 1}, 2).opt(1232, 0, RawMessage{}.u16(15).u16(1).u8(0)));
  ASSERT_TRUE(info.has_value());
  EXPECT_FALSE(info->extended_error.has_value());
}

TEST(Response, TsigDoesNotCountForTtl) {
  RawMessage message = response({0, 1, 0, 1});
  message.pointer(12).fields(RRType::A, 300, address(1)).record("key.", RRType::TSIG, 0, {});
  expect(message, ResponseKind::success, 300);
}

TEST(Response, NotOurs) {
  expect_fault(RawMessage{}.u32(0), ResponseFault::too_short);
  expect_fault(RawMessage(5, 0, {1, 0, 0, 0}).question("www.example.", RRType::A),
               ResponseFault::not_a_response);
  const RawMessage others[] = {
      RawMessage(5, flag::QR, {1, 0, 0, 0}).question("wwv.example.", RRType::A),
      RawMessage(5, flag::QR, {1, 0, 0, 0}).question("a.www.example.", RRType::A),
      RawMessage(5, flag::QR, {1, 0, 0, 0}).question(".", RRType::A),
      RawMessage(5, flag::QR, {1, 0, 0, 0}).question("www.example.", RRType::AAAA),
      RawMessage(5, flag::QR, {1, 0, 0, 0}).question("www.example.", RRType::A, RRClass::CH),
      RawMessage(5, flag::QR | 0x2000, {1, 0, 0, 0}).question("www.example.", RRType::A),
      RawMessage(5, flag::QR, {0, 0, 0, 0}),
  };
  for (const RawMessage& message : others) expect_fault(message, ResponseFault::question_mismatch);
}

TEST(Response, MissingQuestionIsAcceptedWithErrorsOnly) {
  for (const unsigned rcode : {1U, 2U, 4U, 5U}) {
    const auto info = examine(RawMessage(5, static_cast<std::uint16_t>(flag::QR | rcode), {}));
    ASSERT_TRUE(info.has_value()) << rcode;
    EXPECT_EQ(info->rcode, static_cast<Rcode>(rcode));
  }
  for (const unsigned rcode : {0U, 3U, 9U}) {
    expect_fault(RawMessage(5, static_cast<std::uint16_t>(flag::QR | rcode), {}),
                 ResponseFault::question_mismatch);
  }
}

TEST(Response, Malformed) {
  expect_fault(RawMessage(5, flag::QR, {1, 0, 0, 0}).label("www"), ResponseFault::malformed);
  expect_fault(RawMessage(5, flag::QR, {2, 0, 0, 0})
                   .question("www.example.", RRType::A)
                   .question("www.example.", RRType::A),
               ResponseFault::malformed);
  expect_fault(response({0, 1, 0, 0}), ResponseFault::malformed);
  expect_fault(response({0, 0, 0, 2}).opt().opt(), ResponseFault::malformed);
  expect_fault(response({0, 0, 0, 1}).opt(1232, 0, RawMessage{}.u8(1)), ResponseFault::malformed);
  // RDATA that does not fit its type would reach clients from the cache.
  expect_fault(response({0, 1, 0, 0}).pointer(12).fields(RRType::A, 1, RawMessage{}.u16(1)),
               ResponseFault::malformed);
  expect_fault(response({0, 1, 0, 0}).pointer(12).fields(RRType::CNAME, 1, RawMessage{}.pointer(4000)),
               ResponseFault::malformed);
}

TEST(Response, EveryTruncationIsMalformedUnlessItSaysSo) {
  RawMessage message = response({0, 1, 1, 1});
  message.pointer(12).fields(RRType::A, 300, address(1));
  message.record("example.", RRType::NS, 100, target("ns.example.")).opt();
  for (std::size_t size = 29; size < message.size(); ++size) {
    RawMessage part;
    part.raw(message.bytes().first(size));
    expect_fault(part, ResponseFault::malformed);
    part.octets()[2] |= flag::TC >> 8U;
    const auto info = examine(part);
    ASSERT_TRUE(info.has_value()) << size;
    EXPECT_TRUE(info->truncated);
    EXPECT_FALSE(info->ttl.has_value());
    EXPECT_FALSE(info->has_opt);
  }
}

TEST(Response, TrailingOctetsAreIgnored) {
  expect(response({0, 1, 0, 0}).pointer(12).fields(RRType::A, 300, address(1)).u32(0), ResponseKind::success,
         300);
}

}  // namespace
}  // namespace nld::dns
