// From words to owner, type and RDATA, by a table of what each type's RDATA holds.
#include "plugins/template/record_text.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <span>

namespace nld::plugins {
namespace {

using dns::RRType;

/// RDATA as a row of fields: `1` `2` `4` numbers of so many octets, T a TTL, N a name, s a string, S strings
/// to the end, r a string without its length, a IPv4, A IPv6, x hexadecimal and b base64 to the end.
struct Layout {
  std::uint16_t type;
  std::string_view fields;
};
constexpr auto kLayouts = std::to_array<Layout>({
    {1, "a"},     {2, "N"},    {5, "N"},     {6, "NN4TTTT"}, {7, "N"},     {8, "N"},     {9, "N"},
    {12, "N"},    {13, "ss"},  {14, "NN"},   {15, "2N"},     {16, "S"},    {17, "NN"},   {18, "2N"},
    {21, "2N"},   {28, "A"},   {33, "222N"}, {35, "22sssN"}, {36, "2N"},   {37, "221b"}, {39, "N"},
    {43, "211x"}, {44, "11x"}, {48, "211b"}, {52, "111x"},   {53, "111x"}, {59, "211x"}, {60, "211b"},
    {61, "b"},    {99, "S"},   {256, "22r"}, {257, "1sr"},
});

std::unexpected<std::string> wrong(std::string message) {
  return std::unexpected(std::move(message));
}

std::optional<std::uint32_t> parse_number(std::string_view text, std::uint32_t most) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

/// "3600", "1h", "1h30m": units s m h d w.
std::optional<std::uint32_t> parse_ttl(std::string_view text) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  std::uint64_t total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || value > kMost) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    std::uint64_t unit = 1;
    if (!text.empty()) {
      const char letter = static_cast<char>(text.front() | 0x20);
      if (letter != 's' && letter != 'm' && letter != 'h' && letter != 'd' && letter != 'w')
        return std::nullopt;
      if (letter == 'm') unit = 60;
      if (letter == 'h') unit = 3600;
      if (letter == 'd') unit = 86400;
      if (letter == 'w') unit = 604800;
      text.remove_prefix(1);
    }
    total += value * unit;
    if (total > kMost) return std::nullopt;
  }
  return static_cast<std::uint32_t>(total);
}

std::expected<dns::Name, std::string> parse_name(std::string_view text) {
  if (text == "@") return dns::Name{};
  auto name = dns::Name::from_text(text);
  if (!name) return wrong("name '" + std::string(text) + "': " + std::string(dns::describe(name.error())));
  return *name;
}

class RdataReader {
 public:
  explicit RdataReader(std::span<const RecordWord> words) : words_(words) {}

  std::expected<std::vector<std::uint8_t>, std::string> read(std::string_view fields) {
    for (const char field : fields) {
      if (words_.empty() && field != 'x' && field != 'b') return wrong("the record's data is not all there");
      if (auto done = read_field(field); !done) return std::unexpected(std::move(done.error()));
      if (out_.size() > std::numeric_limits<std::uint16_t>::max()) return wrong("more than 65535 octets");
    }
    if (!words_.empty()) return wrong("'" + words_.front().text + "' is too much");
    return std::move(out_);
  }

  /// RFC 3597 §5: `\# LENGTH HEX…`.
  std::expected<std::vector<std::uint8_t>, std::string> read_generic() {
    words_ = words_.subspan(1);
    const auto size = words_.empty() ? std::nullopt : parse_number(words_.front().text, 65535);
    if (!size) return wrong("a length is expected after '\\#'");
    words_ = words_.subspan(1);
    if (auto done = read_field('x'); !done) return std::unexpected(std::move(done.error()));
    if (out_.size() != *size) return wrong("the data after '\\#' has another length");
    return std::move(out_);
  }

 private:
  using Done = std::expected<void, std::string>;

  Done read_field(char field) {
    switch (field) {
      case '1':
      case '2':
      case '4':
        return read_number(field == '1' ? 1 : field == '2' ? 2 : 4);
      case 'T':
        return read_ttl();
      case 'N':
        return read_name();
      case 's':
        return read_string(true);
      case 'S':
        return read_strings();
      case 'r':
        return read_string(false);
      case 'a':
        return read_address(AF_INET, 4);
      case 'A':
        return read_address(AF_INET6, 16);
      case 'x':
        return read_hexadecimal();
      default:
        return read_base64();
    }
  }

  std::string_view take() {
    const std::string_view text = words_.front().text;
    words_ = words_.subspan(1);
    return text;
  }
  void append(dns::Bytes octets) { out_.insert(out_.end(), octets.begin(), octets.end()); }
  void append_number(std::uint32_t value, std::size_t octets) {
    while (octets-- > 0) out_.push_back(static_cast<std::uint8_t>(value >> (8 * octets)));
  }

