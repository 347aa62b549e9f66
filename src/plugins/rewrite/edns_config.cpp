// edns0 (local | nsid | subnet) (set | append | replace | unset) …: reading it.
#include <algorithm>
#include <array>
#include <charconv>

#include "dns/edns.hpp"
#include "plugins/rewrite/words.hpp"

namespace nld::plugins::rewriting {
namespace {

using Source = EdnsAction::Source;
using Verb = EdnsAction::Verb;

struct Variable {
  std::string_view text;
  Source source;
};
constexpr std::array<Variable, 7> kVariables{{{"{qname}", Source::query_name},
                                              {"{qtype}", Source::query_type},
                                              {"{client_ip}", Source::client_ip},
                                              {"{client_port}", Source::client_port},
                                              {"{protocol}", Source::protocol},
                                              {"{server_ip}", Source::server_ip},
                                              {"{server_port}", Source::server_port}}};

/// "{plugin/label}", as the metadata plugin would publish it.
bool is_metadata_label(std::string_view text) noexcept {
  const std::size_t slash = text.find('/');
  return slash != std::string_view::npos && slash > 1 && slash + 2 < text.size();
}

std::optional<std::vector<std::uint8_t>> decode_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::vector<std::uint8_t> out;
  for (std::size_t at = 0; at < text.size(); at += 2) {
    std::uint8_t octet = 0;
    const char* const first = text.data() + at;
    const auto [end, code] = std::from_chars(first, first + 2, octet, 16);
    if (code != std::errc() || end != first + 2) return std::nullopt;
    out.push_back(octet);
  }
  return out;
}

void read_data(Words& words, EdnsAction& action) {
  const std::string_view text = words.word("DATA");
  if (words.failed()) return;
  if (text.size() > 1 && text.front() == '{' && text.back() == '}') {
    const auto* const known = std::ranges::find(kVariables, text, &Variable::text);
    if (known != kVariables.end()) {
      action.source = known->source;
    } else if (is_metadata_label(text)) {
      action.source = Source::metadata;
      action.data.assign(text.begin() + 1, text.end() - 1);
      if (!text.starts_with("{metadata/")) {
        words.warn(std::string(text) + " has no value when rules are applied, so no option is made from it");
      }
    } else {
      words.fail_value("variable", text,
                       "{qname}, {qtype}, {client_ip}, {client_port}, {protocol}, {server_ip}, "
                       "{server_port} or {PLUGIN/LABEL}");
    }
    return;
  }
  if (!text.starts_with("0x")) {
    action.data.assign(text.begin(), text.end());
  } else if (auto data = decode_hex(text.substr(2))) {
    action.data = *std::move(data);
  } else {
    words.fail_value("DATA", text, "pairs of hexadecimal digits after 0x");
  }
}

/// forward leaves them out: they are for the neighbour alone, and this server does its own.
bool is_between_neighbours(std::uint16_t code) noexcept {
  using enum dns::OptionCode;
  return std::ranges::any_of(std::array{cookie, tcp_keepalive, padding}, [code](dns::OptionCode known) {
    return code == static_cast<std::uint16_t>(known);
  });
}

void read_local(Words& words, EdnsAction& action) {
  action.code = static_cast<std::uint16_t>(words.number("CODE", 65535));
  if (action.verb != Verb::unset) read_data(words, action);
}

void read_subnet(Words& words, EdnsAction& action) {
  action.code = static_cast<std::uint16_t>(dns::OptionCode::client_subnet);
  if (action.verb == Verb::unset) return;
  action.source = Source::subnet;
  action.v4_prefix = static_cast<std::uint8_t>(words.number("V4 BITS", 32));
  action.v6_prefix = static_cast<std::uint8_t>(words.number("V6 BITS", 128));
}

}  // namespace

EdnsAction read_edns(Words& words) {
  EdnsAction action;
  const std::string kind = words.keyword("EDNS0 option");
  if (!words.failed() && kind != "local" && kind != "nsid" && kind != "subnet") {
    words.fail_value("EDNS0 option", kind, "local, nsid or subnet");
  }
  static constexpr std::array<std::string_view, 4> kVerbs{"set", "append", "replace", "unset"};
  const std::string verb = words.keyword("action");
  const auto* const known = std::ranges::find(kVerbs, verb);
  if (known == kVerbs.end()) {
    words.fail_value("action", verb, "set, append, replace or unset");
    return action;
  }
  action.verb = static_cast<Verb>(known - kVerbs.begin());
  if (kind == "local") {
    read_local(words, action);
  } else if (kind == "subnet") {
    read_subnet(words, action);
  } else {
    action.code = static_cast<std::uint16_t>(dns::OptionCode::nsid);
  }
  // The reply shows no option of ours: reverted or not, the client sees none.
  if (action.verb != Verb::unset && words.peek() == "revert") words.word("revert");
  if (!words.failed() && action.verb != Verb::unset && is_between_neighbours(action.code)) {
    words.warn("option " + std::to_string(action.code) +
               " is between neighbours: this server does not pass it on, so the rule changes nothing");
  }
  return action;
}

}  // namespace nld::plugins::rewriting
