// A reply in its outgoing buffer, before OPT and flags are written: what plugins may still change.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dns/wire.hpp"

namespace nld::pipeline {

struct Draft {
  dns::MutableBytes space;  ///< begins with the message; it may grow to all of it
  std::size_t size = 0;     ///< header, question and records
  std::uint16_t flags = 0;  ///< written to the header afterwards
};

}  // namespace nld::pipeline
