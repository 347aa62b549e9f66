// A query with its reply and outcome, as an observer gets them.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "dns/builder.hpp"
#include "dns/message.hpp"
#include "pipeline/request.hpp"

namespace nld::plugins {

struct QueryShape {
  std::string_view name = "example.org.";
  dns::RRType type = dns::RRType::A;
  dns::RRClass cls = dns::RRClass::IN;
  std::uint16_t id = 4711;
  std::optional<std::uint16_t> udp_size{};  ///< with a value: the query has EDNS
  bool dnssec_ok = false;
  pipeline::Transport transport = pipeline::Transport::udp;
  std::string_view client = "10.244.0.5";
  std::string_view local = "169.254.20.10";
};

/// Owns the packet that the request's views point into: neither copied nor moved.
class ObservedQuery {
 public:
  explicit ObservedQuery(const QueryShape& shape = {}) {
    dns::MessageBuilder builder(packet_);
    builder.set_id(shape.id);
    builder.set_flags(dns::flag::RD);
    builder.add_question(dns::Name::from_text(shape.name).value().wire(), shape.type, shape.cls);
    if (shape.udp_size) builder.add_opt(*shape.udp_size, 0, shape.dnssec_ok, {});
    auto query = dns::parse_query(builder.message());
    if (!query) throw std::logic_error("the test's query does not parse");
    request.query = *query;
    request.client = runtime::SocketAddress::from_ip(shape.client, 40212).value();
    request.local = runtime::SocketAddress::from_ip(shape.local, 53).value();
    request.transport = shape.transport;
  }
  ObservedQuery(const ObservedQuery&) = delete;
  ObservedQuery& operator=(const ObservedQuery&) = delete;

  /// A reply with that many A records in its answer section.
  void reply_with(dns::Rcode rcode, int answers, dns::ResponseKind kind, std::string_view plugin = "cache") {
    std::array<std::uint8_t, 512> wire{};
    dns::MessageBuilder builder(wire);
    builder.add_question(request.query.name, request.query.type, request.query.cls);
    constexpr std::array<std::uint8_t, 4> kAddress{192, 0, 2, 1};
    for (int count = 0; count < answers; ++count) {
      builder.add_record(dns::Section::answer, request.query.name, dns::RRType::A, dns::RRClass::IN, 30,
                         kAddress);
    }
    cache::Answer::Facts facts;
    facts.kind = kind;
    facts.rcode = rcode;
    reply.answer_with(cache::Answer::make(facts, builder.message(), {}), plugin);
    outcome.rcode = rcode;
  }
  /// A reply without records.
  void fail_with(dns::Rcode rcode, std::string_view error, std::string_view plugin = "forward") {
    reply.rcode = outcome.rcode = rcode;
    reply.error = error;
    reply.plugin = plugin;
  }

  pipeline::Request request;
  pipeline::Reply reply;
  pipeline::Outcome outcome{.rcode = dns::Rcode::NOERROR,
                            .flags = dns::flag::QR | dns::flag::RD | dns::flag::RA,
                            .size = 68,
                            .duration = std::chrono::microseconds(123)};

 private:
  std::array<std::uint8_t, 512> packet_{};
};

}  // namespace nld::plugins
