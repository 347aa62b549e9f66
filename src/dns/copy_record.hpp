// A record of one message written into another.
#pragma once

#include <vector>

#include "dns/builder.hpp"

namespace nld::dns {

/// Writes `record` of `message` with another TTL; names are uncompressed, and compressed anew where every
/// reader knows how to read that. False when it is malformed or does not fit. `scratch` is room that may be
/// used again.
bool copy_record(MessageBuilder& builder, Bytes message, const RecordView& record, std::uint32_t ttl,
                 std::vector<std::uint8_t>& scratch);

}  // namespace nld::dns
