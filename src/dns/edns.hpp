// EDNS(0), RFC 6891: the OPT record of a message and its options.
#pragma once

#include <cstdint>
#include <optional>

#include "dns/types.hpp"
#include "dns/wire.hpp"

namespace nld::dns {

/// EDNS option codes the program knows (IANA); others pass as numbers.
enum class OptionCode : std::uint16_t {
  nsid = 3,
  client_subnet = 8,
  cookie = 10,
  tcp_keepalive = 11,
  padding = 12,
  extended_error = 15,
};

/// What an OPT record says. `options` is a view of its RDATA, already checked to be well-formed.
struct Edns {
  std::uint16_t udp_size = 512;  ///< never below 512: less counts as 512 (RFC 6891 §6.2.3)
  std::uint8_t extended_rcode = 0;
  std::uint8_t version = 0;
  bool dnssec_ok = false;
  Bytes options;
};

struct EdnsOption {
  OptionCode code{};
  Bytes data;
};

/// Walks the options of a checked OPT RDATA: `for (auto rest = edns.options; auto option =
/// next_option(rest);)`.
std::optional<EdnsOption> next_option(Bytes& rest) noexcept;
std::optional<Bytes> find_option(Bytes options, OptionCode code) noexcept;
/// True when RDATA of an OPT is a sequence of whole options.
bool options_well_formed(Bytes rdata) noexcept;

}  // namespace nld::dns
