// Telling apart two servers that share an address, as two pods of a rolling update do.
#pragma once

#include <optional>
#include <string_view>

#include "dns/name.hpp"

namespace nld::server {

/// The agent gives each server that it starts a word of its own in this variable of the environment. Asked
/// for TXT of `<word>.node-local-dns.bind` in class CH over loopback, the server of that word answers NOERROR
/// and every other one REFUSED.
inline constexpr const char* kInstanceVariable = "NODE_LOCAL_DNS_INSTANCE";

/// The name to ask for; nothing for a word that is no label.
std::optional<dns::Name> instance_name(std::string_view word);
/// Whether some server is asked for so: nobody's traffic, not to be counted.
bool is_instance_name(dns::NameView name);

}  // namespace nld::server
