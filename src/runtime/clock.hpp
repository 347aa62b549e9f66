// Time as the program sees it: passed in, so that tests own it.
#pragma once

#include <chrono>
#include <coroutine>
#include <functional>
#include <memory>

namespace nld::runtime {

using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

/// A pending timer; destroying or cancelling it means the callback never runs.
class Timer {
 public:
  class Impl {
   public:
    virtual ~Impl() = default;
  };
  Timer() = default;
  explicit Timer(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
  void cancel() noexcept { impl_.reset(); }
  [[nodiscard]] bool armed() const noexcept { return impl_ != nullptr; }

 private:
  std::unique_ptr<Impl> impl_;
};

/// One event loop's clock, and its queue of coroutines that have what they waited for. Callbacks run on that
/// loop, never inside `at`.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual TimePoint now() const noexcept = 0;
  [[nodiscard]] virtual Timer at(TimePoint when, std::move_only_function<void()> fire) = 0;
  /// Goes on with it in the loop's next turn, in the order of the calls.
  virtual void resume(std::coroutine_handle<> waiting) = 0;
  [[nodiscard]] Timer after(Duration delay, std::move_only_function<void()> fire) {
    return at(now() + delay, std::move(fire));
  }
};

}  // namespace nld::runtime
