// Words of a rule: quoted as iptables-save does it, a double quote around, a backslash before each inside.
#include "net/iptables/rule_spec.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace nld::net {
namespace {

/// Takes the next word off `rest`, without its quotes; nothing at the end.
std::optional<std::string> next_word(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  if (rest.empty()) return std::nullopt;
  std::string word;
  bool quoted = false;
  while (!rest.empty()) {
    const char next = rest.front();
    if (!quoted && (next == ' ' || next == '\t')) break;
    rest.remove_prefix(1);
    if (next == '"') {
      quoted = !quoted;
    } else if (quoted && next == '\\' && !rest.empty()) {
      word += rest.front();
      rest.remove_prefix(1);
    } else {
      word += next;
    }
  }
  return word;
}

std::vector<std::string> words(std::string_view spec) {
  std::vector<std::string> list;
  while (auto word = next_word(spec)) list.push_back(std::move(*word));
  return list;
}

/// Options whose value is free text, which may look like an option.
bool takes_text(std::string_view option) noexcept {
  constexpr std::array<std::string_view, 4> kOptions{"--comment", "--log-prefix", "--nflog-prefix",
                                                     "--string"};
  return std::ranges::find(kOptions, option) != kOptions.end();
}

/// The index of "-j" or "-g"; the size of the list when there is none.
std::size_t find_jump(const std::vector<std::string>& list) noexcept {
  for (std::size_t at = 0; at < list.size(); ++at) {
    if (takes_text(list[at])) {
      ++at;
    } else if (list[at] == "-j" || list[at] == "-g") {
      return at;
    }
  }
  return list.size();
}

void strip_host_length(std::string& address) {
  const std::string_view length = address.find(':') == std::string::npos ? "/32" : "/128";
  if (address.ends_with(length)) address.resize(address.size() - length.size());
}

}  // namespace

std::string normal_form(std::string_view spec) {
  std::vector<std::string> list = words(spec);
  const std::size_t jump = find_jump(list);
  for (std::size_t at = 0; at + 1 < std::min(jump, list.size()); ++at) {
    if (takes_text(list[at])) {
      ++at;
    } else if (list[at] == "-s" || list[at] == "-d") {
      strip_host_length(list[at + 1]);
    }
  }
  // The CT target remembers which of its two names a rule was made by; it does the same.
  if (jump + 3 == list.size() && list[jump + 1] == "CT" && list[jump + 2] == "--notrack") {
    list.resize(jump + 2);
    list[jump + 1] = "NOTRACK";
  }
  std::string form;
  for (const std::string& word : list) {
    form += word;
    form += '\0';  // a blank may be part of a word
  }
  return form;
}

std::string jump_target(std::string_view spec) {
  const std::vector<std::string> list = words(spec);
  const std::size_t jump = find_jump(list);
  return jump + 1 < list.size() ? list[jump + 1] : std::string();
}

}  // namespace nld::net
