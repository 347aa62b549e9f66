// Asks the DNS server over real DNS whether it lives.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "runtime/clock.hpp"
#include "runtime/random.hpp"
#include "runtime/socket_address.hpp"

namespace nld::agent {

struct ProbeResult {
  enum class Kind : std::uint8_t {
    answered,     ///< any response to the question, whatever its rcode: the server reads and writes
    by_another,   ///< a response, but of another server at the same address
    refused,      ///< no socket there (ICMP port unreachable)
    silent,       ///< nothing within the limit
    unreachable,  ///< the address is not on this host now, or the kernel would not send: says nothing
  };
  Kind kind = Kind::silent;
  runtime::Duration latency{};  ///< of an answer
};

/// An interface, so that tests of the supervisor need no sockets.
class Prober {
 public:
  using Done = std::function<void(const ProbeResult&)>;
  virtual ~Prober() = default;
  /// `done` runs once on the loop, never inside this call, unless the prober is destroyed first.
  /// With an `instance` (server/instance.hpp) only the server of that word counts as having answered.
  virtual void probe(const runtime::SocketAddress& server, const std::string& instance,
                     runtime::Duration limit, Done done) = 0;
};

/// Over UDP, each probe from a port of its own, so that they reach all of a server's SO_REUSEPORT sockets in
/// turn (where the kernel chooses by hash; else that of the processor we run on); sent four times within the
/// limit, since one datagram lost to a full queue is no sign of death. The source is 127.0.0.1 or ::1: the
/// steering rules let these pass to the server whatever else they do, and take the answers as a sign of life
/// (docs/rules.md).
class UdpProber final : public Prober {
 public:
  /// `name` empty: version.bind TXT in class CH, which every server answers (or refuses) without asking
  /// anybody; else `name` A IN. Throws std::invalid_argument when `name` is no domain name.
  UdpProber(boost::asio::io_context& loop, runtime::Clock& clock, runtime::Random& random,
            const std::string& name);
  ~UdpProber() override;
  void probe(const runtime::SocketAddress& server, const std::string& instance, runtime::Duration limit,
             Done done) override;

 private:
  class Exchange;
  boost::asio::io_context& loop_;
  runtime::Clock& clock_;
  runtime::Random& random_;
  std::vector<std::uint8_t> query_;  ///< id 0
  bool named_;                       ///< its name is the user's
  std::vector<std::weak_ptr<Exchange>> exchanges_;
};

}  // namespace nld::agent
