// The `whoami` plugin: tells the client its own address, port and transport.
#pragma once

#include "pipeline/plugin.hpp"
#include "runtime/clock.hpp"

namespace nld::plugins {

/// NOERROR with an empty answer section; additional: A or AAAA of the client, and SRV _udp|_tcp.<name> with
/// the client's port. TTL 0.
class WhoamiPlugin final : public pipeline::Plugin {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "whoami"; }
  pipeline::Verdict handle(pipeline::Request& request, pipeline::Reply& reply) override;
};

}  // namespace nld::plugins
