// The real clock of one event loop.
#pragma once

#include <boost/asio/io_context.hpp>

#include "runtime/clock.hpp"

namespace nld::runtime {

class AsioClock final : public Clock {
 public:
  explicit AsioClock(boost::asio::io_context& loop) noexcept : loop_(&loop) {}
  [[nodiscard]] TimePoint now() const noexcept override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] Timer at(TimePoint when, std::move_only_function<void()> fire) override;

 private:
  boost::asio::io_context* loop_;
};

}  // namespace nld::runtime
