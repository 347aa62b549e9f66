// Which of many strings occur in a text: Aho and Corasick's automaton, one pass whatever their number.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace nld::plugins::rewriting {

/// Fill it with `add`, then `build`, then search. No allocation in a search.
class Literals {
 public:
  /// The number that `found` gets for this literal; equal literals have the same. Pre-condition: not empty.
  std::uint32_t add(std::string_view literal);
  void build();
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }

  /// Calls found(number) for each occurrence of each literal.
  template <class Found>
  void search(std::string_view text, Found&& found) const {
    std::uint32_t state = 0;
    for (const char letter : text) {
      state = step(state, static_cast<std::uint8_t>(letter));
      for (std::uint32_t end = state; end != 0; end = nodes_[end].shorter) {
        if (nodes_[end].literal != kNone) found(nodes_[end].literal);
      }
    }
  }

 private:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  struct Node {
    std::uint32_t first_edge = 0;
    std::uint16_t edges = 0;
    std::uint32_t fallback = 0;     ///< the longest proper suffix that is a node
    std::uint32_t shorter = 0;      ///< the longest proper suffix that ends a literal, 0: none
    std::uint32_t literal = kNone;  ///< that ends here
  };
  /// While it is filled: children as a list of siblings.
  struct Draft {
    std::uint32_t child = 0, sibling = 0;
    std::uint8_t letter = 0;
  };

  [[nodiscard]] std::uint32_t step(std::uint32_t state, std::uint8_t letter) const noexcept;
  [[nodiscard]] std::uint32_t child(std::uint32_t state, std::uint8_t letter) const noexcept;
  void link(std::uint32_t node, std::uint32_t parent, std::uint8_t letter);

  std::vector<Draft> drafts_{1};
  std::vector<Node> nodes_{1};
  std::vector<std::uint8_t> letters_;   ///< of the edges, those of a node side by side
  std::vector<std::uint32_t> targets_;  ///< of the edges
  std::array<std::uint32_t, 256> roots_{};
  std::uint32_t count_ = 0;
};

}  // namespace nld::plugins::rewriting
