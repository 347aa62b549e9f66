// Blocks by listen address.
#include "server/listen_plan.hpp"

#include <sys/socket.h>

#include "runtime/descriptor.hpp"

namespace nld::server {

ListenPlan listen_plan(const plugins::ServerConfig& config, bool have_ipv6) {
  const auto wildcard = *runtime::SocketAddress::from_ip(have_ipv6 ? "::" : "0.0.0.0", 0);
  ListenPlan plan;
  for (std::size_t block = 0; block < config.blocks.size(); ++block) {
    const plugins::BlockConfig& settings = config.blocks[block];
    for (std::size_t zone = 0; zone < settings.zones.size(); ++zone) {
      const std::uint16_t port = settings.zones[zone].port;
      const plugins::Scheme scheme = settings.zones[zone].scheme;
      const auto place = [&](runtime::SocketAddress address) {
        address.set_port(port);
        Listen& listen = plan[{address, scheme}];
        if (listen.label.empty()) {
          listen.label = std::string(to_string(scheme)) + "://" +
                         (settings.bind.empty() ? ":" + std::to_string(port) : address.to_string());
        }
        if (scheme == plugins::Scheme::tls) listen.tls = settings.tls;
        listen.zones.push_back({block, zone});
      };
      if (settings.bind.empty()) place(wildcard);
      for (const runtime::SocketAddress& address : settings.bind) place(address);
    }
  }
  return plan;
}

bool host_has_ipv6() noexcept {
  return runtime::Descriptor(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)).is_open();
}

}  // namespace nld::server
