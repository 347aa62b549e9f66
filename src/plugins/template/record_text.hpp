// One resource record from its text, as a zone file has it (RFC 1035 §5.1).
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "dns/name.hpp"
#include "dns/types.hpp"

namespace nld::plugins {

struct TextRecord {
  dns::Name owner;
  dns::RRType type{};
  dns::RRClass cls = dns::RRClass::IN;
  std::uint32_t ttl = 3600;         ///< when the text has none
  std::vector<std::uint8_t> rdata;  ///< names in it are uncompressed
};

/// "OWNER [TTL] [CLASS] TYPE RDATA": names without a final dot count from the root, TTLs may have units
/// ("1h"), parentheses, comments and quotes are read. Any type as RFC 3597 writes it (`\# 4 c0000201`). The
/// error says what is wrong.
std::expected<TextRecord, std::string> parse_record(std::string_view text);

/// A word of a record's text.
struct RecordWord {
  std::string text;  ///< escapes are kept
  bool quoted = false;
};
std::expected<std::vector<RecordWord>, std::string> split_record(std::string_view text);

/// Octets of a word with its escapes (`\"`, `\065`) undone; nothing: a bad escape.
std::expected<std::string, std::string> unescape(std::string_view text);

}  // namespace nld::plugins
