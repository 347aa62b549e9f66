// Timers on an Asio event loop: an ordered set of them, and one Asio timer for the first.
#include "runtime/asio_clock.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/set.hpp>
#include <vector>

#include "runtime/recycled.hpp"

namespace nld::runtime {
namespace {

namespace intrusive = boost::intrusive;

// A timer that is destroyed takes itself out of the set.
using Hook = intrusive::set_base_hook<intrusive::link_mode<intrusive::auto_unlink>>;

}  // namespace

class AsioClock::Pending final : public Timer::Impl, public Hook, public Recycled {
 public:
  Pending(Schedule& schedule, TimePoint when, std::move_only_function<void()> fire)
      : due(when), schedule_(&schedule), fire_(std::move(fire)) {}
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  ~Pending() override;

  /// The timer may end while its callback runs.
  void fire() {
    auto callback = std::exchange(fire_, nullptr);
    unlink();
    callback();
  }

  TimePoint due;

 private:
  Schedule* schedule_;
  std::move_only_function<void()> fire_;
};

class AsioClock::Schedule : public std::enable_shared_from_this<Schedule> {
 public:
  explicit Schedule(boost::asio::io_context& loop) : loop_(&loop), alarm_(loop) {}

  void add(Pending& timer) {
    // Most deadlines lie behind all others: the hint makes that a constant step.
    timers_.insert(timers_.end(), timer);
    if (timer.due < alarm_at_) set_alarm(timer.due);
  }

  // An alarm for a timer that was cancelled is let ring for nothing, which is rarer than timers are; but not
  // when there are no others: it would keep a loop that has nothing else to do from ending.
  void cancelled() noexcept {
    if (!timers_.empty() || alarm_at_ == TimePoint::max()) return;
    alarm_at_ = TimePoint::max();
    alarm_.cancel();
  }

  // What one read brings wakes many: they go on in one turn.
  void add(std::coroutine_handle<> ready) {
    ready_.push_back(ready);
    if (ready_.size() > 1) return;
    boost::asio::post(*loop_, [self = shared_from_this()] { self->resume_all(); });
  }

 private:
  struct Due {
    using type = TimePoint;  // NOLINT(readability-identifier-naming): Boost.Intrusive's name
    const TimePoint& operator()(const Pending& timer) const noexcept { return timer.due; }
  };

  void resume_all() {
    resuming_.swap(ready_);
    for (const auto coroutine : resuming_) coroutine.resume();
    resuming_.clear();
  }

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
  intrusive::multiset<Pending, intrusive::key_of_value<Due>, intrusive::constant_time_size<false>> timers_;
};

AsioClock::Pending::~Pending() {
  if (!is_linked()) return;  // it fired, or the clock is gone
  unlink();
  schedule_->cancelled();
}

AsioClock::AsioClock(boost::asio::io_context& loop) : schedule_(std::make_shared<Schedule>(loop)) {}
AsioClock::~AsioClock() = default;

Timer AsioClock::at(TimePoint when, std::move_only_function<void()> fire) {
  auto timer = std::make_unique<Pending>(*schedule_, when, std::move(fire));
  schedule_->add(*timer);
  return Timer(std::move(timer));
}

void AsioClock::resume(std::coroutine_handle<> waiting) {
  schedule_->add(waiting);
}

}  // namespace nld::runtime
