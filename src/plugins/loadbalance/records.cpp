// Walking and reordering.
#include "plugins/loadbalance/records.hpp"

#include <algorithm>
#include <cstring>

#include "dns/rdata.hpp"

namespace nld::plugins {
namespace {

using dns::RecordView;
using dns::RRType;

bool is_address(const RecordView& record) noexcept {
  return (record.type == RRType::A && record.rdata_size == 4) ||
         (record.type == RRType::AAAA && record.rdata_size == 16);
}

bool same_owner(dns::Bytes message, const RecordView& left, const RecordView& right) noexcept {
  constexpr std::uint16_t kPointer = 0xC000;
  const std::uint16_t first = dns::get16(message, left.name_offset);
  if (first >= kPointer && first == dns::get16(message, right.name_offset)) return true;
  const auto name = dns::read_name(message, left.name_offset);
  return name && dns::name_at_equals(message, right.name_offset, name->name.wire());
}

}  // namespace

void AddressRun::exchange(dns::MutableBytes message, const RecordView& left,
                          const RecordView& right) noexcept {
  const auto begin = message.begin();
  const auto from = begin + static_cast<std::ptrdiff_t>(left.rdata_offset);
  std::swap_ranges(from, from + static_cast<std::ptrdiff_t>(left.rdata_size),
                   begin + static_cast<std::ptrdiff_t>(right.rdata_offset));
}

MessageRecords::MessageRecords() : records_(kMost) {
  rdata_.reserve(kLongestRebuilt + 2 * dns::kMaxNameSize);
}

bool MessageRecords::read(dns::Bytes message, std::size_t question_end) noexcept {
  count_ = 0;
  dns::RecordCursor cursor(message, dns::read_header(message), question_end);
  for (;;) {
    const auto record = cursor.next();
    if (!record) return false;
    if (!*record) return true;
    if (count_ == kMost) return false;
    records_[count_++] = **record;
  }
}

AddressRun MessageRecords::next_run(dns::Bytes message, std::size_t& at) const noexcept {
  while (at < count_) {
    const std::size_t begin = at++;
    const RecordView& first = records_[begin];
    if (!is_address(first)) continue;
    while (at < count_ && records_[at].section == first.section && records_[at].type == first.type &&
           records_[at].cls == first.cls && is_address(records_[at]) &&
           same_owner(message, first, records_[at])) {
      ++at;
    }
    if (at - begin > 1) return {std::span(records_).subspan(begin, at - begin)};
  }
  return {};
}

bool MessageRecords::wants_rebuild() const noexcept {
  std::size_t mx = 0;
  bool address = false;
  for (std::size_t at = 0; at < count_; ++at) {
    const RecordView& record = records_[at];
    if (at > 0 && record.section != records_[at - 1].section) {
      mx = 0;
      address = false;
    }
    address = address || is_address(record);
    if (record.type == RRType::CNAME && address) return true;
    if (record.type == RRType::MX && ++mx > 1) return true;
  }
  return false;
}

void MessageRecords::order(std::size_t first, std::size_t last, runtime::Random& random) noexcept {
  std::size_t out = first;
  for (const bool cname : {true, false}) {
    for (std::size_t at = first; at < last; ++at) {
      if ((records_[at].type == RRType::CNAME) == cname) order_[out++] = static_cast<std::uint16_t>(at);
    }
  }
  const auto is_mx = [this](std::uint16_t at) { return records_[at].type == RRType::MX; };
  auto left =
      static_cast<std::size_t>(std::count_if(order_.begin() + static_cast<std::ptrdiff_t>(first),
                                             order_.begin() + static_cast<std::ptrdiff_t>(last), is_mx));
  // Each MX place takes one of those that are left, itself included.
  for (std::size_t at = first; at < last; ++at) {
    if (!is_mx(order_[at])) continue;
    std::size_t skip = random.below(left--);
    std::size_t other = at;
    while (skip > 0) {
      if (is_mx(order_[++other])) --skip;
    }
    std::swap(order_[at], order_[other]);
  }
}

bool MessageRecords::write(dns::MessageBuilder& builder, dns::Bytes message, const RecordView& record) {
  const auto owner = dns::read_name(message, record.name_offset);
  if (!owner) return false;
  if (dns::is_single_name(record.type)) {
    const auto target = dns::read_name(message, record.rdata_offset);
    return target && builder.add_name_record(record.section, owner->name.wire(), record.type, record.cls,
                                             record.ttl, target->name.wire());
  }
  return dns::expand_rdata(message, record, rdata_) &&
         builder.add_record(record.section, owner->name.wire(), record.type, record.cls, record.ttl, rdata_);
}

std::size_t MessageRecords::rebuild(dns::MutableBytes space, std::size_t question_end,
                                    runtime::Random& random) {
  const dns::Bytes message(space);
  if (count_ == 0 || records_[count_ - 1].end > kLongestRebuilt) return 0;
  for (std::size_t first = 0; first < count_;) {
    std::size_t last = first;
    while (last < count_ && records_[last].section == records_[first].section) ++last;
    order(first, last, random);
    first = last;
  }
  dns::MessageBuilder builder(dns::MutableBytes(rebuilt_).first(std::min(space.size(), kLongestRebuilt)));
  builder.set_id(dns::get16(message, 0));
  const auto name = dns::Name::from_wire(message.subspan(dns::kHeaderSize, question_end - dns::kHeaderSize));
  if (!name || !builder.add_question(name->wire(), static_cast<RRType>(dns::get16(message, question_end - 4)),
                                     static_cast<dns::RRClass>(dns::get16(message, question_end - 2)))) {
    return 0;
  }
  for (std::size_t at = 0; at < count_; ++at) {
    if (!write(builder, message, records_[order_[at]])) return 0;
  }
  std::memcpy(space.data(), rebuilt_.data(), builder.size());
  return builder.size();
}

}  // namespace nld::plugins
