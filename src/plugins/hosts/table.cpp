// Reading lines into the table, and looking up.
#include "plugins/hosts/table.hpp"

#include <algorithm>

#include "plugins/zone_list.hpp"

namespace nld::plugins {
namespace {

constexpr std::string_view kBlanks = " \t\r\v\f";

/// Takes the first word off `line`; empty: there is none.
std::string_view take_word(std::string_view& line) noexcept {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(word.size());
  return word;
}

bool is_wildcard(dns::NameView name) noexcept {
  return name.size() > 2 && name[0] == 1 && name[1] == '*';
}

}  // namespace

void HostsTable::add(std::string_view text, std::span<const dns::Name> zones, bool reverse) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    add_line(text.substr(0, end), zones, reverse);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void HostsTable::add_line(std::string_view line, std::span<const dns::Name> zones, bool reverse) {
  line = line.substr(0, line.find('#'));
  const auto address = parse_host_address(take_word(line));
  if (!address) return;
  for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
    const auto name = dns::Name::from_text(word);
    if (name && longest_zone(zones, name->wire()) != nullptr) add_name(*address, name->lowered(), reverse);
  }
}

void HostsTable::add_name(const HostAddress& address, const dns::Name& name, bool reverse) {
  auto host = hosts_.find(name.wire());
  if (host == hosts_.end()) {
    const dns::NameView wire = name.wire();
    auto* kept = static_cast<std::uint8_t*>(octets_.allocate(wire.size(), 1));
    std::ranges::copy(wire, kept);
    host = hosts_.emplace(dns::NameView(kept, wire.size()), Host{}).first;
  }
  append(addresses_, address.is_v4() ? host->second.v4 : host->second.v6, address);
  if (is_wildcard(host->first)) {
    wildcards_ = true;
  } else if (reverse) {
    append(names_, reverse_[address], host->first);
  }
}

template <class Item>
void HostsTable::append(std::vector<Link<Item>>& items, Chain& chain, const Item& item) {
  const auto added = static_cast<std::uint32_t>(items.size());
  items.push_back({item});
  (chain.empty() ? chain.first : items[chain.last].next) = added;
  chain.last = added;
}

const HostsTable::Host* HostsTable::find(dns::NameView name) const noexcept {
  if (const auto found = hosts_.find(name); found != hosts_.end()) return &found->second;
  if (!wildcards_ || name.size() <= 1) return nullptr;
  std::array<std::uint8_t, dns::kMaxNameSize> wildcard{1, '*'};
  const dns::NameView parent = name.subspan(name[0] + 1U);
  std::ranges::copy(parent, wildcard.begin() + 2);
  const auto found = hosts_.find(dns::NameView(wildcard.data(), parent.size() + 2));
  return found == hosts_.end() ? nullptr : &found->second;
}

HostsTable::Chain HostsTable::find(const HostAddress& address) const noexcept {
  const auto found = reverse_.find(address);
  return found == reverse_.end() ? Chain{} : found->second;
}

}  // namespace nld::plugins
