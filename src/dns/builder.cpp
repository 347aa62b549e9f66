// Writing messages: name compression, records, OPT, Extended DNS Errors.
#include "dns/builder.hpp"

#include <algorithm>

namespace nld::dns {
namespace {

constexpr std::size_t kFlagsField = 2;
constexpr std::size_t kQuestionCountField = 4;
constexpr std::size_t kAdditionalCountField = 10;
constexpr std::size_t kMaxPointerTarget = 0x3FFF;  // RFC 1035 §4.1.4: 14 bits
constexpr std::uint16_t kPointerBits = 0xC000;
constexpr std::size_t kFixedFields = 10;  // TYPE, CLASS, TTL, RDLENGTH
constexpr std::size_t kMaxRdataSize = 65535;

constexpr std::size_t count_field(Section section) noexcept {
  return 6 + 2 * static_cast<std::size_t>(section);
}

/// Writes an OPT at `out`'s start; false when it does not fit.
bool write_opt(MutableBytes out, std::uint16_t udp_size, std::uint8_t extended_rcode, bool dnssec_ok,
               Bytes options) noexcept {
  if (options.size() > kMaxRdataSize || out.size() < kOptSize || out.size() - kOptSize < options.size()) {
    return false;
  }
  out[0] = 0;
  put16(out, 1, static_cast<std::uint16_t>(RRType::OPT));
  put16(out, 3, udp_size);
  put32(out, 5, (static_cast<std::uint32_t>(extended_rcode) << 24U) | (dnssec_ok ? 0x8000U : 0U));
  put16(out, 9, static_cast<std::uint16_t>(options.size()));
  std::ranges::copy(options, out.begin() + kOptSize);
  return true;
}

}  // namespace

MessageBuilder::MessageBuilder(MutableBytes buffer) noexcept
    : buffer_(buffer.first(std::min(buffer.size(), kMaxMessageSize))) {
  std::ranges::fill(buffer_.first(kHeaderSize), std::uint8_t{0});
}

void MessageBuilder::set_id(std::uint16_t id) noexcept {
  put16(buffer_, 0, id);
}
void MessageBuilder::set_flags(std::uint16_t flags) noexcept {
  put16(buffer_, kFlagsField, flags);
}

bool MessageBuilder::add_question(NameView name, RRType type, RRClass cls) noexcept {
  const std::size_t size = size_;
  const std::size_t targets = target_count_;
  if (!write_name(name) || buffer_.size() - size_ < 4) {
    size_ = size;
    target_count_ = targets;
    return false;
  }
  put16(buffer_, size_, static_cast<std::uint16_t>(type));
  put16(buffer_, size_ + 2, static_cast<std::uint16_t>(cls));
  size_ += 4;
  count(kQuestionCountField);
  return true;
}

bool MessageBuilder::add_record(Section section, NameView owner, RRType type, RRClass cls, std::uint32_t ttl,
                                Bytes rdata) noexcept {
  const std::size_t size = size_;
  const std::size_t targets = target_count_;
  if (rdata.size() > kMaxRdataSize || !write_fixed(owner, type, cls, ttl) ||
      buffer_.size() - size_ < rdata.size()) {
    size_ = size;
    target_count_ = targets;
    return false;
  }
  put16(buffer_, size_ - 2, static_cast<std::uint16_t>(rdata.size()));
  std::ranges::copy(rdata, buffer_.subspan(size_).begin());
  size_ += rdata.size();
  count(count_field(section));
  return true;
}

bool MessageBuilder::add_name_record(Section section, NameView owner, RRType type, RRClass cls,
                                     std::uint32_t ttl, NameView target) noexcept {
  const std::size_t size = size_;
  const std::size_t targets = target_count_;
  const bool fixed_fits = write_fixed(owner, type, cls, ttl);
  const std::size_t rdata = size_;
  if (!fixed_fits || !write_name(target)) {
    size_ = size;
    target_count_ = targets;
    return false;
  }
  put16(buffer_, rdata - 2, static_cast<std::uint16_t>(size_ - rdata));
  count(count_field(section));
  return true;
}

bool MessageBuilder::add_opt(std::uint16_t udp_size, std::uint8_t extended_rcode, bool dnssec_ok,
                             Bytes options) noexcept {
  if (!write_opt(buffer_.subspan(size_), udp_size, extended_rcode, dnssec_ok, options)) return false;
  size_ += kOptSize + options.size();
  count(kAdditionalCountField);
  return true;
}

bool MessageBuilder::write_name(NameView name) noexcept {
  const auto known = std::span(targets_).first(target_count_);  // labels of this very name are no targets
  std::size_t at = 0;
  while (name[at] != 0) {
    const NameView suffix = name.subspan(at);
    const auto target = std::ranges::find_if(
        known, [&](std::uint16_t offset) { return name_at_equals(message(), offset, suffix); });
    if (target != known.end()) {
      if (buffer_.size() - size_ < 2) return false;
      put16(buffer_, size_, static_cast<std::uint16_t>(kPointerBits | *target));
      size_ += 2;
      return true;
    }
    const std::size_t label = name[at] + 1U;
    if (buffer_.size() - size_ < label) return false;
    std::ranges::copy(name.subspan(at, label), buffer_.subspan(size_).begin());
    if (size_ <= kMaxPointerTarget && target_count_ < kTargets) {
      targets_[target_count_++] = static_cast<std::uint16_t>(size_);
    }
    size_ += label;
    at += label;
  }
  if (buffer_.size() == size_) return false;
  buffer_[size_++] = 0;
  return true;
}

bool MessageBuilder::write_fixed(NameView owner, RRType type, RRClass cls, std::uint32_t ttl) noexcept {
  if (!write_name(owner) || buffer_.size() - size_ < kFixedFields) return false;
  put16(buffer_, size_, static_cast<std::uint16_t>(type));
  put16(buffer_, size_ + 2, static_cast<std::uint16_t>(cls));
  put32(buffer_, size_ + 4, ttl);
  size_ += kFixedFields;
  return true;
}

void MessageBuilder::count(std::size_t field) noexcept {
  // Cannot wrap: 65535 octets hold fewer than 65535 questions or records.
  put16(buffer_, field, static_cast<std::uint16_t>(get16(buffer_, field) + 1));
}

std::size_t append_opt(MutableBytes buffer, std::size_t size, std::uint16_t udp_size,
                       std::uint8_t extended_rcode, bool dnssec_ok, Bytes options) noexcept {
  const MutableBytes usable = buffer.first(std::min(buffer.size(), kMaxMessageSize));
  if (size < kHeaderSize || size > usable.size() || get16(usable, kAdditionalCountField) == UINT16_MAX ||
      !write_opt(usable.subspan(size), udp_size, extended_rcode, dnssec_ok, options)) {
    return size;
  }
  put16(usable, kAdditionalCountField, static_cast<std::uint16_t>(get16(usable, kAdditionalCountField) + 1));
  return size + kOptSize + options.size();
}

std::size_t encode_extended_error(MutableBytes out, ExtendedError code, std::string_view text) noexcept {
  constexpr std::size_t kOptionHeader = 4;
  constexpr std::size_t kInfoCode = 2;
  const std::size_t fixed = kOptionHeader + kInfoCode;
  if (out.size() < fixed || out.size() - fixed < text.size() || text.size() > UINT16_MAX - kInfoCode) {
    return 0;
  }
  put16(out, 0, static_cast<std::uint16_t>(OptionCode::extended_error));
  put16(out, 2, static_cast<std::uint16_t>(kInfoCode + text.size()));
  put16(out, kOptionHeader, static_cast<std::uint16_t>(code));
  std::ranges::transform(text, out.subspan(fixed).begin(),
                         [](char letter) { return static_cast<std::uint8_t>(letter); });
  return fixed + text.size();
}

}  // namespace nld::dns
