// Answers held back for a fixed time: what comes first is due first.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "../net/sockets.hpp"

namespace upstream {

using Clock = std::chrono::steady_clock;

struct Held {
  Clock::time_point due;
  std::uint64_t stream = 0;  // 0: a datagram for `client`
  sockaddr_in client{};
  std::vector<std::uint8_t> answer;
};

class HeldAnswers {
 public:
  explicit HeldAnswers(std::chrono::milliseconds delay) : delay_(delay) {}

  void hold(std::uint64_t stream, const sockaddr_in& client, std::span<const std::uint8_t> answer) {
    held_.push_back({Clock::now() + delay_, stream, client, {answer.begin(), answer.end()}});
  }
  std::optional<Held> take_due() {
    if (held_.empty() || held_.front().due > Clock::now()) return std::nullopt;
    std::optional<Held> first(std::move(held_.front()));
    held_.pop_front();
    return first;
  }
  /// Milliseconds until the next is due, rounded up, as epoll_wait takes them; -1: nothing is held.
  [[nodiscard]] int timeout() const {
    if (held_.empty()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(held_.front().due - Clock::now());
    return left.count() < 0 ? 0 : static_cast<int>(left.count());
  }

 private:
  std::chrono::milliseconds delay_;
  std::deque<Held> held_;
};

}  // namespace upstream
