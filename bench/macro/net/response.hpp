// What a limit has in place of an answer.
#pragma once

#include <cstdint>
#include <span>

namespace bench {

/// The query itself becomes the response: the QR bit (RFC 1035 §4.1.1).
inline void mark_response(std::span<std::uint8_t> message) {
  if (message.size() > 2) message[2] |= 0x80U;
}

}  // namespace bench
