// A clock that moves only when told: for tests and replays.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "runtime/clock.hpp"

namespace nld::runtime {

class ManualClock final : public Clock {
 public:
  ManualClock();
  ~ManualClock() override;
  [[nodiscard]] TimePoint now() const noexcept override { return now_; }
  [[nodiscard]] Timer at(TimePoint when, std::move_only_function<void()> fire) override;
  /// At once: a test has no turns to wait for.
  void resume(std::coroutine_handle<> waiting) override { waiting.resume(); }

  /// Moves on by `step`, firing what falls due in order; `settle` runs after each firing (drain the loop
  /// there).
  void advance(Duration step, const std::function<void()>& settle = {});
  /// When the next timer falls due; nothing when none is armed.
  [[nodiscard]] std::optional<TimePoint> next_due() const;

 private:
  class ManualTimer;
  struct Timers;
  TimePoint now_;
  std::shared_ptr<Timers> timers_;
};

}  // namespace nld::runtime
