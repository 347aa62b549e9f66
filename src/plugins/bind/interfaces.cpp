// Reading interface addresses with getifaddrs(3).
#include "plugins/bind/interfaces.hpp"

#include <ifaddrs.h>

#include <memory>

namespace nld::plugins {

std::vector<runtime::SocketAddress> interface_addresses(std::string_view name) {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, &freeifaddrs);
  std::vector<runtime::SocketAddress> out;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr || name != entry->ifa_name) continue;
    const auto family = entry->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    out.push_back(runtime::SocketAddress::from_native(entry->ifa_addr));
    out.back().set_port(0);
  }
  return out;
}

corefile::Surroundings real_surroundings_with_interfaces() {
  corefile::Surroundings out = corefile::real_surroundings();
  out.interface_addresses = interface_addresses;
  return out;
}

}  // namespace nld::plugins
