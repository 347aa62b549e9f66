// Domain names inside RDATA: the types where they may be compressed (RFC 3597 §4), checked and expanded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "dns/message.hpp"

namespace nld::dns {

/// Where the (adjacent) names in an RDATA stand; offsets are into the message.
struct RdataNames {
  std::uint8_t count = 0;  ///< 0, 1 or 2; 0 for every type that cannot hold a compressed name
  std::size_t begin = 0;   ///< of the first name
  std::size_t end = 0;     ///< just after the last one
};

/// Nothing when the RDATA does not fit its type: names that do not parse or reach beyond it, octets missing
/// or left over. Types without compressible names are looked at only for A and AAAA of class IN, by size.
std::optional<RdataNames> find_rdata_names(Bytes message, const RecordView& record) noexcept;

/// RDATA with its names uncompressed, in place of what `out` held; false when it is malformed.
bool expand_rdata(Bytes message, const RecordView& record, std::vector<std::uint8_t>& out);

/// True for types whose RDATA is one name that any sender may compress (RFC 1035 §3.3).
bool is_single_name(RRType type) noexcept;

}  // namespace nld::dns
