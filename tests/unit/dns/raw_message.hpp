// Writes messages octet by octet, right or wrong, independently of the code under test.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "dns/message.hpp"
#include "dns/types.hpp"

namespace nld::dns::test {

struct Counts {
  std::uint16_t question = 0;
  std::uint16_t answer = 0;
  std::uint16_t authority = 0;
  std::uint16_t additional = 0;
};

class RawMessage {
 public:
  RawMessage() = default;
  RawMessage(std::uint16_t id, std::uint16_t flags, Counts counts) {
    u16(id).u16(flags).u16(counts.question).u16(counts.answer).u16(counts.authority).u16(counts.additional);
  }

  RawMessage& u8(unsigned value) {
    octets_.push_back(static_cast<std::uint8_t>(value));
    return *this;
  }
  RawMessage& u16(unsigned value) { return u8(value >> 8U).u8(value & 0xFFU); }
  RawMessage& u32(std::uint32_t value) { return u16(value >> 16U).u16(value & 0xFFFFU); }
  RawMessage& text(std::string_view letters) {
    octets_.insert(octets_.end(), letters.begin(), letters.end());
    return *this;
  }
  RawMessage& label(std::string_view letters) {
    return u8(static_cast<unsigned>(letters.size())).text(letters);
  }
  /// Dotted labels without escapes; the final dot stands for the root, "" writes nothing.
  RawMessage& name(std::string_view dotted) {
    while (!dotted.empty() && dotted != ".") {
      const auto dot = dotted.find('.');
      label(dotted.substr(0, dot));
      if (dot == std::string_view::npos) return *this;  // left open, for a pointer to follow
      dotted.remove_prefix(dot + 1);
    }
    return u8(0);
  }
  RawMessage& pointer(std::size_t target) { return u16(0xC000U | static_cast<unsigned>(target)); }
  RawMessage& raw(Bytes octets) {
    octets_.insert(octets_.end(), octets.begin(), octets.end());
    return *this;
  }

  RawMessage& question(std::string_view dotted, RRType type, RRClass cls = RRClass::IN) {
    return name(dotted).u16(static_cast<unsigned>(type)).u16(static_cast<unsigned>(cls));
  }
  /// TYPE, CLASS, TTL, RDLENGTH and RDATA: what follows an owner name.
  RawMessage& fields(RRType type, std::uint32_t ttl, const RawMessage& rdata, RRClass cls = RRClass::IN) {
    u16(static_cast<unsigned>(type)).u16(static_cast<unsigned>(cls)).u32(ttl);
    return u16(static_cast<unsigned>(rdata.size())).raw(rdata.bytes());
  }
  RawMessage& record(std::string_view owner, RRType type, std::uint32_t ttl, const RawMessage& rdata) {
    return name(owner).fields(type, ttl, rdata);
  }
  RawMessage& opt(std::uint16_t udp_size = 1232, std::uint32_t ttl = 0, const RawMessage& options = {}) {
    return u8(0).fields(RRType::OPT, ttl, options, static_cast<RRClass>(udp_size));
  }

  [[nodiscard]] std::size_t size() const { return octets_.size(); }
  [[nodiscard]] Bytes bytes() const { return octets_; }
  [[nodiscard]] std::vector<std::uint8_t>& octets() { return octets_; }

 private:
  std::vector<std::uint8_t> octets_;
};

inline RawMessage address(std::uint8_t last) {
  return RawMessage{}.u8(192).u8(0).u8(2).u8(last);
}

inline RawMessage target(std::string_view dotted) {
  return RawMessage{}.name(dotted);
}

inline RawMessage soa(std::uint32_t minimum) {
  return RawMessage{}
      .name("ns.example.")
      .name("root.example.")
      .u32(1)
      .u32(7200)
      .u32(900)
      .u32(86400)
      .u32(minimum);
}

}  // namespace nld::dns::test
