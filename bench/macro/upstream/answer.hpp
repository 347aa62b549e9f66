// The answers of the bench's upstream, made from the question alone: an address for every name, or NXDOMAIN.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>

namespace upstream {

constexpr std::size_t kHeaderSize = 12;
constexpr std::size_t kMaxAnswer = 512;

struct Rules {
  std::uint32_t ttl = 86400;
  char denied = 'x';  // names that begin with it do not exist
  char slow = 's';    // answers for names that begin with it are held back
};

/// Writes a message from front to back.
class Writer {
 public:
  explicit Writer(std::span<std::uint8_t> out) : out_(out) {}
  void bytes(std::span<const std::uint8_t> bytes) {
    std::memcpy(out_.data() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  void u8(std::uint8_t value) { out_[size_++] = value; }
  void u16(std::size_t value) {
    u8(static_cast<std::uint8_t>(value >> 8U));
    u8(static_cast<std::uint8_t>(value & 0xFFU));
  }
  void u32(std::uint32_t value) {
    u16(value >> 16U);
    u16(value & 0xFFFFU);
  }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::span<std::uint8_t> out_;
  std::size_t size_ = 0;
};

/// The end of the question that begins behind the header; 0 when there is none or it is compressed.
inline std::size_t question_end(std::span<const std::uint8_t> query) {
  std::size_t at = kHeaderSize;
  while (at < query.size() && query[at] != 0) {
    if (query[at] > 63) return 0;
    at += query[at] + 1U;
  }
  return at + 5 <= query.size() && at < 300 ? at + 5 : 0;
}

/// In lower case: a resolver may mix the cases of a name to make its queries harder to guess.
inline char first_letter(std::span<const std::uint8_t> query) {
  return query.size() > kHeaderSize + 1 ? static_cast<char>(query[kHeaderSize + 1] | 0x20U) : '\0';
}

inline bool is_slow(std::span<const std::uint8_t> query, const Rules& rules) {
  return first_letter(query) == rules.slow;
}

/// The size of the answer to `query`, 0 when it deserves none.
inline std::size_t make_answer(std::span<const std::uint8_t> query, const Rules& rules,
                               std::span<std::uint8_t, kMaxAnswer> out) {
  const auto end = query.size() < kHeaderSize ? 0 : question_end(query);
  if (end == 0 || (query[2] & 0x80U) != 0) return 0;
  const bool denied = first_letter(query) == rules.denied;
  const bool address = !denied && query[end - 3] == 1 && query[end - 4] == 0;
  // OPT is the one record a query may bear: the root name, type 41 (RFC 6891, 6.1.2).
  const bool edns =
      query.size() >= end + 11 && query[end] == 0 && query[end + 1] == 0 && query[end + 2] == 41;

  Writer writer(out);
  writer.bytes(query.first(2));
  writer.u8(static_cast<std::uint8_t>(0x84U | (query[2] & 0x01U)));  // QR, AA, RD as it was
  writer.u8(denied ? 0x83 : 0x80);                                   // RA, rcode
  writer.u16(1);
  writer.u16(address ? 1 : 0);
  writer.u16(address ? 0 : 1);
  writer.u16(edns ? 1 : 0);
  writer.bytes(query.subspan(kHeaderSize, end - kHeaderSize));
  if (address) {
    writer.u16(0xC000U | kHeaderSize);  // the name of the question
    writer.u16(1);
    writer.u16(1);
    writer.u32(rules.ttl);
    writer.u16(4);
    const auto label = query.subspan(kHeaderSize + 1);
    const std::array<std::uint8_t, 4> data{10, label[1], label[2], label[3]};
    writer.bytes(data);
  } else {
    // SOA of the name above (RFC 2308): what is behind the first label, which every name here has.
    const auto first = query[kHeaderSize];
    writer.u16(0xC000U | (kHeaderSize + (first == 0 ? 0U : first + 1U)));
    writer.u16(6);
    writer.u16(1);
    writer.u32(rules.ttl);
    writer.u16(22);
    writer.u8(0);
    writer.u8(0);
    for (const std::uint32_t field : {1U, 7200U, 3600U, 1209600U, rules.ttl}) writer.u32(field);
  }
  if (edns) {
    writer.u8(0);
    writer.u16(41);
    writer.u16(1232);
    writer.u32(0);
    writer.u16(0);
  }
  return writer.size();
}

}  // namespace upstream
