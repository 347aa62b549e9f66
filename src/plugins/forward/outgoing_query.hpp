// The query that goes upstream for a client's query: its own message, not a copy of the client's.
#pragma once

#include <boost/container/small_vector.hpp>
#include <cstdint>

#include "dns/message.hpp"
#include "dns/name.hpp"
#include "upstream/exchange.hpp"

namespace nld::plugins {

/// Name in lower case (what the cache keys by), RD and CD as the client set them, AD set: it wants to know
/// whether the data is authentic (RFC 6840 §5.7). With EDNS: our own UDP size (or a smaller
/// one given), DO as the client set it, and
/// those of its options that are meant for the far end.
class OutgoingQuery {
 public:
  /// padded: with EDNS, and filled up to a multiple of kPaddingBlock, so that who sees the encrypted message
  /// learns less from its length (RFC 7830, RFC 8467 §4.1).
  enum class Form : std::uint8_t { edns, padded, plain };
  /// `own_options`: those of the query's options that rules of ours put there.
  OutgoingQuery(const dns::Query& query, Form form, std::uint16_t udp_size = kUdpSize,
                dns::Bytes own_options = {});
  OutgoingQuery(const OutgoingQuery&) = delete;
  OutgoingQuery& operator=(const OutgoingQuery&) = delete;

  /// Views into this object.
  [[nodiscard]] upstream::Question question() const noexcept {
    const dns::Bytes message = message_;
    return {message, message.subspan(dns::kHeaderSize, name_size_), type_, cls_};
  }

  /// DNS flag day 2020: passes every path without IP fragments.
  static constexpr std::uint16_t kUdpSize = 1232;
  static constexpr std::size_t kPaddingBlock = 128;

 private:
  boost::container::small_vector<std::uint8_t, 192> message_;  ///< all but long names and options
  std::size_t name_size_;
  dns::RRType type_;
  dns::RRClass cls_;
};

}  // namespace nld::plugins
