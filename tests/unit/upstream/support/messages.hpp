// Queries and the answers a test's server gives to them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "dns/builder.hpp"
#include "dns/message.hpp"
#include "dns/name.hpp"
#include "upstream/exchange.hpp"

namespace nld::testing {

using Message = std::vector<std::uint8_t>;

inline dns::Name name_of(std::string_view text) {
  return dns::Name::from_text(text).value();
}

inline Message make_query(const dns::Name& name, dns::RRType type = dns::RRType::A) {
  std::array<std::uint8_t, 512> buffer{};
  dns::MessageBuilder builder(buffer);
  builder.set_flags(dns::flag::RD);
  builder.add_question(name.wire(), type, dns::RRClass::IN);
  return {builder.message().begin(), builder.message().end()};
}

/// What a server says: question as asked, one A record for NOERROR unless `records` is 0.
struct Says {
  dns::Rcode rcode = dns::Rcode::NOERROR;
  std::size_t records = 1;
  std::uint16_t flags = 0;  ///< more than QR and RA
  bool opt = false;
  std::uint32_t ttl = 60;
};

inline Message answer_to(dns::Bytes query, const Says& says = {}) {
  const auto name = dns::read_name(query, dns::kHeaderSize).value();
  const auto type = static_cast<dns::RRType>(dns::get16(query, name.end));
  std::vector<std::uint8_t> buffer(dns::kMaxMessageSize);
  dns::MessageBuilder builder(buffer);
  builder.set_id(dns::get16(query, 0));
  builder.set_flags(static_cast<std::uint16_t>(dns::flag::QR | dns::flag::RA | says.flags |
                                               static_cast<std::uint16_t>(says.rcode)));
  builder.add_question(name.name.wire(), type, dns::RRClass::IN);
  for (std::size_t record = 0; record < says.records && says.rcode == dns::Rcode::NOERROR; ++record) {
    const std::array<std::uint8_t, 4> address{10, 0, static_cast<std::uint8_t>(record >> 8U),
                                              static_cast<std::uint8_t>(record)};
    builder.add_record(dns::Section::answer, name.name.wire(), dns::RRType::A, dns::RRClass::IN, says.ttl,
                       address);
  }
  if (says.opt) builder.add_opt(1232, 0, false, {});
  return {builder.message().begin(), builder.message().end()};
}

/// A question with everything it points at.
struct OwnedQuestion {
  explicit OwnedQuestion(std::string_view text) : name(name_of(text)), message(make_query(name)) {}
  [[nodiscard]] upstream::Question view() const {
    return {message, name.wire(), dns::RRType::A, dns::RRClass::IN};
  }
  dns::Name name;
  Message message;
};

}  // namespace nld::testing
