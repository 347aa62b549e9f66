// The bound on a server's name in the NSID option (RFC 5001, which sets none).
#pragma once

#include <cstddef>

namespace nld::pipeline {

/// Octets that a reply has room for: of 512 over plain UDP the question may take 260. Whoever gives a request
/// or a reply such a name keeps to it; rendering relies on that.
constexpr std::size_t kLongestServerId = 255;

}  // namespace nld::pipeline
