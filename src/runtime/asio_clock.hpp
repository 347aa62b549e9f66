// The real clock of one event loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "runtime/clock.hpp"

namespace nld::runtime {

/// Its timers share one of the loop's: every query that waits has a timer or two, nearly all of which are
/// cancelled.
class AsioClock final : public Clock {
 public:
  explicit AsioClock(boost::asio::io_context& loop);
  ~AsioClock() override;
  AsioClock(const AsioClock&) = delete;
  AsioClock& operator=(const AsioClock&) = delete;

  [[nodiscard]] TimePoint now() const noexcept override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] Timer at(TimePoint when, std::move_only_function<void()> fire) override;
  void resume(std::coroutine_handle<> waiting) override;

 private:
  class Pending;
  class Schedule;
  std::shared_ptr<Schedule> schedule_;
};

}  // namespace nld::runtime
