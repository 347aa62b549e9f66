// Which chain answers a name on one listen address: the longest matching zone.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "dns/message.hpp"
#include "pipeline/plugin.hpp"

namespace nld::server {

/// Immutable once filled; one a worker and listen address.
class ZoneTable {
 public:
  void add(const dns::Name& zone, std::shared_ptr<const pipeline::Chain> chain);

  /// The chain for a query, null when no zone holds the name. DS is asked of the parent side of a zone cut
  /// (RFC 4035 §3.1.4.1), so a zone's own DS goes to the enclosing zone if there is one.
  [[nodiscard]] const std::shared_ptr<const pipeline::Chain>& find(const dns::Query& query) const noexcept;
  /// Whether it does for any of the chains.
  [[nodiscard]] bool look_ahead_pays() const noexcept;

 private:
  struct Entry {
    dns::Name zone;
    std::shared_ptr<const pipeline::Chain> chain;
  };
  [[nodiscard]] const Entry* longest(dns::NameView name) const noexcept;

  /// Up to this many zones a scan is faster than hashing every suffix.
  static constexpr std::size_t kScanLimit = 16;
  std::vector<Entry> entries_;                                              ///< most labels first
  boost::unordered_flat_map<dns::Name, std::size_t, dns::NameHash> index_;  ///< filled beyond kScanLimit
};

}  // namespace nld::server
