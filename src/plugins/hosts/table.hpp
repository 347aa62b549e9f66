// The entries of a hosts file: immutable once read, looked up without allocating.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <limits>
#include <memory_resource>
#include <span>
#include <string_view>
#include <vector>

#include "dns/name.hpp"
#include "plugins/hosts/address.hpp"

namespace nld::plugins {

class HostsTable {
 public:
  HostsTable() = default;
  HostsTable(const HostsTable&) = delete;
  HostsTable& operator=(const HostsTable&) = delete;

  /// Adds lines "ADDRESS NAME…" to what is there. Lines that are none and names outside of `zones` are left
  /// out, as CoreDNS does.
  void add(std::string_view text, std::span<const dns::Name> zones, bool reverse);

  /// Indices into the items of a kind, in the order of the file.
  struct Chain {
    static constexpr std::uint32_t kEnd = std::numeric_limits<std::uint32_t>::max();
    std::uint32_t first = kEnd;
    std::uint32_t last = kEnd;
    [[nodiscard]] bool empty() const noexcept { return first == kEnd; }
  };
  struct Host {
    Chain v4, v6;
  };

  /// The entry of `name`; without one that of the wildcard `*` in its place. Null: neither.
  [[nodiscard]] const Host* find(dns::NameView name) const noexcept;
  /// The names that an address has.
  [[nodiscard]] Chain find(const HostAddress& address) const noexcept;

  /// Calls `visit` with each address of the chain until it says false.
  template <class Visit>
  void addresses(Chain chain, Visit visit) const {
    for (std::uint32_t at = chain.first; at != Chain::kEnd; at = addresses_[at].next) {
      if (!visit(addresses_[at].item)) return;
    }
  }
  template <class Visit>
  void names(Chain chain, Visit visit) const {
    for (std::uint32_t at = chain.first; at != Chain::kEnd; at = names_[at].next) {
      if (!visit(names_[at].item)) return;
    }
  }

  /// Addresses of names and names of addresses together: coredns_hosts_entries.
  [[nodiscard]] std::size_t entries() const noexcept { return addresses_.size() + names_.size(); }

 private:
  template <class Item>
  struct Link {
    Item item;
    std::uint32_t next = Chain::kEnd;
  };
  struct NameEqual {
    bool operator()(dns::NameView left, dns::NameView right) const noexcept {
      return dns::equal_ignoring_case(left, right);
    }
  };
  struct NameViewHash {
    using is_avalanching = void;  // hash_value mixes every bit
    std::size_t operator()(dns::NameView name) const noexcept { return dns::hash_value(name); }
  };
  struct AddressHash {
    std::size_t operator()(const HostAddress& address) const noexcept {
      return dns::hash_value(dns::NameView(address.octets));
    }
  };

  void add_line(std::string_view line, std::span<const dns::Name> zones, bool reverse);
  void add_name(const HostAddress& address, const dns::Name& name, bool reverse);
  template <class Item>
  static void append(std::vector<Link<Item>>& items, Chain& chain, const Item& item);

  std::pmr::monotonic_buffer_resource octets_;  ///< of the names
  boost::unordered_flat_map<dns::NameView, Host, NameViewHash, NameEqual> hosts_;
  boost::unordered_flat_map<HostAddress, Chain, AddressHash> reverse_;
  std::vector<Link<HostAddress>> addresses_;
  std::vector<Link<dns::NameView>> names_;
  bool wildcards_ = false;
};

}  // namespace nld::plugins
