// A reply as wire bytes for one client: id, flags, the client's spelling of the name, TTLs, OPT, truncation.
#pragma once

#include "pipeline/plugin.hpp"

namespace nld::server {

/// Padded answers are multiples of it (RFC 8467 §4.1).
constexpr std::size_t kPaddingBlock = 468;

/// The largest UDP answer we send, whatever a client offers: one that needs more fragments at any MTU in
/// use, and fragments are what attackers replace (RFC 9715). Also the size of a slot of the send batch.
constexpr std::size_t kMaxUdpAnswer = 4096;
/// What we tell clients and upstreams we can take over UDP (DNS flag day 2020: fits a 1280-octet MTU).
constexpr std::uint16_t kOwnUdpSize = 1232;

struct Rendered {
  std::size_t size = 0;
  std::uint16_t flags = 0;
  dns::Rcode rcode{};
};

/// Octets an answer to this request may have.
std::size_t size_limit(const pipeline::Request& request) noexcept;

/// Writes the reply into `out` (at least size_limit(request) octets). No allocation, one copy of the answer,
/// which the plugins of `chain` (if any) then amend.
Rendered render(const pipeline::Request& request, const pipeline::Reply& reply, dns::MutableBytes out,
                const pipeline::Chain* chain = nullptr) noexcept;

/// Header-only answer to a packet that is not a query we take: FORMERR, NOTIMP. Zero: say nothing.
std::size_t render_fault(dns::Bytes packet, dns::QueryFault fault, dns::MutableBytes out) noexcept;
/// The rcode that render_fault gives; nothing when it stays silent.
std::optional<dns::Rcode> rcode_for(dns::QueryFault fault) noexcept;

}  // namespace nld::server
