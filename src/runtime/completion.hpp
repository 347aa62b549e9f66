// A one-shot value that a coroutine awaits and a callback delivers, with an optional deadline.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "runtime/clock.hpp"

namespace nld::runtime {

/// Shared between the waiting coroutine and whoever delivers; both on one event loop. The first delivery
/// counts, later ones are dropped. The coroutine goes on in the loop's next turn: whoever delivers must not
/// find it running under its feet.
template <typename Value>
class Completion {
 public:
  Completion() = default;
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;

  void deliver(Value value) {
    if (settled_) return;
    value_.emplace(std::move(value));
    settle();
  }

  class Wait {
   public:
    explicit Wait(Completion& completion) noexcept : completion_(&completion) {}
    [[nodiscard]] bool await_ready() const noexcept { return completion_->settled_; }
    void await_suspend(std::coroutine_handle<> waiting) const noexcept { completion_->waiting_ = waiting; }
    std::optional<Value> await_resume() const noexcept {
      completion_->timer_.cancel();
      return std::move(completion_->value_);
    }

   private:
    Completion* completion_;
  };

  /// Waits for the value; nothing when `deadline` passes first. Await it once; the Completion stays alive
  /// while its coroutine waits.
  [[nodiscard]] Wait wait(Clock& clock, std::optional<TimePoint> deadline) {
    clock_ = &clock;
    if (!settled_ && deadline) timer_ = clock.at(*deadline, [this] { settle(); });
    return Wait(*this);
  }

 private:
  void settle() {
    settled_ = true;
    if (waiting_) clock_->resume(std::exchange(waiting_, nullptr));
  }

  bool settled_ = false;
  std::optional<Value> value_;
  std::coroutine_handle<> waiting_;
  Clock* clock_ = nullptr;
  Timer timer_;
};

}  // namespace nld::runtime
