// Domain names: a value type over the uncompressed wire form, and functions over views of that form.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "dns/wire.hpp"

namespace nld::dns {

/// A view of one complete, valid, uncompressed wire-form name (length octets, final zero included).
/// Functions that take it require that; make one only from Name or from the message parser.
using NameView = Bytes;

constexpr std::size_t kMaxNameSize = 255;  ///< octets in wire form, RFC 1035 §3.1
constexpr std::size_t kMaxLabelSize = 63;

enum class NameError : std::uint8_t {
  empty_label,
  label_too_long,
  name_too_long,
  bad_escape,
  truncated,
  bad_label_type,  ///< the 01 and 10 label types (RFC 6891 §5: 01 is obsolete)
  bad_pointer,     ///< compression pointer into the header or not to an earlier name (RFC 1035 §4.1.4)
  too_many_pointers,
};
std::string_view describe(NameError error) noexcept;

/// ASCII case folding as DNS has it (RFC 4343): only A–Z change.
constexpr std::uint8_t lower(std::uint8_t octet) noexcept {
  return octet >= 'A' && octet <= 'Z' ? static_cast<std::uint8_t>(octet + 32) : octet;
}

bool equal_ignoring_case(NameView left, NameView right) noexcept;
/// True when `name` is `ancestor` or lies below it.
bool is_at_or_below(NameView name, NameView ancestor) noexcept;
std::size_t label_count(NameView name) noexcept;  ///< the root label not counted
/// Writes the name with A–Z lowered. Pre-condition: `out.size() >= name.size()`; both may be the same octets.
void lower_into(NameView name, MutableBytes out) noexcept;
/// Presentation form with a final dot; root is ".". Escaped as RFC 1035 §5.1 and as CoreDNS prints names:
/// a backslash before `. \ " ' ( ) ; @` and space, `\DDD` for other octets outside printable ASCII.
std::string to_text(NameView name);
constexpr std::size_t kMaxNameText = 4 * kMaxNameSize;  ///< every octet as \DDD
/// The same text in `out`, which a view of is returned: for paths that must not allocate.
std::string_view to_text(NameView name, std::array<char, kMaxNameText>& out) noexcept;

/// A name by value, at most 255 octets, no allocation. Default: the root.
struct DecodedName;
class Name {
 public:
  constexpr Name() noexcept = default;
  /// Presentation form; a missing final dot is allowed, escapes are honoured. "" is an empty_label error.
  static std::expected<Name, NameError> from_text(std::string_view text) noexcept;
  /// An uncompressed name at the start of `wire`.
  static std::expected<Name, NameError> from_wire(Bytes wire) noexcept;
  /// Pre-condition: `view` is valid (see NameView).
  static Name copy_of(NameView view) noexcept;

  [[nodiscard]] NameView wire() const noexcept { return {octets_.data(), size_}; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool is_root() const noexcept { return size_ == 1; }
  [[nodiscard]] std::size_t label_count() const noexcept { return dns::label_count(wire()); }
  [[nodiscard]] bool is_at_or_below(const Name& ancestor) const noexcept {
    return dns::is_at_or_below(wire(), ancestor.wire());
  }
  [[nodiscard]] Name lowered() const noexcept;
  [[nodiscard]] std::string to_text() const { return dns::to_text(wire()); }

  friend bool operator==(const Name& left, const Name& right) noexcept {
    return equal_ignoring_case(left.wire(), right.wire());
  }
  /// Canonical order of RFC 4034 §6.1.
  friend std::weak_ordering operator<=>(const Name& left, const Name& right) noexcept;
  friend std::expected<DecodedName, NameError> read_name(Bytes message, std::size_t offset) noexcept;

 private:
  std::array<std::uint8_t, kMaxNameSize> octets_{};  // first octet 0: the root
  std::uint8_t size_ = 1;
};

/// Case-insensitive hash, equal for equal names. Tables filled by strangers' queries should draw `seed` at
/// start, so that nobody can compute names that collide.
std::size_t hash_value(NameView name, std::uint64_t seed = 0) noexcept;
inline std::size_t hash_value(const Name& name) noexcept {
  return hash_value(name.wire());
}

struct NameHash {
  std::size_t operator()(const Name& name) const noexcept { return hash_value(name); }
};

/// Reads the (possibly compressed) name at `offset` of `message`. `end` is the offset just after it
/// in the record it stands in. Bounded: every pointer must lead to labels that end before those that led to
/// it, at most 126 pointers, at most 255 octets in all.
struct DecodedName {
  Name name;
  std::size_t end;
};
std::expected<DecodedName, NameError> read_name(Bytes message, std::size_t offset) noexcept;
/// As read_name without building the name: accepts and rejects the same, returns the offset after it.
std::expected<std::size_t, NameError> skip_name(Bytes message, std::size_t offset) noexcept;
/// Compares the (possibly compressed) name at `offset` with `name`; false on malformed input.
bool name_at_equals(Bytes message, std::size_t offset, NameView name) noexcept;

}  // namespace nld::dns
