// Timers on an Asio event loop: an ordered set of them, and one Asio timer for the first.
#include "runtime/asio_clock.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/set.hpp>
#include <vector>

namespace nld::runtime {
namespace {

namespace intrusive = boost::intrusive;

// A timer that is destroyed takes itself out of the set.
using Hook = intrusive::set_base_hook<intrusive::link_mode<intrusive::auto_unlink>>;

class AsioTimer final : public Timer::Impl, public Hook {
 public:
  AsioTimer(TimePoint when, std::move_only_function<void()> fire) : due(when), fire_(std::move(fire)) {}

  /// The timer may end while its callback runs.
  void fire() {
    auto callback = std::exchange(fire_, nullptr);
    unlink();
    callback();
  }

  TimePoint due;

 private:
  std::move_only_function<void()> fire_;
};

struct Due {
  using type = TimePoint;  // NOLINT(readability-identifier-naming): Boost.Intrusive's name
  const TimePoint& operator()(const AsioTimer& timer) const noexcept { return timer.due; }
};

}  // namespace

class AsioClock::Schedule : public std::enable_shared_from_this<Schedule> {
 public:
  explicit Schedule(boost::asio::io_context& loop) : loop_(&loop), alarm_(loop) {}

  void add(AsioTimer& timer) {
    // Most deadlines lie behind all others: the hint makes that a constant step.
    timers_.insert(timers_.end(), timer);
    if (timer.due < alarm_at_) set_alarm(timer.due);
  }

  // What one read brings wakes many: they go on in one turn.
  void add(std::coroutine_handle<> ready) {
    ready_.push_back(ready);
    if (ready_.size() > 1) return;
    boost::asio::post(*loop_, [self = shared_from_this()] { self->resume_all(); });
  }

 private:
  void resume_all() {
    resuming_.swap(ready_);
    for (const auto coroutine : resuming_) coroutine.resume();
    resuming_.clear();
  }

  // An alarm that a cancelled timer leaves behind is let ring for nothing: that is rarer than timers are.
  void set_alarm(TimePoint when) {
    alarm_at_ = when;
    alarm_.expires_at(when);
    alarm_.async_wait([weak = weak_from_this(), when](boost::system::error_code error) {
      const auto self = weak.lock();
      if (!error && self && self->alarm_at_ == when) self->ring();
    });
  }

  void ring() {
    alarm_at_ = TimePoint::max();
    const TimePoint now = std::chrono::steady_clock::now();
    while (!timers_.empty() && timers_.begin()->due <= now) timers_.begin()->fire();
    if (!timers_.empty() && timers_.begin()->due < alarm_at_) set_alarm(timers_.begin()->due);
  }

  boost::asio::io_context* loop_;
  std::vector<std::coroutine_handle<>> ready_;
  std::vector<std::coroutine_handle<>> resuming_;
  boost::asio::steady_timer alarm_;
  TimePoint alarm_at_ = TimePoint::max();
  intrusive::multiset<AsioTimer, intrusive::key_of_value<Due>, intrusive::constant_time_size<false>> timers_;
};

AsioClock::AsioClock(boost::asio::io_context& loop) : schedule_(std::make_shared<Schedule>(loop)) {}
AsioClock::~AsioClock() = default;

Timer AsioClock::at(TimePoint when, std::move_only_function<void()> fire) {
  auto timer = std::make_unique<AsioTimer>(when, std::move(fire));
  schedule_->add(*timer);
  return Timer(std::move(timer));
}

void AsioClock::resume(std::coroutine_handle<> waiting) {
  schedule_->add(waiting);
}

}  // namespace nld::runtime
