// Replies as bytes: flags, spelling, TTLs, OPT, truncation, and what a broken packet gets.
#include "server/render.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "dns/builder.hpp"

namespace nld::server {
namespace {

namespace flag = dns::flag;

class Render : public testing::Test {
 protected:
  pipeline::Request& request(std::string_view name, std::uint16_t flags,
                             std::optional<std::uint16_t> edns_size, bool dnssec_ok = false) {
    dns::MessageBuilder builder(packet_);
    builder.set_id(0x1234);
    builder.set_flags(flags);
    builder.add_question(dns::Name::from_text(name)->wire(), dns::RRType::TXT, dns::RRClass::IN);
    if (edns_size) builder.add_opt(*edns_size, 0, dnssec_ok, {});
    request_.query = *dns::parse_query(builder.message());
    return request_;
  }
  /// TXT answer with `size` octets of text, stored with AA and AD set.
  static pipeline::Reply reply(std::size_t size, std::string_view plugin) {
    std::vector<std::uint8_t> buffer(8192);
    dns::MessageBuilder builder(buffer);
    builder.set_flags(flag::QR | flag::AA | flag::AD);
    const dns::Name name = *dns::Name::from_text("www.example.org.");
    builder.add_question(name.wire(), dns::RRType::TXT, dns::RRClass::IN);
    std::vector<std::uint8_t> rdata;
    while (size > 0) {
      const std::size_t part = std::min<std::size_t>(size, 255);
      rdata.push_back(static_cast<std::uint8_t>(part));
      rdata.insert(rdata.end(), part, 'x');
      size -= part;
    }
    builder.add_record(dns::Section::answer, name.wire(), dns::RRType::TXT, dns::RRClass::IN, 300, rdata);
    const std::uint16_t ttl_at = dns::kHeaderSize + 17 + 4 + 2 + 4;  // behind the question and a pointer
    pipeline::Reply made;
    made.answer_with(cache::Answer::make({}, builder.message(), std::array{ttl_at}), plugin);
    return made;
  }
  dns::Bytes render_it(const pipeline::Reply& reply) {
    out_.assign(dns::kMaxMessageSize, 0xEE);
    const Rendered rendered = render(request_, reply, out_);
    return dns::Bytes(out_).first(rendered.size);
  }
  std::array<std::uint8_t, 512> packet_{};
  pipeline::Request request_;
  std::vector<std::uint8_t> out_;
};

TEST_F(Render, KeepsIdSpellingAndReplacesTtls) {
  request("WwW.eXample.org.", flag::RD | flag::CD, std::nullopt);
  auto made = reply(10, "cache");
  made.ttl = 7;
  const dns::Bytes message = render_it(made);
  const dns::Header header = dns::read_header(message);
  EXPECT_EQ(header.id, 0x1234);
  EXPECT_EQ(header.flags, flag::QR | flag::RD | flag::RA | flag::CD) << "no AA from a cache, no AD unasked";
  EXPECT_EQ(dns::read_name(message, dns::kHeaderSize)->name.to_text(), "WwW.eXample.org.");
  EXPECT_EQ(header.arcount, 0) << "no OPT for a client without EDNS";
  EXPECT_EQ(dns::get32(message, 39), 7U);
}

TEST_F(Render, AaOfAnAuthorityAndAdForThoseWhoAsk) {
  request("www.example.org.", flag::RD | flag::AD, std::nullopt);
  EXPECT_EQ(dns::read_header(render_it(reply(10, "forward"))).flags & (flag::AA | flag::AD),
            flag::AA | flag::AD);
  request("www.example.org.", flag::RD, 1232, true);
  EXPECT_TRUE(dns::read_header(render_it(reply(10, "cache"))).has(flag::AD)) << "DO asks too";
}

TEST_F(Render, TruncatesToTheClientsSizeWithOptInside) {
  request("www.example.org.", 0, 600);
  const dns::Bytes cut = render_it(reply(1000, "cache"));
  const dns::Header header = dns::read_header(cut);
  EXPECT_TRUE(header.has(flag::TC));
  EXPECT_EQ(header.ancount, 0);
  EXPECT_EQ(header.arcount, 1) << "the OPT stays";
  EXPECT_LE(cut.size(), 600U);
  request("www.example.org.", 0, 1500);
  EXPECT_FALSE(dns::read_header(render_it(reply(1000, "cache"))).has(flag::TC));
}

TEST_F(Render, ExactlyFittingIsNotTruncated) {
  request("www.example.org.", 0, std::nullopt);
  std::size_t size = 400;
  while (render_it(reply(size, "cache")).size() < dns::kPlainUdpSize &&
         !dns::read_header(render_it(reply(size + 1, "cache"))).has(flag::TC)) {
    ++size;
  }
  EXPECT_EQ(render_it(reply(size, "cache")).size(), dns::kPlainUdpSize);
}

TEST_F(Render, OfferedSizesAreBounded) {
  EXPECT_EQ(size_limit(request("a.", 0, 100)), dns::kPlainUdpSize);
  EXPECT_EQ(size_limit(request("a.", 0, 65535)), kMaxUdpAnswer);
  request_.transport = pipeline::Transport::tcp;
  EXPECT_EQ(size_limit(request("a.", 0, 512)), dns::kMaxMessageSize);
}

TEST_F(Render, ExtendedRcodeAndErrorGoIntoOpt) {
  request("www.example.org.", 0, 1232);
  pipeline::Reply made;
  made.rcode = dns::Rcode::BADVERS;
  made.extended_error = dns::ExtendedError::stale_answer;
  const dns::Bytes message = render_it(made);
  EXPECT_EQ(dns::read_header(message).flags & flag::kRcodeMask, 0);
  const auto query = dns::parse_query(packet_);
  dns::RecordCursor cursor(message, dns::read_header(message), query->question_end);
  const auto opt = cursor.next();
  ASSERT_TRUE(opt && *opt);
  EXPECT_EQ((*opt)->ttl >> 24U, 1U);
  const auto error = dns::find_option(message.subspan((*opt)->rdata_offset, (*opt)->rdata_size),
                                      dns::OptionCode::extended_error);
  ASSERT_TRUE(error);
  EXPECT_EQ(dns::get16(*error, 0), 3);
}

TEST(RenderFault, SilenceForWhatMustNotBeAnswered) {
  std::array<std::uint8_t, 12> packet{0xAB, 0xCD, 0x01, 0x00};
  std::array<std::uint8_t, 512> out{};
  EXPECT_EQ(render_fault(packet, dns::QueryFault::response, out), 0U);
  EXPECT_EQ(render_fault(dns::Bytes(packet).first(5), dns::QueryFault::too_short, out), 0U);
  ASSERT_EQ(render_fault(packet, dns::QueryFault::question_count, out), dns::kHeaderSize);
  EXPECT_EQ(dns::get16(out, 0), 0xABCD);
  EXPECT_EQ(dns::get16(out, 2), flag::QR | flag::RD | 1);
  packet[2] = 0x20;  // NOTIFY
  ASSERT_EQ(render_fault(packet, dns::QueryFault::opcode, out), dns::kHeaderSize);
  EXPECT_EQ(dns::get16(out, 2), flag::QR | 0x2000 | 4);
}

TEST_F(Render, PadsEncryptedAnswersToThoseWhoPad) {
  std::array<std::uint8_t, 8> padding{0, 12, 0, 4};
  const auto asked = [&](dns::Bytes options, bool encrypted) {
    dns::MessageBuilder builder(packet_);
    builder.add_question(dns::Name::from_text("www.example.org.")->wire(), dns::RRType::TXT,
                         dns::RRClass::IN);
    builder.add_opt(1232, 0, true, options);
    request_.query = *dns::parse_query(builder.message());
    request_.transport = pipeline::Transport::tcp;
    request_.encrypted = encrypted;
  };
  for (const std::size_t size : {10UZ, 400UZ, 405UZ, 406UZ, 407UZ, 900UZ}) {
    asked(padding, true);
    auto made = reply(size, "cache");
    made.extended_error = dns::ExtendedError::stale_answer;
    const dns::Bytes padded = render_it(made);
    EXPECT_EQ(padded.size() % kPaddingBlock, 0U) << size;
    // A reader finds both options in an OPT that ends the message.
    const auto info = dns::examine_response(padded, dns::Name::from_text("www.example.org.")->wire(),
                                            dns::RRType::TXT, dns::RRClass::IN);
    ASSERT_TRUE(info) << size;
    EXPECT_TRUE(info->has_opt);
    const std::size_t full = padded.size();
    asked(padding, false);
    EXPECT_LT(render_it(made).size(), full) << "not in plain text";
    asked({}, true);
    EXPECT_LT(render_it(made).size(), full) << "not for those who do not pad";
  }
  asked(padding, true);
  const auto huge = reply(dns::kMaxMessageSize - 2000, "cache");
  EXPECT_LE(render_it(huge).size(), dns::kMaxMessageSize);
}

}  // namespace
}  // namespace nld::server
