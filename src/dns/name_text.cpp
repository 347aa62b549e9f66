// Presentation form of names (RFC 1035 §5.1): reading and writing.
#include "dns/name.hpp"

namespace nld::dns {
namespace {

// What miekg/dns, hence CoreDNS, writes with a backslash; more than RFC 1035 asks for, all of it legal.
constexpr std::string_view kSpecial = ". '@;()\"\\";

constexpr bool is_digit(char letter) noexcept {
  return letter >= '0' && letter <= '9';
}

struct Unescaped {
  std::uint8_t octet;
  std::size_t used;  // characters of text it took
};

/// `text` starts after the backslash.
std::expected<Unescaped, NameError> unescape(std::string_view text) noexcept {
  if (text.empty()) return std::unexpected(NameError::bad_escape);
  if (!is_digit(text[0])) return Unescaped{static_cast<std::uint8_t>(text[0]), 1};
  if (text.size() < 3 || !is_digit(text[1]) || !is_digit(text[2])) {
    return std::unexpected(NameError::bad_escape);
  }
  const int value = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
  if (value > 255) return std::unexpected(NameError::bad_escape);
  return Unescaped{static_cast<std::uint8_t>(value), 3};
}

/// Writes one octet of a label at `at`, returns the place behind it.
std::size_t put_octet(std::array<char, kMaxNameText>& text, std::size_t at, std::uint8_t octet) noexcept {
  const char letter = static_cast<char>(octet);
  if (octet < ' ' || octet > '~') {
    text[at++] = '\\';
    text[at++] = static_cast<char>('0' + octet / 100);
    text[at++] = static_cast<char>('0' + octet / 10 % 10);
    text[at++] = static_cast<char>('0' + octet % 10);
    return at;
  }
  if (kSpecial.find(letter) != std::string_view::npos) text[at++] = '\\';
  text[at++] = letter;
  return at;
}

}  // namespace

std::expected<Name, NameError> Name::from_text(std::string_view text) noexcept {
  if (text.empty()) return std::unexpected(NameError::empty_label);
  if (text == ".") return Name{};
  Name name;
  std::size_t label = 0;  // where the length octet of the current label stands
  std::size_t size = 1;
  const auto close_label = [&]() -> std::expected<void, NameError> {
    const std::size_t length = size - label - 1;
    if (length == 0) return std::unexpected(NameError::empty_label);
    if (size >= kMaxNameSize) return std::unexpected(NameError::name_too_long);
    name.octets_[label] = static_cast<std::uint8_t>(length);
    label = size++;
    return {};
  };
  for (std::size_t at = 0; at < text.size();) {
    auto octet = static_cast<std::uint8_t>(text[at++]);
    if (octet == '.') {
      if (auto closed = close_label(); !closed) return std::unexpected(closed.error());
      continue;
    }
    if (octet == '\\') {
      const auto escaped = unescape(text.substr(at));
      if (!escaped) return std::unexpected(escaped.error());
      octet = escaped->octet;
      at += escaped->used;
    }
    if (size - label > kMaxLabelSize) return std::unexpected(NameError::label_too_long);
    if (size >= kMaxNameSize) return std::unexpected(NameError::name_too_long);
    name.octets_[size++] = octet;
  }
  if (size - label > 1) {
    if (auto closed = close_label(); !closed) return std::unexpected(closed.error());
  }
  name.octets_[label] = 0;
  name.size_ = static_cast<std::uint8_t>(size);
  return name;
}

std::string_view to_text(NameView name, std::array<char, kMaxNameText>& out) noexcept {
  if (name.size() == 1) return ".";
  std::size_t written = 0;
  for (std::size_t at = 0; name[at] != 0;) {
    const std::size_t end = at + name[at] + 1U;
    for (++at; at < end; ++at) written = put_octet(out, written, name[at]);
    out[written++] = '.';
  }
  return {out.data(), written};
}

std::string to_text(NameView name) {
  std::array<char, kMaxNameText> text;
  return std::string(to_text(name, text));
}

}  // namespace nld::dns
