// What the load generator sends and counts: the queries, those that wait for an answer, the tally.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "latency.hpp"
#include "questions.hpp"

namespace load {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kHeaderSize = 12;

struct Settings {
  std::string server = "127.0.0.1";
  std::uint16_t port = 53;
  bool tcp = false;
  std::uint64_t queries = 100000;
  std::uint64_t names = 1000;
  Order order = Order::cycle;
  std::string prefix = "n";
  std::string suffix = "bench.example";
  std::uint8_t rcode = 0;
  std::uint16_t answers = 1;  // least ANCOUNT of a good answer
  std::size_t connections = 4;
  std::size_t window = 32;  // outstanding queries of one connection
  std::uint64_t rate = 0;   // queries a second; 0: as fast as answers come
  std::chrono::seconds limit{60};
};

struct Tally {
  std::uint64_t sent = 0;
  std::uint64_t good = 0;
  std::uint64_t bad = 0;    // wrong rcode, question, or no data
  std::uint64_t stray = 0;  // answers nobody waits for
  std::uint64_t lost = 0;
  std::uint64_t reconnects = 0;
  [[nodiscard]] std::uint64_t settled() const { return good + bad + lost; }
};

/// The queries of one connection that wait for an answer: a slot is an id.
class Outstanding {
 public:
  struct Query {
    std::uint64_t number = 0;
    Clock::time_point sent;
  };

  explicit Outstanding(std::size_t window) : slots_(window) {
    for (std::size_t i = 0; i < window; ++i) free_.push_back(static_cast<std::uint16_t>(i));
  }
  [[nodiscard]] bool full() const { return free_.empty(); }
  [[nodiscard]] std::size_t count() const { return slots_.size() - free_.size(); }

  std::uint16_t take(std::uint64_t number, Clock::time_point now) {
    const auto at = free_.back();
    free_.pop_back();
    Slot& slot = slots_[at];
    slot = Slot{{number, now}, static_cast<std::uint16_t>(slot.turn + 1), true};
    return static_cast<std::uint16_t>(slot.turn << kSlotBits | at);
  }
  std::optional<Query> settle(std::uint16_t id) {
    const auto at = static_cast<std::uint16_t>(id & (kMostSlots - 1));
    if (at >= slots_.size() || !slots_[at].busy) return std::nullopt;
    // The answer to a query that was given up is not that of the slot's next one.
    if ((slots_[at].turn & kTurns) != id >> kSlotBits) return std::nullopt;
    slots_[at].busy = false;
    free_.push_back(at);
    return slots_[at].query;
  }
  /// Gives up what was sent before `limit`; returns how many.
  std::uint64_t expire(Clock::time_point limit) {
    std::uint64_t expired = 0;
    for (std::size_t id = 0; id < slots_.size(); ++id) {
      if (slots_[id].busy && slots_[id].query.sent < limit) {
        slots_[id].busy = false;
        free_.push_back(static_cast<std::uint16_t>(id));
        ++expired;
      }
    }
    return expired;
  }
  [[nodiscard]] std::vector<std::uint64_t> drop_all() {
    std::vector<std::uint64_t> numbers;
    for (std::size_t id = 0; id < slots_.size(); ++id) {
      if (!slots_[id].busy) continue;
      slots_[id].busy = false;
      free_.push_back(static_cast<std::uint16_t>(id));
      numbers.push_back(slots_[id].query.number);
    }
    return numbers;
  }

 private:
  struct Slot {
    Query query;
    std::uint16_t turn = 0;  // how often it was used; its lowest bits are the highest of the id
    bool busy = false;
  };
  static constexpr unsigned kSlotBits = 10;
  static constexpr unsigned kMostSlots = 1U << kSlotBits;  // the largest window
  static constexpr unsigned kTurns = 0xFFFFU >> kSlotBits;
  std::vector<Slot> slots_;
  std::vector<std::uint16_t> free_;
};

/// What all connections share: what to send next, and the count of what came back.
class Run {
 public:
  explicit Run(const Settings& settings)
      : settings_(settings),
        questions_(settings.prefix, settings.suffix, settings.order, settings.names),
        begin_(Clock::now()) {}

  /// The number of the next query that may go out now.
  std::optional<std::uint64_t> next(Clock::time_point now) {
    if (!again_.empty()) {
      const auto number = again_.back();
      again_.pop_back();
      return number;
    }
    if (tally_.sent == settings_.queries) return std::nullopt;
    if (settings_.rate != 0 && now < due()) return std::nullopt;
    return tally_.sent++;
  }
  /// How long to wait for answers at most before something must be sent.
  [[nodiscard]] std::chrono::nanoseconds pause(Clock::time_point now) const {
    constexpr std::chrono::milliseconds kLongest{50};
    if (settings_.rate == 0 || tally_.sent == settings_.queries) return kLongest;
    return std::clamp<std::chrono::nanoseconds>(due() - now, std::chrono::nanoseconds{0}, kLongest);
  }
  void settle(Outstanding& outstanding, std::span<const std::uint8_t> message, Clock::time_point now) {
    if (message.size() < kHeaderSize) {
      ++tally_.stray;
      return;
    }
    const auto asked = outstanding.settle(static_cast<std::uint16_t>(message[0] << 8U | message[1]));
    if (!asked) {
      ++tally_.stray;
      return;
    }
    latencies_.add(now - asked->sent);
    const auto query = questions_[asked->number];
    const auto count = static_cast<std::uint16_t>(message[6] << 8U | message[7]);
    const bool good = (message[2] & 0x80U) != 0 && (message[3] & 0x0FU) == settings_.rcode &&
                      count >= settings_.answers && message.size() >= query.size() &&
                      std::memcmp(message.data() + kHeaderSize, query.data() + kHeaderSize,
                                  query.size() - kHeaderSize) == 0;
    ++(good ? tally_.good : tally_.bad);
  }
  void lose(std::uint64_t count) { tally_.lost += count; }
  /// The server closed a connection: its queries go out again on the next one.
  void resend(const std::vector<std::uint64_t>& numbers) {
    again_.insert(again_.end(), numbers.begin(), numbers.end());
    ++tally_.reconnects;
  }

  [[nodiscard]] bool done() const { return tally_.settled() >= settings_.queries; }
  [[nodiscard]] const Settings& settings() const { return settings_; }
  [[nodiscard]] Questions& questions() { return questions_; }
  [[nodiscard]] const Tally& tally() const { return tally_; }
  [[nodiscard]] const Latencies& latencies() const { return latencies_; }
  [[nodiscard]] Clock::time_point begin() const { return begin_; }

 private:
  /// When the next query is to be sent, at the rate that was asked for.
  [[nodiscard]] Clock::time_point due() const {
    const std::chrono::duration<double> after(static_cast<double>(tally_.sent) /
                                              static_cast<double>(settings_.rate));
    return begin_ + std::chrono::duration_cast<Clock::duration>(after);
  }

  const Settings& settings_;
  Questions questions_;
  Latencies latencies_;
  std::vector<std::uint64_t> again_;
  Tally tally_;
  Clock::time_point begin_;
};

}  // namespace load
