// Two server blocks that would answer for one zone on one address.
#pragma once

#include <expected>
#include <span>

#include "plugins/block.hpp"
#include "plugins/directives.hpp"

namespace nld::plugins {

/// CoreDNS's rule: a zone may stand again only on another port or bound to other addresses; a block without
/// `bind` takes every address, so it overlaps with each. The error names the later block's line and the
/// earlier's.
Result check_overlap(std::span<const BlockConfig> blocks);

}  // namespace nld::plugins
