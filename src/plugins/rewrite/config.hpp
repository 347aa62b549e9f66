// The rules of the `rewrite` directive, as data.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "dns/name.hpp"
#include "dns/types.hpp"

namespace re2 {
class RE2;
}

namespace nld::plugins::rewriting {

using Regex = std::shared_ptr<const re2::RE2>;

enum class MatchKind : std::uint8_t { exact, prefix, suffix, substring, regex };

/// Which names: compared with the lower-case text of the name, its final dot included.
struct NameMatch {
  MatchKind kind = MatchKind::exact;
  std::string text;  ///< lower-case; the expression itself for regex
  dns::Name name;    ///< of exact
  Regex regex;       ///< of regex
};

/// How a text that a NameMatch fits becomes another one: the part that fits is replaced; for exact and regex
/// the whole. `to` of regex holds {0}, {1} … for what its groups found.
struct Change {
  NameMatch from;
  std::string to;
};

/// `answer name FROM TO` and `answer value FROM TO`.
struct AnswerRule {
  bool value = false;  ///< the name in the RDATA; else the owner
  Regex from;
  std::string to;
};

struct NameAction {
  std::string to;
  bool automatic = false;           ///< the answer's names are changed back
  std::vector<AnswerRule> answers;  ///< in the order written
};
struct TypeAction {
  dns::RRType from{}, to{};
};
struct ClassAction {
  dns::RRClass from{}, to{};
};
struct TtlAction {
  std::uint32_t least = 0, most = 0;
};
struct RcodeAction {
  dns::Rcode from{}, to{};
};
struct CnameAction {
  Change target;
};

struct EdnsAction {
  enum class Verb : std::uint8_t { set, append, replace, unset };
  enum class Source : std::uint8_t {
    fixed,  ///< `data`
    query_name,
    query_type,
    client_ip,
    client_port,
    protocol,
    server_ip,
    server_port,
    subnet,    ///< RFC 7871, of the client's address
    metadata,  ///< of the label in `data`; without a value the rule does nothing
  };
  Verb verb = Verb::set;
  std::uint16_t code = 0;
  Source source = Source::fixed;
  std::vector<std::uint8_t> data{};
  std::uint8_t v4_prefix = 0, v6_prefix = 0;  ///< of subnet
};

struct Rule {
  bool stop = true;
  std::optional<NameMatch> on;  ///< of name, ttl and rcode rules
  std::variant<NameAction, TypeAction, ClassAction, TtlAction, RcodeAction, CnameAction, EdnsAction> action;
};

}  // namespace nld::plugins::rewriting
