// One question to one upstream server and what came back: the seam between forwarding and sockets.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "dns/response.hpp"
#include "runtime/clock.hpp"
#include "runtime/recycled.hpp"
#include "runtime/socket_address.hpp"
#include "runtime/task.hpp"

namespace nld::upstream {

enum class Protocol : std::uint8_t { udp, tcp };
std::string_view to_string(Protocol protocol) noexcept;

/// What to ask. `message` is a complete query; its id is replaced by an unpredictable one. The views must
/// stay valid until the exchange ends.
struct Question {
  dns::Bytes message;
  dns::NameView name;
  dns::RRType type{};
  dns::RRClass cls{};
};

/// Received, stored and gone within a turn of the loop.
using Message = std::vector<std::uint8_t, runtime::RecyclingAllocator<std::uint8_t>>;

struct Response {
  Message message;         ///< id as received upstream; checked against the question
  dns::ResponseInfo info;  ///< views point into `message`
  Protocol protocol{};
};

/// Text is in the form of Go's net errors ("read udp 10.0.0.2:41234->10.0.0.10:53: i/o timeout"), because
/// users' `errors { consolidate … }` expressions match it.
struct ExchangeError {
  enum class Kind : std::uint8_t {
    timeout,
    refused,
    unreachable,
    closed,
    handshake,  ///< no TLS with this peer: its certificate is not trusted, or it speaks something else
    local,
    malformed,
  } kind{};
  std::string text;
};

using ExchangeResult = std::expected<Response, ExchangeError>;

/// One upstream server as one worker reaches it. Single-threaded. One that is reached over TLS is, whatever
/// `protocol` says.
class Exchanger {
 public:
  Exchanger() = default;
  Exchanger(const Exchanger&) = delete;
  Exchanger& operator=(const Exchanger&) = delete;
  virtual ~Exchanger() = default;
  /// Never throws. Ends by `deadline` at the latest. Pre-conditions: `deadline` lies ahead; the exchanger and
  /// `question` live until the exchange has ended.
  virtual runtime::Task<ExchangeResult> exchange(const Question& question, Protocol protocol,
                                                 runtime::TimePoint deadline) = 0;
  /// Ends everything outstanding with an error, for shutting down; a later exchange may open sockets anew.
  virtual void close() noexcept {}
};

}  // namespace nld::upstream
