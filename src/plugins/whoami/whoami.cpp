// Builds the client's address and port as records.
#include "plugins/whoami/whoami.hpp"

#include <array>
#include <cstring>

#include "dns/builder.hpp"

namespace nld::plugins {
namespace {

/// `_udp.<name>`, or the name alone when that would be too long.
dns::Name service_name(dns::NameView name, pipeline::Transport transport) noexcept {
  constexpr std::size_t kPrefix = 5;  // length octet and "_udp"
  if (name.size() + kPrefix > dns::kMaxNameSize) return dns::Name::copy_of(name);
  std::array<std::uint8_t, dns::kMaxNameSize> wire{4, '_'};
  std::memcpy(&wire[2], transport == pipeline::Transport::udp ? "udp" : "tcp", 3);
  std::memcpy(&wire[kPrefix], name.data(), name.size());
  return dns::Name::copy_of({wire.data(), name.size() + kPrefix});
}

/// 4 or 16; a client of a dual-stack socket that came by IPv4 has 4.
dns::Bytes address_octets(const runtime::SocketAddress& client) noexcept {
  if (client.is_v6()) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(client.native());
    const dns::Bytes all(v6->sin6_addr.s6_addr, 16);
    return IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) ? all.last(4) : all;
  }
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(client.native());
  return {reinterpret_cast<const std::uint8_t*>(&v4->sin_addr.s_addr), 4};
}

}  // namespace

pipeline::Verdict WhoamiPlugin::handle(pipeline::Request& request, pipeline::Reply& reply) {
  const dns::Query& query = request.query;
  std::array<std::uint8_t, 1024> buffer{};
  dns::MessageBuilder builder(buffer);
  builder.set_flags(dns::flag::QR | dns::flag::AA);
  builder.add_question(query.name, query.type, query.cls);

  const dns::Bytes address = address_octets(request.client);
  builder.add_record(dns::Section::additional, query.name,
                     address.size() == 4 ? dns::RRType::A : dns::RRType::AAAA, query.cls, 0, address);
  std::array<std::uint8_t, 7> srv{};  // priority 0, weight 0, port, target "."
  dns::put16(srv, 4, request.client.port());
  const dns::Name service = service_name(query.name, request.transport);
  builder.add_record(dns::Section::additional, service.wire(), dns::RRType::SRV, query.cls, 0, srv);

  const cache::Answer::Facts facts{.stored_at = request.received};
  reply.answer_with(cache::Answer::make(facts, builder.message(), {}), name());
  return pipeline::Verdict::answered;
}

}  // namespace nld::plugins
