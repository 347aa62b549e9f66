// A one-shot value that a coroutine awaits and a callback delivers, with an optional deadline.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>

#include "runtime/clock.hpp"

namespace nld::runtime {

/// Shared between the waiting coroutine and whoever delivers; both on one event loop. The first delivery
/// counts, later ones are dropped, and one that nobody waits for any more is harmless.
template <typename Value>
class Completion : public std::enable_shared_from_this<Completion<Value>> {
 public:
  void deliver(Value value) {
    if (settled_) return;
    settled_ = true;
    value_ = std::move(value);
    wake();
  }

  /// Waits for the value; nothing when `deadline` passes first. Await it once.
  boost::asio::awaitable<std::optional<Value>> wait(Clock& clock, std::optional<TimePoint> deadline) {
    const auto self = this->shared_from_this();
    if (!settled_) {
      Timer timer;
      if (deadline) {
        timer = clock.at(*deadline, [self] {
          self->settled_ = true;
          self->wake();
        });
      }
      // GCC 12 destroys a capture with a destructor twice here (temporaries of a co_await expression):
      // capture the plain pointer, `self` above keeps the object alive.
      co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
          [this](auto handler) {
            resume_ = [handler = std::move(handler)]() mutable {
              // Posted, not called: whoever delivers must not find the coroutine running under its feet.
              auto executor = boost::asio::get_associated_executor(handler);
              boost::asio::post(executor, std::move(handler));
            };
          },
          boost::asio::use_awaitable);
    }
    co_return std::move(value_);
  }

 private:
  void wake() {
    if (auto resume = std::exchange(resume_, nullptr)) resume();
  }

  bool settled_ = false;
  std::optional<Value> value_;
  std::move_only_function<void()> resume_;
};

}  // namespace nld::runtime
