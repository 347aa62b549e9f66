// Which of many rules is the first to fit a name, without trying them one after the other.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <vector>

#include "plugins/rewrite/affixes.hpp"
#include "plugins/rewrite/config.hpp"
#include "plugins/rewrite/literals.hpp"

namespace nld::plugins::rewriting {

/// Whole names are looked up in a hash table, prefixes and suffixes by length, substrings in an automaton; a
/// regular expression is tried only when a string that every fitting name must contain is there. Immutable
/// once built, shared by all workers; a search does not allocate.
class NameMatcher {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  /// Rules must be added in ascending order.
  void add(const NameMatch& match, std::uint32_t rule);
  void build();

  /// The lowest rule from `from` on that fits, kNone if there is none.
  [[nodiscard]] std::uint32_t first(dns::NameView name, std::uint32_t from) const noexcept;

 private:
  /// What stands behind a literal: rules that fit when it is there, expressions to try when it is there.
  struct Behind {
    std::vector<std::uint32_t> rules;
    std::vector<std::uint32_t> regexes;  ///< indexes of regexes_, ascending like their rules
  };
  struct RegexRule {
    Regex regex;
    std::uint32_t rule;
  };

  Behind& behind(std::uint32_t literal);
  [[nodiscard]] std::uint32_t first_of(const std::vector<std::uint32_t>& regexes, std::string_view text,
                                       std::uint32_t from, std::uint32_t best) const noexcept;

  boost::unordered_flat_map<dns::Name, std::vector<std::uint32_t>, dns::NameHash> exact_;
  Affixes prefixes_{Side::front};
  Affixes suffixes_{Side::back};
  Literals literals_;
  std::vector<Behind> behind_;  ///< by literal
  std::vector<RegexRule> regexes_;
  std::vector<std::uint32_t> unfiltered_;  ///< of regexes_: tried for every name
  bool needs_text_ = false;
};

}  // namespace nld::plugins::rewriting
