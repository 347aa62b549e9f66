// Random but reproducible well-formed responses of many record types, with odd names and compression.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "dns/builder.hpp"
#include "raw_message.hpp"

namespace nld::dns::test {

class MessageGenerator {
 public:
  explicit MessageGenerator(std::uint32_t seed) : random_(seed) {}

  std::vector<std::uint8_t> next() {
    std::vector<std::uint8_t> buffer(4096);
    MessageBuilder builder(buffer);
    zone_ = name_below(Name{}, 1 + below(2));
    builder.set_id(static_cast<std::uint16_t>(random_()));
    builder.set_flags(static_cast<std::uint16_t>(flag::QR | (random_() & 0x07BFU)));  // opcode QUERY
    builder.add_question(name_below(zone_, below(3)).wire(), type(), RRClass::IN);
    for (const Section section : {Section::answer, Section::authority, Section::additional}) {
      for (unsigned left = below(5); left > 0; --left) add_record(builder, section);
    }
    if (below(2) == 0) {
      const RawMessage options = below(2) == 0 ? RawMessage{} : RawMessage{}.u16(10).u16(8).text("8 octets");
      builder.add_opt(static_cast<std::uint16_t>(below(5000)), 0, below(2) == 0, options.bytes());
    }
    if (below(4) == 0) add_record(builder, Section::additional);  // the OPT then stands in the middle
    buffer.resize(builder.size());
    return buffer;
  }

  unsigned below(std::size_t limit) { return static_cast<unsigned>(random_() % limit); }

 private:
  static constexpr std::array kTypes{
      RRType::A,  RRType::AAAA,  RRType::NS,   RRType::CNAME,  RRType::SOA,   RRType::PTR,
      RRType::MX, RRType::TXT,   RRType::SRV,  RRType::NAPTR,  RRType::HINFO, RRType::DNAME,
      RRType::DS, RRType::RRSIG, RRType::NSEC, RRType::MINFO,  RRType::RP,    RRType::AFSDB,
      RRType::RT, RRType::PX,    RRType::KX,   RRType::DNSKEY, RRType::MB,    static_cast<RRType>(65280)};

  RRType type() { return kTypes[below(kTypes.size())]; }

  Name name_below(const Name& parent, unsigned labels) {
    RawMessage wire;
    for (; labels > 0; --labels) {
      const unsigned size = 1 + below(below(20) == 0 ? 63 : 8);
      wire.u8(size);
      const bool odd = below(6) == 0;
      for (unsigned at = 0; at < size; ++at)
        wire.u8(odd ? below(256) : static_cast<unsigned>("abcdeABCDE-_019"[below(15)]));
    }
    const auto made = Name::from_wire(wire.raw(parent.wire()).bytes());
    return made.value_or(parent);
  }

  RawMessage some_name() {
    return RawMessage{}.raw(name_below(below(3) == 0 ? Name{} : zone_, below(4)).wire());
  }

  RawMessage octets(std::size_t count) {
    RawMessage raw;
    while (raw.size() < count) raw.u8(below(256));
    return raw;
  }

  RawMessage string() {
    const RawMessage letters = octets(below(20));
    return RawMessage{}.u8(static_cast<unsigned>(letters.size())).raw(letters.bytes());
  }

  RawMessage rdata(RRType type) {
    switch (type) {
      case RRType::A:
        return octets(4);
      case RRType::AAAA:
        return octets(16);
      case RRType::NS:
      case RRType::CNAME:
      case RRType::PTR:
      case RRType::DNAME:
      case RRType::MB:
        return some_name();
      case RRType::SOA:
        return some_name().raw(some_name().bytes()).raw(octets(20).bytes());
      case RRType::MINFO:
      case RRType::RP:
        return some_name().raw(some_name().bytes());
      case RRType::MX:
      case RRType::AFSDB:
      case RRType::RT:
      case RRType::KX:
        return octets(2).raw(some_name().bytes());
      case RRType::PX:
        return octets(2).raw(some_name().bytes()).raw(some_name().bytes());
      case RRType::SRV:
        return octets(6).raw(some_name().bytes());
      case RRType::NAPTR:
        return octets(4)
            .raw(string().bytes())
            .raw(string().bytes())
            .raw(string().bytes())
            .raw(some_name().bytes());
      case RRType::TXT:
      case RRType::HINFO:
        return string().raw(string().bytes());
      case RRType::DS:
        return octets(4 + 20);
      case RRType::DNSKEY:
        return octets(4 + 16);
      case RRType::RRSIG:
        return octets(18).raw(some_name().bytes()).raw(octets(32).bytes());
      case RRType::NSEC:
        return some_name().u8(0).u8(1).u8(0x40);
      default:
        return octets(below(30));
    }
  }

  void add_record(MessageBuilder& builder, Section section) {
    const RRType chosen = type();
    const Name owner = name_below(zone_, below(4));
    const RawMessage data = rdata(chosen);
    const bool one_name = chosen == RRType::NS || chosen == RRType::CNAME || chosen == RRType::PTR;
    if (one_name && below(2) == 0) {
      builder.add_name_record(section, owner.wire(), chosen, RRClass::IN,
                              static_cast<std::uint32_t>(random_()), data.bytes());
    } else {
      builder.add_record(section, owner.wire(), chosen, RRClass::IN, static_cast<std::uint32_t>(random_()),
                         data.bytes());
    }
  }

  std::mt19937 random_;
  Name zone_;
};

}  // namespace nld::dns::test
