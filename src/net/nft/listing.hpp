// A table as nft lists it, taken apart, so that two of them can be compared and one turned into the other.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "net/repair.hpp"

namespace nld::net {

/// One object of a table.
struct ListedObject {
  std::string kind;  ///< "set", "chain", "counter", …
  std::string name;
  std::vector<std::string> lines;  ///< what stands between its braces, without indentation
  friend bool operator==(const ListedObject&, const ListedObject&) = default;
};

/// The objects of `nft -s -t list table`, in order. Never fails: what it does not understand is passed over.
std::vector<ListedObject> parse_listing(std::string_view text);

/// What differs. Empty only if the two hold the same.
std::vector<Repair> compare_listings(std::string_view wanted, std::string_view actual,
                                     std::string_view table);

/// nft input, one transaction, that turns `actual` into `wanted`, both of the table `table` ("ip name"). Sets
/// keep what they hold if all that `wanted` names are as they should be; otherwise the table is made anew.
std::string transition(std::string_view wanted, std::string_view actual, std::string_view table);

}  // namespace nld::net
