// Coroutines that await one another: started when awaited, ended where they are resumed.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "runtime/recycled.hpp"

namespace nld::runtime {

template <typename T>
class Task;

namespace detail {

// Recycled: a miss is half a dozen frames, and many misses wait at one time.
struct TaskPromiseBase : Recycled {
  /// Hands over to whoever awaits without growing the stack; a task that was started by itself frees itself.
  struct End {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
      TaskPromiseBase& promise = ended.promise();
      if (!promise.detached) return promise.awaiting;
      ended.destroy();
      return std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };

  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] End final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { failure = std::current_exception(); }
  void rethrow() const {
    if (failure) std::rethrow_exception(failure);
  }

  std::coroutine_handle<> awaiting;
  std::exception_ptr failure;
  bool detached = false;
};

template <typename T>
struct TaskPromise : TaskPromiseBase {
  [[nodiscard]] Task<T> get_return_object() noexcept;
  template <typename U = T>
  void return_value(U&& value) {
    result.emplace(std::forward<U>(value));
  }
  T take() {
    rethrow();
    return std::move(*result);
  }
  std::optional<T> result;
};

template <>
struct TaskPromise<void> : TaskPromiseBase {
  [[nodiscard]] Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() const { rethrow(); }
};

}  // namespace detail

/// Await it once, at once: what its arguments refer to must live until it has ended. It runs on the stack of
/// who awaits it, later of who resumes what it waits for; there is no loop or executor in between, so all of
/// one chain must happen on one thread. A default-made Task<void> has nothing to do and never suspends.
template <typename T = void>
class [[nodiscard]] Task {
 public:
  // The name that the language wants (coroutine_traits).
  using promise_type = detail::TaskPromise<T>;  // NOLINT(readability-identifier-naming)

  Task() noexcept = default;
  explicit Task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}
  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() {
    if (frame_) frame_.destroy();
  }

  [[nodiscard]] bool await_ready() const noexcept { return !frame_; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
    frame_.promise().awaiting = awaiting;
    return frame_;
  }
  T await_resume() {
    if constexpr (std::is_void_v<T>) {
      if (frame_) frame_.promise().take();
    } else {
      return frame_.promise().take();
    }
  }

 private:
  friend void start(Task<void> task);
  std::coroutine_handle<promise_type> frame_;
};

template <typename T>
Task<T> detail::TaskPromise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

inline Task<void> detail::TaskPromise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

/// Runs it up to its first wait; from there on it is nobody's, and what it throws is lost: it must catch what
/// matters. One that is never resumed is a leak: who ends the loop ends all waits before.
inline void start(Task<void> task) {
  const auto frame = std::exchange(task.frame_, nullptr);
  if (!frame) return;
  frame.promise().detached = true;
  frame.resume();
}

}  // namespace nld::runtime
