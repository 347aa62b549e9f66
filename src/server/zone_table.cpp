// Longest-suffix match of names to zones.
#include "server/zone_table.hpp"

#include <algorithm>

namespace nld::server {
namespace {
const std::shared_ptr<const pipeline::Chain> kNoChain;
}  // namespace

void ZoneTable::add(const dns::Name& zone, std::shared_ptr<const pipeline::Chain> chain) {
  Entry entry{zone.lowered(), std::move(chain)};
  const auto place = std::ranges::upper_bound(entries_, entry.zone.label_count(), std::ranges::greater{},
                                              [](const Entry& other) { return other.zone.label_count(); });
  entries_.insert(place, std::move(entry));
  index_.clear();
  if (entries_.size() <= kScanLimit) return;
  for (std::size_t at = 0; at < entries_.size(); ++at) index_.emplace(entries_[at].zone, at);
}

const ZoneTable::Entry* ZoneTable::longest(dns::NameView name) const noexcept {
  if (index_.empty()) {
    for (const Entry& entry : entries_) {
      if (dns::is_at_or_below(name, entry.zone.wire())) return &entry;
    }
    return nullptr;
  }
  for (;;) {
    if (const auto found = index_.find(dns::Name::copy_of(name)); found != index_.end()) {
      return &entries_[found->second];
    }
    if (name.size() <= 1) return nullptr;
    name = name.subspan(name[0] + 1U);
  }
}

const std::shared_ptr<const pipeline::Chain>& ZoneTable::find(const dns::Query& query) const noexcept {
  const Entry* entry = longest(query.name);
  if (entry == nullptr) return kNoChain;
  const bool at_apex = query.name.size() == entry->zone.size();
  if (query.type == dns::RRType::DS && at_apex && !entry->zone.is_root()) {
    if (const Entry* parent = longest(query.name.subspan(query.name[0] + 1U))) return parent->chain;
  }
  return entry->chain;
}

bool ZoneTable::look_ahead_pays() const noexcept {
  return std::ranges::any_of(entries_, [](const Entry& entry) { return entry.chain->look_ahead_pays(); });
}

}  // namespace nld::server
