// Following CNAME and DNAME through the answer section of a response.
#pragma once

#include "dns/message.hpp"

namespace nld::dns {

enum class ChainEnd : std::uint8_t {
  answered,  ///< at records of the type asked for
  alias,     ///< at a name the section says nothing more about
  none,      ///< where it began: the section says nothing about the name asked for
};

/// Follows the aliases from `name` to records of `type`. They may stand in any order; loops and chains of
/// more than 64 aliases end as `alias`. `records`: just after the question section.
ChainEnd follow_aliases(Bytes message, const Header& header, std::size_t records, NameView name, RRType type,
                        RRClass cls) noexcept;

}  // namespace nld::dns
