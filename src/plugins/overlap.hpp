// Two server blocks that would answer for one zone on one address, or want one socket for different things.
#pragma once

#include <expected>
#include <span>

#include "plugins/block.hpp"
#include "plugins/directives.hpp"

namespace nld::plugins {

/// CoreDNS's rule: a zone may stand again only on another port or bound to other addresses; a block without
/// `bind` takes every address, so it overlaps with each. A zone may be served plainly and over TLS, but not
/// on one port of an address, and all tls:// blocks of a port of an address have one certificate: CoreDNS
/// takes either there, by chance. The error names the later block's line and the earlier's.
Result check_overlap(std::span<const BlockConfig> blocks);

}  // namespace nld::plugins
