// Timers that fire when a test says that time has passed.
#include "runtime/manual_clock.hpp"

namespace nld::runtime {

struct ManualClock::Timers {
  // Ordered by due time, then by creation, as an event loop would run them.
  std::map<std::pair<TimePoint, std::uint64_t>, std::move_only_function<void()>> armed;
  std::uint64_t created = 0;
};

class ManualClock::ManualTimer final : public Timer::Impl {
 public:
  ManualTimer(std::shared_ptr<Timers> timers, std::pair<TimePoint, std::uint64_t> key) noexcept
      : timers_(std::move(timers)), key_(key) {}
  ManualTimer(const ManualTimer&) = delete;
  ManualTimer& operator=(const ManualTimer&) = delete;
  ~ManualTimer() override { timers_->armed.erase(key_); }

 private:
  std::shared_ptr<Timers> timers_;
  std::pair<TimePoint, std::uint64_t> key_;
};

// Not zero: code that treats a default TimePoint as "never" must not be fooled by a fresh clock.
ManualClock::ManualClock() : now_(std::chrono::hours(1)), timers_(std::make_shared<Timers>()) {}
ManualClock::~ManualClock() = default;

Timer ManualClock::at(TimePoint when, std::move_only_function<void()> fire) {
  const auto key = std::make_pair(std::max(when, now_), timers_->created++);
  timers_->armed.emplace(key, std::move(fire));
  return Timer(std::make_unique<ManualTimer>(timers_, key));
}

void ManualClock::advance(Duration step, const std::function<void()>& settle) {
  const TimePoint end = now_ + step;
  while (!timers_->armed.empty() && timers_->armed.begin()->first.first <= end) {
    auto due = timers_->armed.extract(timers_->armed.begin());
    now_ = due.key().first;
    due.mapped()();
    if (settle) settle();
  }
  now_ = end;
}

std::optional<TimePoint> ManualClock::next_due() const {
  if (timers_->armed.empty()) return std::nullopt;
  return timers_->armed.begin()->first.first;
}

}  // namespace nld::runtime
