// What iptables-restore --noflush does to one table, as far as repairs use it: the kernel of pure tests.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "net/iptables/iptables.hpp"
#include "net/iptables/rule_spec.hpp"

namespace nld::net {

class KernelModel {
 public:
  /// `anywhere`: also to chains that are not there.
  enum class Jumps : std::uint8_t { checked, anywhere };

  explicit KernelModel(SavedTable table, Jumps jumps = Jumps::checked)
      : table_(std::move(table)), jumps_(jumps) {}
  [[nodiscard]] const SavedTable& table() const noexcept { return table_; }

  /// All or nothing, as the real one. Error: the line that cannot be done.
  std::expected<void, std::string> restore(std::string_view input) {
    SavedTable before = table_;
    bool committed = false;
    while (!input.empty()) {
      const std::size_t end = std::min(input.find('\n'), input.size());
      const std::string line(input.substr(0, end));
      input.remove_prefix(std::min(end + 1, input.size()));
      committed = committed || line == "COMMIT";
      if (!step(line) || (committed && !jumps_lead_somewhere())) {
        table_ = std::move(before);
        return std::unexpected(line);
      }
    }
    if (committed) return {};
    table_ = std::move(before);
    return std::unexpected(std::string("no COMMIT"));
  }

 private:
  using Rules = std::vector<std::string>;

  static std::string take_word(std::string_view& rest) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    std::string word(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return word;
  }

  bool step(std::string_view line) {
    if (line.starts_with('*') || line == "COMMIT") return true;
    if (line.starts_with(':')) {
      line.remove_prefix(1);
      table_.chains[take_word(line)].clear();
      return line == "- [0:0]";
    }
    const std::string command = take_word(line);
    const std::string name = take_word(line);
    const auto chain = table_.chains.find(name);
    if (chain == table_.chains.end()) return false;
    return edit(command, chain->second, line, name);
  }

  bool edit(const std::string& command, Rules& rules, std::string_view rest, const std::string& name) {
    if (command == "-A") {
      rules.emplace_back(rest);
      return true;
    }
    if (command == "-D") {
      const auto first = std::ranges::find(rules, rest);
      if (first == rules.end()) return false;
      rules.erase(first);
      return true;
    }
    if (command == "-I") return insert(rules, rest);
    if (command == "-F") {
      rules.clear();
      return true;
    }
    return command == "-X" && rules.empty() && table_.chains.erase(name) == 1;
  }

  static bool insert(Rules& rules, std::string_view rest) {
    const std::string number = take_word(rest);
    std::size_t position = 0;
    std::from_chars(number.data(), number.data() + number.size(), position);
    if (position < 1 || position > rules.size() + 1) return false;
    rules.emplace(rules.begin() + static_cast<std::ptrdiff_t>(position - 1), rest);
    return true;
  }

  /// What jumps to a chain that is gone makes the kernel refuse. Names with a '-' are chains in these tests.
  [[nodiscard]] bool jumps_lead_somewhere() const {
    if (jumps_ == Jumps::anywhere) return true;
    return std::ranges::all_of(table_.chains, [&](const auto& chain) {
      return std::ranges::all_of(chain.second, [&](const std::string& rule) {
        const std::string target = jump_target(rule);
        return target.find('-') == std::string::npos || table_.chains.contains(target);
      });
    });
  }

  SavedTable table_;
  Jumps jumps_;
};

}  // namespace nld::net
