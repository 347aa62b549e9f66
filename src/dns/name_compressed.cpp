// Names in messages, with compression pointers (RFC 1035 §4.1.4).
#include <cstring>

#include "dns/fold.hpp"
#include "dns/name.hpp"

namespace nld::dns {
namespace {

constexpr std::uint8_t kPointerBits = 0xC0;
// A name has at most 127 labels, so an honest encoder never needs a 127th hop.
constexpr std::size_t kMaxPointers = 126;

/// Goes through the name label by label; `label(offset, size)` gets each, length octet included, and says
/// whether to go on. Returns the offset after the name in its own place (0 when `label` stopped it).
template <typename OnLabel>
std::expected<std::size_t, NameError> walk(Bytes message, std::size_t offset, OnLabel&& label) noexcept {
  std::size_t at = offset;
  // Each jump must go to labels that end before those that led to it: a prior occurrence. Without that a
  // name could run into itself, or take octets of its own record for a label.
  std::size_t run_start = offset;
  std::size_t limit = message.size();
  NameError beyond_limit = NameError::truncated;
  std::size_t end = 0;
  std::size_t total = 1;  // the final zero
  std::size_t pointers = 0;
  for (;;) {
    if (at >= limit) return std::unexpected(beyond_limit);
    const std::size_t length = message[at];
    if (length == 0) return end != 0 ? end : at + 1;
    if (length <= kMaxLabelSize) {
      const std::size_t size = length + 1;
      if (limit - at < size) return std::unexpected(beyond_limit);
      total += size;
      if (total > kMaxNameSize) return std::unexpected(NameError::name_too_long);
      if (!label(at, size)) return 0;
      at += size;
      continue;
    }
    if (length < kPointerBits) return std::unexpected(NameError::bad_label_type);
    if (limit - at < 2) return std::unexpected(beyond_limit);
    const std::size_t target = get16(message, at) & 0x3FFFU;
    if (target >= run_start || target < kHeaderSize) return std::unexpected(NameError::bad_pointer);
    if (++pointers > kMaxPointers) return std::unexpected(NameError::too_many_pointers);
    if (end == 0) end = at + 2;
    limit = run_start;
    beyond_limit = NameError::bad_pointer;
    at = run_start = target;
  }
}

}  // namespace

std::expected<DecodedName, NameError> read_name(Bytes message, std::size_t offset) noexcept {
  std::expected<DecodedName, NameError> decoded;
  Name& name = decoded->name;
  std::size_t size = 0;
  const auto end = walk(message, offset, [&](std::size_t at, std::size_t label) {
    std::memcpy(name.octets_.data() + size, message.data() + at, label);
    size += label;
    return true;
  });
  if (!end) return std::unexpected(end.error());
  name.octets_[size] = 0;
  name.size_ = static_cast<std::uint8_t>(size + 1);
  decoded->end = *end;
  return decoded;
}

std::expected<std::size_t, NameError> skip_name(Bytes message, std::size_t offset) noexcept {
  return walk(message, offset, [](std::size_t, std::size_t) { return true; });
}

bool name_at_equals(Bytes message, std::size_t offset, NameView name) noexcept {
  std::size_t matched = 0;
  const auto end = walk(message, offset, [&](std::size_t at, std::size_t label) {
    // `label` octets of a longer name end before its final zero, so the sizes need no other check.
    if (label > name.size() - matched ||
        !equal_ignoring_case(message.subspan(at, label), name.subspan(matched, label))) {
      return false;
    }
    matched += label;
    return true;
  });
  return end && *end != 0 && matched + 1 == name.size();
}

}  // namespace nld::dns