  Done read_number(std::size_t octets) {
    const std::string_view text = take();
    const std::uint32_t most =
        octets == 4 ? std::numeric_limits<std::uint32_t>::max() : (1U << (8 * octets)) - 1;
    const auto value = parse_number(text, most);
    if (!value) return wrong("'" + std::string(text) + "' is no number of at most " + std::to_string(most));
    append_number(*value, octets);
    return {};
  }
  Done read_ttl() {
    const std::string_view text = take();
    const auto value = parse_ttl(text);
    if (!value) return wrong("'" + std::string(text) + "' is no number of seconds");
    append_number(*value, 4);
    return {};
  }
  Done read_name() {
    const auto name = parse_name(take());
    if (!name) return std::unexpected(name.error());
    append(name->wire());
    return {};
  }
  Done read_string(bool with_length) {
    const auto text = unescape(take());
    if (!text) return std::unexpected(text.error());
    if (with_length) {
      if (text->size() > 255) return wrong("a string of more than 255 octets");
      append_number(static_cast<std::uint32_t>(text->size()), 1);
    }
    append({reinterpret_cast<const std::uint8_t*>(text->data()), text->size()});
    return {};
  }
  Done read_strings() {
    while (!words_.empty()) {
      if (Done done = read_string(true); !done) return done;
    }
    return {};
  }
  Done read_address(int family, std::size_t octets) {
    const std::string text(take());
    std::array<std::uint8_t, 16> address{};
    if (inet_pton(family, text.c_str(), address.data()) != 1) {
      return wrong("'" + text + "' is no " + (octets == 4 ? "IPv4" : "IPv6") + " address");
    }
    append(dns::Bytes(address).first(octets));
    return {};
  }
  Done read_hexadecimal() {
    std::string digits;
    while (!words_.empty()) digits += take();
    if (digits.size() % 2 != 0) return wrong("an odd number of hexadecimal digits");
    for (std::size_t at = 0; at < digits.size(); at += 2) {
      std::uint8_t value = 0;
      const char* begin = digits.data() + at;
      const auto [end, error] = std::from_chars(begin, begin + 2, value, 16);
      if (error != std::errc() || end != begin + 2) return wrong("'" + digits + "' is not hexadecimal");
      out_.push_back(value);
    }
    return {};
  }
  Done read_base64() {
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    while (!words_.empty()) text += take();
    if (text.size() % 4 != 0) return wrong("base64 of a length that is no multiple of 4");
    while (text.ends_with('=')) text.pop_back();
    std::uint32_t bits = 0;
    std::size_t count = 0;
    for (const char letter : text) {
      const std::size_t value = kAlphabet.find(letter);
      if (value == std::string_view::npos) return wrong("'" + text + "' is not base64");
      bits = (bits << 6U) | static_cast<std::uint32_t>(value);
      count += 6;
      if (count < 8) continue;
      count -= 8;
      out_.push_back(static_cast<std::uint8_t>(bits >> count));
    }
    return {};
  }

  std::span<const RecordWord> words_;
  std::vector<std::uint8_t> out_;
};

}  // namespace

std::expected<TextRecord, std::string> parse_record(std::string_view text) {
  const auto split = split_record(text);
  if (!split) return std::unexpected(split.error());
  std::span<const RecordWord> words(*split);
  if (words.empty()) return wrong("it is empty");
  TextRecord record;
  const auto owner = parse_name(words.front().text);
  if (!owner) return std::unexpected(owner.error());
  record.owner = *owner;
  // TTL and class, in either order and each at most once, then the type.
  bool has_ttl = false;
  bool has_class = false;
  for (words = words.subspan(1); !words.empty(); words = words.subspan(1)) {
    const std::string_view word = words.front().text;
    const auto ttl = has_ttl ? std::nullopt : parse_ttl(word);
    const auto cls = has_class ? std::nullopt : dns::parse_rrclass(word);
    if (ttl) {
      record.ttl = *ttl;
      has_ttl = true;
    } else if (cls && !dns::parse_rrtype(word)) {
      record.cls = *cls;
      has_class = true;
    } else {
      break;
    }
  }
  if (words.empty()) return wrong("a type is missing");
  const std::string& type_word = words.front().text;
  const auto type = dns::parse_rrtype(type_word);
  if (!type || dns::is_meta(*type)) return wrong("'" + type_word + "' is no type that a record can have");
  record.type = *type;
  words = words.subspan(1);
  RdataReader reader(words);
  const bool generic = !words.empty() && words.front().text == "\\#" && !words.front().quoted;
  const auto layout = std::ranges::find(kLayouts, static_cast<std::uint16_t>(*type), &Layout::type);
  if (!generic && layout == kLayouts.end()) {
    return wrong("data of type " + type_word + " is expected as '\\# LENGTH HEX' (RFC 3597)");
  }
  auto rdata = generic ? reader.read_generic() : reader.read(layout->fields);
  if (!rdata) return wrong(type_word + ": " + std::move(rdata.error()));
  record.rdata = *std::move(rdata);
  return record;
}

}  // namespace nld::plugins
