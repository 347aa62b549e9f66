// Timers on an Asio event loop.
#include "runtime/asio_clock.hpp"

#include <boost/asio/steady_timer.hpp>

namespace nld::runtime {
namespace {

class AsioTimer final : public Timer::Impl {
 public:
  AsioTimer(boost::asio::io_context& loop, TimePoint when, std::move_only_function<void()> fire)
      : timer_(loop, when), alive_(std::make_shared<bool>(true)) {
    // A cancelled wait may already stand in the loop's queue with success: `alive` tells it to do nothing.
    timer_.async_wait([alive = alive_, fire = std::move(fire)](boost::system::error_code error) mutable {
      if (!error && *alive) fire();
    });
  }
  AsioTimer(const AsioTimer&) = delete;
  AsioTimer& operator=(const AsioTimer&) = delete;
  ~AsioTimer() override { *alive_ = false; }

 private:
  boost::asio::steady_timer timer_;
  std::shared_ptr<bool> alive_;
};

}  // namespace

Timer AsioClock::at(TimePoint when, std::move_only_function<void()> fire) {
  return Timer(std::make_unique<AsioTimer>(*loop_, when, std::move(fire)));
}

}  // namespace nld::runtime
