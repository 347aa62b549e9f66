// The records of an outgoing message, and changing their order where they stand.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "dns/builder.hpp"
#include "dns/message.hpp"
#include "runtime/random.hpp"

namespace nld::plugins {

/// Address records of one name and type that stand next to each other.
struct AddressRun {
  std::span<const dns::RecordView> records;

  /// Changes the order by exchanging RDATA: it holds no names and nothing points into it, so every
  /// compression pointer stays right.
  static void exchange(dns::MutableBytes message, const dns::RecordView& left,
                       const dns::RecordView& right) noexcept;
};

/// One message at a time; keeps its memory, allocates nothing.
class MessageRecords {
 public:
  static constexpr std::size_t kMost = 512;  ///< a message with more records keeps its order

  MessageRecords();
  /// False: it does not parse, or has too many records.
  bool read(dns::Bytes message, std::size_t question_end) noexcept;
  /// The next run at or after `at`, which moves behind it; empty at the end.
  AddressRun next_run(dns::Bytes message, std::size_t& at) const noexcept;

  /// Whether there is more to order than runs: two MX records in a section, or a CNAME behind an address.
  [[nodiscard]] bool wants_rebuild() const noexcept;
  /// Writes the message anew with CNAMEs first and the MX records of a section shuffled (their RDATA holds
  /// names, to which others may point). Returns its new size; 0 and no change when it does not fit.
  std::size_t rebuild(dns::MutableBytes space, std::size_t question_end, runtime::Random& random);

 private:
  void order(std::size_t first, std::size_t last, runtime::Random& random) noexcept;
  bool write(dns::MessageBuilder& builder, dns::Bytes message, const dns::RecordView& record);

  static constexpr std::size_t kLongestRebuilt = 4096;
  std::vector<dns::RecordView> records_;
  std::size_t count_ = 0;
  std::array<std::uint16_t, kMost> order_{};
  std::array<std::uint8_t, kLongestRebuilt> rebuilt_{};
  std::vector<std::uint8_t> rdata_;
};

}  // namespace nld::plugins
