// One attempt after another.
#include "http/patient_listener.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace nld::http {
namespace {

constexpr runtime::Duration kFirstPause = std::chrono::milliseconds(500);
constexpr runtime::Duration kMaxPause = std::chrono::seconds(5);

}  // namespace

class PatientListener::Attempts {
 public:
  Attempts(boost::asio::io_context& loop, runtime::Clock& clock, runtime::Log& log,
           const runtime::SocketAddress& address, Routes routes)
      : loop_(loop), clock_(clock), log_(log), address_(address), routes_(std::move(routes)) {}

  std::expected<void, std::string> first() {
    auto listener = Listener::open(loop_, address_, routes_);
    if (listener) {
      listener_ = std::move(*listener);
    } else if (listener.error().in_use) {
      log_.warn("{}: trying again until it is free", listener.error().what);
      later();
    } else {
      return std::unexpected(listener.error().what);
    }
    return {};
  }
  [[nodiscard]] bool listens() const noexcept { return listener_.has_value(); }

 private:
  void later() {
    timer_ = clock_.after(std::exchange(pause_, std::min(pause_ * 2, kMaxPause)), [this] { again(); });
  }
  void again() {
    auto listener = Listener::open(loop_, address_, routes_);
    if (!listener) {
      later();
      return;
    }
    listener_ = std::move(*listener);
    log_.info("listening on {} now, it is free", address_.to_string());
  }

  boost::asio::io_context& loop_;
  runtime::Clock& clock_;
  runtime::Log& log_;
  runtime::SocketAddress address_;
  Routes routes_;
  std::optional<Listener> listener_;
  runtime::Duration pause_ = kFirstPause;
  runtime::Timer timer_;
};

PatientListener::PatientListener(std::unique_ptr<Attempts> attempts) noexcept
    : attempts_(std::move(attempts)) {}
PatientListener::PatientListener(PatientListener&&) noexcept = default;
PatientListener& PatientListener::operator=(PatientListener&&) noexcept = default;
PatientListener::~PatientListener() = default;

std::expected<PatientListener, std::string> PatientListener::open(boost::asio::io_context& loop,
                                                                  runtime::Clock& clock, runtime::Log& log,
                                                                  const runtime::SocketAddress& address,
                                                                  Routes routes) {
  auto attempts = std::make_unique<Attempts>(loop, clock, log, address, std::move(routes));
  if (const auto tried = attempts->first(); !tried) return std::unexpected(tried.error());
  return PatientListener(std::move(attempts));
}

bool PatientListener::listens() const noexcept {
  return attempts_->listens();
}

}  // namespace nld::http
