// The walk along CNAME and DNAME records, bounded in aliases and in passes over the section.
#include "dns/alias_chain.hpp"

#include <algorithm>
#include <array>

namespace nld::dns {
namespace {

constexpr std::size_t kMaxAliases = 64;
// Servers write chains in order: one pass. Each pass more allows for one alias that stands too early.
constexpr std::size_t kMaxPasses = 16;

/// A QTYPE (RFC 1035 §3.2.3) asks for more than one type: any record answers it.
bool answers(RRType asked, RRType found) noexcept {
  return asked == found || is_meta(asked);
}

class Chain {
 public:
  Chain(Bytes message, const Header& header, std::size_t records, NameView name, RRType type,
        RRClass cls) noexcept
      : message_(message), header_(header), records_(records), name_(name), type_(type), cls_(cls) {}

  ChainEnd follow() noexcept {
    for (std::size_t pass = 0; pass < kMaxPasses; ++pass) {
      const std::size_t before = aliases_;
      if (pass_over(&Chain::see_owner_match)) return ChainEnd::answered;
      // A DNAME comes with the CNAME made from it (RFC 6672 §3.1): on its own only when that is missing.
      if (aliases_ == before) pass_over(&Chain::see_dname);
      if (aliases_ == before || aliases_ >= kMaxAliases) break;
    }
    return aliases_ > 0 ? ChainEnd::alias : ChainEnd::none;
  }

 private:
  using See = bool (Chain::*)(const RecordView&) noexcept;

  /// True when `see` said to stop.
  bool pass_over(See see) noexcept {
    RecordCursor cursor(message_, header_, records_);
    for (std::uint32_t left = header_.ancount; left > 0 && aliases_ < kMaxAliases; --left) {
      const auto record = cursor.next();
      if (!record || !*record) return false;
      if (((*record)->cls == cls_ || cls_ == RRClass::ANY) && (this->*see)(**record)) return true;
    }
    return false;
  }

  bool see_owner_match(const RecordView& record) noexcept {
    if (!name_at_equals(message_, record.name_offset, name_)) return false;
    if (answers(type_, record.type)) return true;
    if (record.type != RRType::CNAME) return false;
    if (const auto target = read_name(message_, record.rdata_offset)) move_to(target->name);
    return false;
  }

  bool see_dname(const RecordView& record) noexcept {
    if (record.type != RRType::DNAME) return false;
    const auto owner = read_name(message_, record.name_offset);
    const auto target = read_name(message_, record.rdata_offset);
    if (!owner || !target) return false;
    const NameView above = owner->name.wire();
    if (name_.size() <= above.size() || !is_at_or_below(name_, above)) return false;
    const NameView labels = name_.first(name_.size() - above.size());
    if (labels.size() + target->name.size() > kMaxNameSize) return true;  // RFC 6672 §2.2: YXDOMAIN
    std::array<std::uint8_t, kMaxNameSize> substituted;
    const auto tail = std::ranges::copy(labels, substituted.begin()).out;
    std::ranges::copy(target->name.wire(), tail);
    move_to(Name::copy_of({substituted.data(), labels.size() + target->name.size()}));
    return true;
  }

  void move_to(const Name& target) noexcept {
    target_ = target;
    name_ = target_.wire();
    ++aliases_;
  }

  Bytes message_;
  const Header& header_;
  std::size_t records_;
  NameView name_;  // the one asked for, then a view of target_
  RRType type_;
  RRClass cls_;
  Name target_;
  std::size_t aliases_ = 0;
};

}  // namespace

ChainEnd follow_aliases(Bytes message, const Header& header, std::size_t records, NameView name, RRType type,
                        RRClass cls) noexcept {
  return Chain(message, header, records, name, type, cls).follow();
}

}  // namespace nld::dns
