// Where an answer came from, for the queries it was fetched for: what is stored does not keep it.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/socket_address.hpp"

namespace nld::cache {

struct Provenance {
  runtime::SocketAddress upstream;        ///< the last one that was asked
  std::vector<std::uint8_t> server_id{};  ///< the name it gave itself (RFC 5001); empty: none
};

}  // namespace nld::cache
