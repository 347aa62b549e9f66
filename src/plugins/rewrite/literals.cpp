// Building the automaton, and its steps.
#include "plugins/rewrite/literals.hpp"

#include <cstring>

namespace nld::plugins::rewriting {

std::uint32_t Literals::add(std::string_view literal) {
  std::uint32_t node = 0;
  for (const char letter : literal) {
    const auto octet = static_cast<std::uint8_t>(letter);
    std::uint32_t next = drafts_[node].child;
    while (next != 0 && drafts_[next].letter != octet) next = drafts_[next].sibling;
    if (next == 0) {
      next = static_cast<std::uint32_t>(drafts_.size());
      drafts_.push_back({.sibling = drafts_[node].child, .letter = octet});
      drafts_[node].child = next;
      nodes_.emplace_back();
    }
    node = next;
  }
  if (nodes_[node].literal == kNone) nodes_[node].literal = count_++;
  return nodes_[node].literal;
}

void Literals::build() {
  std::vector<std::uint32_t> order{0};  // by depth: a node's suffixes are linked before it
  order.reserve(nodes_.size());
  for (std::size_t at = 0; at < order.size(); ++at) {
    const std::uint32_t parent = order[at];
    nodes_[parent].first_edge = static_cast<std::uint32_t>(letters_.size());
    for (std::uint32_t node = drafts_[parent].child; node != 0; node = drafts_[node].sibling) {
      letters_.push_back(drafts_[node].letter);
      targets_.push_back(node);
      ++nodes_[parent].edges;
      if (parent == 0) roots_[drafts_[node].letter] = node;
      order.push_back(node);
    }
  }
  for (const std::uint32_t parent : order) {
    for (std::uint32_t node = drafts_[parent].child; node != 0; node = drafts_[node].sibling) {
      link(node, parent, drafts_[node].letter);
    }
  }
  drafts_ = {};
}

void Literals::link(std::uint32_t node, std::uint32_t parent, std::uint8_t letter) {
  Node& linked = nodes_[node];
  if (parent != 0) linked.fallback = step(nodes_[parent].fallback, letter);
  const Node& suffix = nodes_[linked.fallback];
  linked.shorter = suffix.literal != kNone ? linked.fallback : suffix.shorter;
}

std::uint32_t Literals::child(std::uint32_t state, std::uint8_t letter) const noexcept {
  if (state == 0) return roots_[letter];
  const Node& node = nodes_[state];
  if (node.edges == 0) return 0;
  const std::uint8_t* const first = letters_.data() + node.first_edge;
  const void* const found = std::memchr(first, letter, node.edges);
  if (found == nullptr) return 0;
  return targets_[node.first_edge +
                  static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - first)];
}

std::uint32_t Literals::step(std::uint32_t state, std::uint8_t letter) const noexcept {
  for (;;) {
    const std::uint32_t next = child(state, letter);
    if (next != 0 || state == 0) return next;
    state = nodes_[state].fallback;
  }
}

}  // namespace nld::plugins::rewriting
