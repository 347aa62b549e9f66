// The names of links by index, for messages that carry the index alone.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

namespace nld::net {

/// Learns from link messages and asks the kernel for the rest (if_indextoname makes a socket each time).
class LinkNames {
 public:
  void learn(unsigned index, std::string_view name);
  void forget(unsigned index) noexcept { names_.erase(index); }
  /// After messages were lost.
  void clear() noexcept { names_.clear(); }
  /// Empty: the link is gone, and was never seen. Valid until the next call.
  std::string_view find(unsigned index);

 private:
  // A node of 500 pods has about as many links; more are asked for again.
  static constexpr std::size_t kMost = 4096;

  std::unordered_map<unsigned, std::string> names_;  // short ones: no allocation beyond the node
};

}  // namespace nld::net
