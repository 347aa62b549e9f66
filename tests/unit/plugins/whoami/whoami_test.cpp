// The client's own address and port as records.
#include "plugins/whoami/whoami.hpp"

#include <gtest/gtest.h>

#include <array>

#include "dns/builder.hpp"

namespace nld::plugins {
namespace {

struct Told {
  dns::RRType type;
  std::size_t address_size;
  std::string service;
  std::uint16_t port;
};

Told ask(const char* client, pipeline::Transport transport) {
  std::array<std::uint8_t, 512> buffer{};
  dns::MessageBuilder builder(buffer);
  builder.add_question(dns::Name::from_text("me.test.")->wire(), dns::RRType::A, dns::RRClass::IN);
  pipeline::Request request;
  request.query = *dns::parse_query(builder.message());
  request.client = *runtime::SocketAddress::from_ip(client, 4242);
  request.transport = transport;
  pipeline::Reply reply;
  WhoamiPlugin plugin;
  EXPECT_EQ(plugin.handle(request, reply), pipeline::Verdict::answered);
  const dns::Bytes wire = reply.answer->wire();
  dns::RecordCursor cursor(wire, dns::read_header(wire), request.query.question_end);
  const auto address = **cursor.next();
  const auto service = **cursor.next();
  EXPECT_EQ(service.type, dns::RRType::SRV);
  return {address.type, address.rdata_size, dns::read_name(wire, service.name_offset)->name.to_text(),
          dns::get16(wire, service.rdata_offset + 4)};
}

TEST(Whoami, TellsAddressPortAndTransport) {
  const Told v4 = ask("10.1.2.3", pipeline::Transport::udp);
  EXPECT_EQ(v4.type, dns::RRType::A);
  EXPECT_EQ(v4.address_size, 4U);
  EXPECT_EQ(v4.service, "_udp.me.test.");
  EXPECT_EQ(v4.port, 4242);
  const Told v6 = ask("fd00::1", pipeline::Transport::tcp);
  EXPECT_EQ(v6.type, dns::RRType::AAAA);
  EXPECT_EQ(v6.service, "_tcp.me.test.");
  EXPECT_EQ(ask("::ffff:10.1.2.3", pipeline::Transport::udp).type, dns::RRType::A)
      << "IPv4 on a dual-stack socket";
}

}  // namespace
}  // namespace nld::plugins
