// Reads what iptables-save prints.
#include <algorithm>

#include "net/iptables/iptables.hpp"

namespace nld::net {

SavedTable parse_saved_table(std::string_view text) {
  constexpr std::string_view kRule = "-A ";
  SavedTable table;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool is_rule = line.starts_with(kRule);
    if (!is_rule && !line.starts_with(':')) continue;
    line.remove_prefix(is_rule ? kRule.size() : 1);
    const std::size_t name_end = std::min(line.find(' '), line.size());
    if (name_end == 0) continue;
    auto& rules = table.chains[std::string(line.substr(0, name_end))];
    // A rule without any match or target has an empty spec, and counts in the numbering.
    if (is_rule) rules.emplace_back(line.substr(std::min(name_end + 1, line.size())));
  }
  return table;
}

}  // namespace nld::net
