// Which of many prefixes or suffixes a text has: a hash table, asked once for each length there is.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nld::plugins::rewriting {

enum class Side : std::uint8_t { front, back };

/// Immutable once filled. Suffixes need not begin at a label: "com." is one of "telecom.".
class Affixes {
 public:
  explicit Affixes(Side side) noexcept : side_(side) {}

  /// Rules must be added in ascending order.
  void add(std::string_view affix, std::uint32_t rule);
  [[nodiscard]] bool empty() const noexcept { return lengths_.empty(); }

  /// The lowest rule from `from` on, below `best`, whose affix `text` has; else `best`.
  [[nodiscard]] std::uint32_t first(std::string_view text, std::uint32_t from,
                                    std::uint32_t best) const noexcept;

 private:
  struct Entry {
    std::string affix;
    std::vector<std::uint32_t> rules;  ///< ascending
  };
  [[nodiscard]] const Entry* find(std::uint64_t hash, std::string_view affix) const noexcept;
  [[nodiscard]] bool may_hold(std::uint64_t hash) const noexcept;
  void grow_filter();

  Side side_;
  std::vector<std::uint32_t> lengths_;  ///< of the affixes, ascending, each once
  /// By hash; affixes whose hashes are the same stand in one vector.
  boost::unordered_flat_map<std::uint64_t, std::vector<Entry>> entries_;
  /// One bit a hash value, some bits an affix: nearly every look-up ends here, in one cache line.
  std::vector<std::uint64_t> filter_{0};
};

}  // namespace nld::plugins::rewriting
