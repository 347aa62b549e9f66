// The least edits that bring our rules within a chain of others into place.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "net/repair.hpp"

namespace nld::net {

/// One line of restore input. iptables deletes the first rule that is equal; positions count from 1, at the
/// time of the edit.
struct ChainEdit {
  bool remove = false;
  std::size_t position = 0;  ///< of an insertion
  std::string spec;
  std::optional<Fault> fault;  ///< what it mends; nothing for the second half of a move
};

/// `present`: the whole chain. Each rule of `wanted` will be there once, in their order; the others stay
/// where they are, save those that `ours` says yes to.
std::vector<ChainEdit> edit_chain(const std::vector<std::string>& wanted,
                                  const std::vector<std::string>& present,
                                  const std::function<bool(const std::string& spec)>& ours);

}  // namespace nld::net
