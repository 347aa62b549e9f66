// An owned file descriptor.
#pragma once

#include <utility>

namespace nld::runtime {

/// Closed with its owner; -1 when empty.
class Descriptor {
 public:
  explicit Descriptor(int handle = -1) noexcept : handle_(handle) {}
  Descriptor(Descriptor&& other) noexcept : handle_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Descriptor();
  [[nodiscard]] int get() const noexcept { return handle_; }
  [[nodiscard]] bool is_open() const noexcept { return handle_ >= 0; }
  /// Somebody else closes it from now on.
  int release() noexcept { return std::exchange(handle_, -1); }

 private:
  int handle_;
};

}  // namespace nld::runtime
