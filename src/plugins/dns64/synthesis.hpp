// AAAA records out of A records, RFC 6147 §5.1 and RFC 6052 §2.2.
#pragma once

#include <array>
#include <cstdint>

#include "pipeline/request.hpp"
#include "plugins/dns64/config.hpp"

namespace nld::plugins {

/// The IPv6 address that stands for an IPv4 one (4 octets).
std::array<std::uint8_t, 16> embed_address(const Dns64Config& config, dns::Bytes v4) noexcept;

/// The answer to `request`, a question for AAAA records, made of the answer to the same question for A
/// records. `native` is what there was for AAAA: its SOA bounds the TTLs. Null: there are no A records.
cache::AnswerPtr synthesize(const Dns64Config& config, const pipeline::Request& request,
                            const pipeline::Reply& native, const pipeline::Reply& v4);

}  // namespace nld::plugins
