// A socket as the kernel gives it: close-on-exec, non-blocking, bound to the source address if there is one.
#pragma once

#include <expected>
#include <optional>

#include "runtime/descriptor.hpp"
#include "upstream/error_text.hpp"

namespace nld::upstream {

class NativeSocket {
 public:
  static std::expected<NativeSocket, ExchangeError> open(Protocol protocol,
                                                         const runtime::SocketAddress& remote,
                                                         const std::optional<runtime::SocketAddress>& source);
  [[nodiscard]] int get() const noexcept { return handle_.get(); }
  /// Somebody else closes it from now on.
  void release() noexcept { handle_.release(); }
  [[nodiscard]] runtime::SocketAddress local() const noexcept;

 private:
  explicit NativeSocket(int handle) noexcept : handle_(handle) {}
  runtime::Descriptor handle_;
};

/// getsockname(2).
runtime::SocketAddress local_address(int handle) noexcept;

}  // namespace nld::upstream
