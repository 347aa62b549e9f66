// Who asked what a relay sent on: the id upstream is the place of the client and of its own id.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>

#include "../net/sockets.hpp"

namespace bench {

class Clients {
 public:
  /// Puts the relay's id in place of the client's.
  bool enter(std::span<std::uint8_t> query, const sockaddr_in& client) {
    if (query.size() < 12) return false;
    const auto id = ++last_;  // a place is used again after 65,536 queries, when its client has given up
    (*entries_)[id] = {client, {query[0], query[1]}};
    query[0] = static_cast<std::uint8_t>(id >> 8U);
    query[1] = static_cast<std::uint8_t>(id & 0xFFU);
    return true;
  }
  /// Puts the client's id back.
  std::optional<sockaddr_in> leave(std::span<std::uint8_t> answer) {
    if (answer.size() < 12) return std::nullopt;
    const auto& entry = (*entries_)[static_cast<std::uint16_t>(answer[0] << 8U | answer[1])];
    answer[0] = entry.id[0];
    answer[1] = entry.id[1];
    return entry.client;
  }

 private:
  struct Entry {
    sockaddr_in client{};
    std::array<std::uint8_t, 2> id{};
  };
  std::unique_ptr<std::array<Entry, 65536>> entries_ = std::make_unique<std::array<Entry, 65536>>();
  std::uint16_t last_ = 0;
};

}  // namespace bench
