// What a shard keeps under one key: the key's bytes and an answer a part. Private to the cache.
#pragma once

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstring>
#include <memory>
#include <new>

#include "cache/answer.hpp"
#include "cache/budget.hpp"
#include "cache/key.hpp"

namespace nld::cache {

class Node;

/// The place of one part of a node in its SIEVE queue.
struct Link {
  Node* owner = nullptr;
  Link* newer = nullptr;
  Link* older = nullptr;
};

/// All access under the lock of the shard. One block: the links first, so that what a lookup reads
/// (answers, hash, key) lies together in two cache lines.
class Node {
 public:
  struct Free {
    void operator()(Node* node) const noexcept {
      const std::size_t size = node->block_size();
      node->~Node();
      ::operator delete(node, size);
    }
  };
  using Ptr = std::unique_ptr<Node, Free>;

  static Ptr make(const Key& key) {
    const dns::Bytes bytes = key.bytes();
    void* block = ::operator new(sizeof(Node) + bytes.size());
    Ptr node(::new (block) Node(key.hash(), static_cast<std::uint16_t>(bytes.size())));
    std::memcpy(static_cast<std::uint8_t*>(block) + sizeof(Node), bytes.data(), bytes.size());
    return node;
  }
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }
  [[nodiscard]] bool has_key(const Key& other) const noexcept {
    const dns::Bytes bytes = other.bytes();
    __builtin_prefetch(this + 1);  // the key's line, while the hash's is waited for
    return hash_ == other.hash() && key_size_ == bytes.size() &&
           std::memcmp(this + 1, bytes.data(), bytes.size()) == 0;
  }

  [[nodiscard]] AnswerPtr& answer(Part part) noexcept { return answers_[index(part)]; }
  [[nodiscard]] Link& link(Part part) noexcept { return links_[index(part)]; }
  /// `link` must be one of this node's.
  [[nodiscard]] Part part_of(const Link& link) const noexcept {
    return static_cast<Part>(&link - links_.data());
  }
  [[nodiscard]] bool empty() const noexcept {
    return std::ranges::none_of(answers_, [](const AnswerPtr& answer) { return answer != nullptr; });
  }

  [[nodiscard]] bool visited(Part part) const noexcept { return (visited_ & bit(part)) != 0; }
  void set_visited(Part part, bool on) noexcept {
    visited_ = static_cast<std::uint8_t>(on ? visited_ | bit(part) : visited_ & ~bit(part));
  }

  /// Octets for the budget: the block and its place in the index (a pointer and an octet of metadata at a
  /// load between 7/16 and 7/8).
  [[nodiscard]] std::size_t memory() const noexcept { return memory_for(key_size_); }
  [[nodiscard]] static std::size_t memory_for(std::size_t key_size) noexcept {
    constexpr std::size_t kIndexShare = 14;
    return heap_octets(sizeof(Node) + key_size) + kIndexShare;
  }

 private:
  Node(std::uint64_t hash, std::uint16_t key_size) noexcept : hash_(hash), key_size_(key_size) {
    for (Link& each : links_) each.owner = this;
  }
  ~Node() = default;
  [[nodiscard]] std::size_t block_size() const noexcept { return sizeof(Node) + key_size_; }
  static constexpr std::size_t index(Part part) noexcept { return static_cast<std::size_t>(part); }
  static constexpr std::uint8_t bit(Part part) noexcept {
    return static_cast<std::uint8_t>(1U << index(part));
  }

  std::array<Link, kPartCount> links_;
  std::array<AnswerPtr, kPartCount> answers_;
  std::uint64_t hash_;
  std::uint16_t key_size_;
  std::uint8_t visited_ = 0;
  // followed by: the key's bytes
};

/// The hash is good already (KeyHasher): the table takes it as it is.
struct NodeHash {
  using is_transparent = void;
  using is_avalanching = void;
  std::size_t operator()(const Node::Ptr& node) const noexcept { return node->hash(); }
  std::size_t operator()(const Node* node) const noexcept { return node->hash(); }
  std::size_t operator()(const Key& key) const noexcept { return key.hash(); }
};
struct NodeEqual {
  using is_transparent = void;
  // Two nodes of one index never have equal keys.
  bool operator()(const Node::Ptr& left, const Node::Ptr& right) const noexcept { return left == right; }
  bool operator()(const Node* left, const Node::Ptr& right) const noexcept { return left == right.get(); }
  bool operator()(const Node::Ptr& left, const Node* right) const noexcept { return left.get() == right; }
  bool operator()(const Key& key, const Node::Ptr& node) const noexcept { return node->has_key(key); }
  bool operator()(const Node::Ptr& node, const Key& key) const noexcept { return node->has_key(key); }
};
using NodeIndex = boost::unordered_flat_set<Node::Ptr, NodeHash, NodeEqual>;

}  // namespace nld::cache
