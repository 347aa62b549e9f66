// Gives up what the DNS server does not need once its sockets are bound.
#pragma once

#include <expected>
#include <string>

namespace nld::server {

/// Keeps CAP_NET_BIND_SERVICE alone (a reload may add an address on port 53), makes the process unable to
/// gain any by exec. A process without capabilities stays as it is. Capabilities belong to threads: this is
/// called before workers start, who inherit what is left, and the log's thread has given up its own.
std::expected<void, std::string> drop_privileges();

}  // namespace nld::server
