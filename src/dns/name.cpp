// Names in uncompressed wire form: comparing, hashing, ordering, copying.
#include "dns/name.hpp"

#include <algorithm>

#include "dns/fold.hpp"

namespace nld::dns {
namespace {

static_assert(sizeof(std::size_t) == sizeof(std::uint64_t), "hash_value returns 64 bits");

__extension__ using Wide = unsigned __int128;

// Folded 128-bit product: every input bit reaches every output bit (as in wyhash and others).
constexpr std::uint64_t mix(std::uint64_t left, std::uint64_t right) noexcept {
  const Wide product = static_cast<Wide>(left) * right;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

// Odd constants with evenly spread bits (fractions of the golden ratio, of sqrt 3 and of sqrt 5).
constexpr std::uint64_t kStart = 0x9E3779B97F4A7C15U;
constexpr std::uint64_t kStep = 0xBB67AE8584CAA73BU;
constexpr std::uint64_t kEnd = 0x3C6EF372FE94F82BU;

constexpr std::size_t kMaxLabels = kMaxNameSize / 2;  // each takes at least two octets, beside the root

struct LabelStarts {
  std::array<std::uint8_t, kMaxLabels> at{};
  std::size_t count = 0;
};

LabelStarts label_starts(NameView name) noexcept {
  LabelStarts starts;
  for (std::size_t at = 0; name[at] != 0; at += name[at] + 1U) {
    starts.at[starts.count++] = static_cast<std::uint8_t>(at);
  }
  return starts;
}

NameView label_at(NameView name, std::size_t start) noexcept {
  return name.subspan(start + 1, name[start]);
}

}  // namespace

std::string_view describe(NameError error) noexcept {
  switch (error) {
    case NameError::empty_label:
      return "empty label";
    case NameError::label_too_long:
      return "label longer than 63 octets";
    case NameError::name_too_long:
      return "name longer than 255 octets";
    case NameError::bad_escape:
      return "bad escape";
    case NameError::truncated:
      return "name is cut off";
    case NameError::bad_label_type:
      return "unknown label type";
    case NameError::bad_pointer:
      return "compression pointer that does not point to an earlier name";
    case NameError::too_many_pointers:
      return "too many compression pointers";
  }
  return "unknown error";
}

bool equal_ignoring_case(NameView left, NameView right) noexcept {
  const std::size_t size = left.size();
  if (size != right.size()) return false;
  const std::uint8_t* l = left.data();
  const std::uint8_t* r = right.data();
  if (size < 8) {
    return size == 0 || fold(load_short(l, size)) == fold(load_short(r, size));
  }
  for (std::size_t at = 0; at + 8 < size; at += 8) {
    if (fold(load64(l + at)) != fold(load64(r + at))) return false;
  }
  return fold(load64(l + size - 8)) == fold(load64(r + size - 8));
}

std::size_t hash_value(NameView name, std::uint64_t seed) noexcept {
  const std::size_t size = name.size();
  const std::uint8_t* octets = name.data();
  std::uint64_t hash = mix(seed ^ kStart, size + kStep);
  std::uint64_t tail = 0;
  if (size >= 8) {
    for (std::size_t at = 0; at + 8 < size; at += 8) {
      hash = mix(fold(load64(octets + at)) ^ kStep, hash ^ kStart);
    }
    tail = load64(octets + size - 8);
  } else if (size > 0) {
    tail = load_short(octets, size);
  }
  return mix(fold(tail) ^ kEnd, hash ^ kStart);
}

bool is_at_or_below(NameView name, NameView ancestor) noexcept {
  std::size_t at = 0;
  while (name.size() - at > ancestor.size()) at += name[at] + 1U;
  return equal_ignoring_case(name.subspan(at), ancestor);
}

std::size_t label_count(NameView name) noexcept {
  std::size_t count = 0;
  for (std::size_t at = 0; name[at] != 0; at += name[at] + 1U) ++count;
  return count;
}

void lower_into(NameView name, MutableBytes out) noexcept {
  const std::size_t size = name.size();
  std::size_t at = 0;
  for (; at + 8 <= size; at += 8) {
    const std::uint64_t word = fold(load64(name.data() + at));
    std::memcpy(out.data() + at, &word, sizeof word);
  }
  for (; at < size; ++at) out[at] = lower(name[at]);
}

std::expected<Name, NameError> Name::from_wire(Bytes wire) noexcept {
  std::size_t at = 0;
  for (;;) {
    if (at >= kMaxNameSize) return std::unexpected(NameError::name_too_long);
    if (at >= wire.size()) return std::unexpected(NameError::truncated);
    const std::size_t length = wire[at++];
    if (length == 0) return copy_of(wire.first(at));
    if (length > kMaxLabelSize) return std::unexpected(NameError::bad_label_type);
    at += length;
  }
}

Name Name::copy_of(NameView view) noexcept {
  Name name;
  std::ranges::copy(view, name.octets_.begin());
  name.size_ = static_cast<std::uint8_t>(view.size());
  return name;
}

Name Name::lowered() const noexcept {
  Name name;
  lower_into(wire(), name.octets_);
  name.size_ = size_;
  return name;
}

std::weak_ordering operator<=>(const Name& left, const Name& right) noexcept {
  const LabelStarts l = label_starts(left.wire());
  const LabelStarts r = label_starts(right.wire());
  const std::size_t common = std::min(l.count, r.count);
  for (std::size_t back = 1; back <= common; ++back) {
    const NameView a = label_at(left.wire(), l.at[l.count - back]);
    const NameView b = label_at(right.wire(), r.at[r.count - back]);
    const auto order = std::lexicographical_compare_three_way(
        a.begin(), a.end(), b.begin(), b.end(),
        [](std::uint8_t x, std::uint8_t y) { return lower(x) <=> lower(y); });
    if (order != 0) return order;
  }
  return l.count <=> r.count;
}

}  // namespace nld::dns
