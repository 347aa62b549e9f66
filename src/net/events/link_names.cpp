// Learning, and asking the kernel.
#include "net/events/link_names.hpp"

#include <net/if.h>

#include <array>

namespace nld::net {

void LinkNames::learn(unsigned index, std::string_view name) {
  if (names_.size() >= kMost && !names_.contains(index)) names_.clear();
  names_[index] = name;
}

std::string_view LinkNames::find(unsigned index) {
  if (const auto known = names_.find(index); known != names_.end()) return known->second;
  std::array<char, IF_NAMESIZE> name{};
  if (if_indextoname(index, name.data()) == nullptr) return {};
  learn(index, name.data());
  return names_.find(index)->second;
}

}  // namespace nld::net
