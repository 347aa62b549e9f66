// A listener that waits for its address to become free.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "http/server.hpp"
#include "runtime/clock.hpp"
#include "runtime/logging.hpp"

namespace nld::http {

/// While another process holds the address (an old node-cache, which shares no ports, on its way out), it is
/// tried again, at most 5 s apart; the log says so at the first failure and at success. Metrics and probes
/// are then late, not lost, and DNS does not wait for them. Loop's thread only; loop, clock and log outlive
/// it.
class PatientListener {
 public:
  /// Error: what no waiting mends.
  static std::expected<PatientListener, std::string> open(boost::asio::io_context& loop,
                                                          runtime::Clock& clock, runtime::Log& log,
                                                          const runtime::SocketAddress& address,
                                                          Routes routes);
  PatientListener(PatientListener&&) noexcept;
  PatientListener& operator=(PatientListener&&) noexcept;
  ~PatientListener();

  /// Whether it listens by now.
  [[nodiscard]] bool listens() const noexcept;

 private:
  class Attempts;
  explicit PatientListener(std::unique_ptr<Attempts> attempts) noexcept;
  std::unique_ptr<Attempts> attempts_;
};

}  // namespace nld::http
