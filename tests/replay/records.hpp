// Messages from and to record lines in master-file form, by ldns: a second opinion on our wire format.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nld::replay {

struct QuerySpec {
  std::string name;
  std::string type;
  bool dnssec_ok = false;
  bool ad = false;
  bool cd = false;
  bool edns = true;
  std::uint16_t udp_size = 1232;
};
std::vector<std::uint8_t> make_query(const QuerySpec& spec, std::uint16_t id);

struct ResponseSpec {
  std::string rcode;
  bool aa = false, tc = false, ad = false;
  std::vector<std::string> answer{}, authority{};  ///< record lines
};
/// The response of an upstream to `query`.
std::vector<std::uint8_t> make_response(const std::vector<std::uint8_t>& query, const ResponseSpec& spec);

/// "www.example.org. A" of a message's question.
std::string question_text(const std::vector<std::uint8_t>& message);

/// A reply as comparable lines: "NOERROR aa ad", then "answer: …", "authority: …", sorted within a section.
struct ReplyText {
  std::string status;
  std::vector<std::string> records;
};
ReplyText describe_reply(const std::vector<std::uint8_t>& message);
/// The canonical spelling of a record line, as describe_reply writes it.
std::string canonical_record(const std::string& line);

}  // namespace nld::replay
