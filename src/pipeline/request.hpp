// A query on its way through the plugins, and the reply they agree on.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "cache/answer.hpp"
#include "cache/provenance.hpp"
#include "dns/message.hpp"
#include "pipeline/metadata.hpp"
#include "runtime/clock.hpp"
#include "runtime/socket_address.hpp"

namespace nld::pipeline {

enum class Transport : std::uint8_t { udp, tcp };
constexpr std::string_view to_string(Transport transport) noexcept {
  return transport == Transport::udp ? "udp" : "tcp";
}

/// A question of a plugin's own, asked to answer another: what it is asked for, so that a circle is seen.
struct Errand {
  dns::Name name;
  dns::RRType type{};
  std::shared_ptr<const Errand> cause;  ///< null: a client's question
};

/// Views in `query` live as long as the request: on the waiting path the server keeps its own copy.
struct Request {
  dns::Query query;
  runtime::SocketAddress client;
  runtime::SocketAddress local;
  Transport transport = Transport::udp;
  bool encrypted = false;  ///< over TLS
  runtime::TimePoint received;
  /// EDNS options, encoded, that rules of ours put into `query` for the upstream. A fetch of the cache
  /// carries them, though it carries nothing else of the client's message.
  dns::Bytes added_options{};
  std::shared_ptr<const Errand> errand{};  ///< null: a client asks
  std::uint16_t udp_limit = UINT16_MAX;    ///< octets over UDP, to the client and from upstreams (`bufsize`)
  dns::Bytes server_id{};                  ///< for the NSID option of the reply; empty: none
  std::optional<runtime::TimePoint> deadline{};  ///< no reply after that (`cancel`)
  /// Of the chain that the query is in, which outlives it; null: nothing is published about this query.
  const Metadata* metadata = nullptr;
};

/// What a plugin that said `wait` after it had begun wants to find again in `resolve`.
class Suspended {
 public:
  Suspended() = default;
  Suspended(const Suspended&) = delete;
  Suspended& operator=(const Suspended&) = delete;
  virtual ~Suspended() = default;
};

/// What the plugins decided. The server turns it into wire bytes (server/render): id, flags, question
/// case, TTLs, OPT, truncation.
struct Reply {
  cache::AnswerPtr answer;           ///< null: header and question with `rcode` alone
  std::optional<std::uint32_t> ttl;  ///< replaces every TTL of the answer
  dns::Rcode rcode = dns::Rcode::SERVFAIL;
  std::string_view plugin;  ///< who answered (static string); empty: the server itself
  std::optional<dns::ExtendedError> extended_error;
  std::string extended_error_text{};  ///< beside the code; the cache keeps the code only
  std::string error;                  ///< for `errors`; empty: none
  /// Null: it came from no upstream now, or nobody wants to know.
  std::shared_ptr<const cache::Provenance> provenance{};
  bool cacheable = true;  ///< false: a truncated answer that could not be completed
  bool silent = false;    ///< nothing is sent
  /// Made in front of the cache for this client alone: the plugins from there on (loadbalance, header) have
  /// no say in it.
  bool ours = false;
  /// Of the plugin that waits. One that calls the rest of the chain itself gives it a Reply of its own, which
  /// has a place of its own.
  std::unique_ptr<Suspended> suspended{};

  void answer_with(cache::AnswerPtr found, std::string_view by) noexcept {
    rcode = found->facts().rcode;
    answer = std::move(found);
    plugin = by;
  }
};

/// What was sent, for observers.
struct Outcome {
  dns::Rcode rcode{};
  std::uint16_t flags = 0;
  std::size_t size = 0;  ///< octets sent
  runtime::Duration duration{};
};

}  // namespace nld::pipeline
