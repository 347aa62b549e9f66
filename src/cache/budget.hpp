// The byte budget that all caches of the process share (--cache-memory).
#pragma once

#include <atomic>
#include <cstddef>

namespace nld::cache {

class Budget {
 public:
  explicit Budget(std::size_t limit) noexcept : limit_(limit) {}
  [[nodiscard]] std::size_t limit() const noexcept { return limit_; }
  [[nodiscard]] std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool exceeded() const noexcept { return used() > limit_; }
  void add(std::size_t octets) noexcept { used_.fetch_add(octets, std::memory_order_relaxed); }
  void remove(std::size_t octets) noexcept { used_.fetch_sub(octets, std::memory_order_relaxed); }

 private:
  std::size_t limit_;
  std::atomic<std::size_t> used_{0};
};

}  // namespace nld::cache
