// The byte budget that all caches of the process share (--cache-memory).
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <vector>

namespace nld::cache {

/// What the heap takes for a block of `requested` octets: glibc's malloc adds a header of 8 and gives
/// multiples of 16, at least 32.
constexpr std::size_t heap_octets(std::size_t requested) noexcept {
  const std::size_t chunk = (requested + 8 + 15) & ~std::size_t{15};
  return chunk < 32 ? 32 : chunk;
}

/// Thread-safe. Counts what the caches hold; an answer that a cache dropped and a reply still carries is
/// not counted (such answers are few: one a request in work).
class Budget {
 public:
  /// Who holds memory under the budget and can give some back: a cache table.
  class Holder {
   public:
    [[nodiscard]] virtual std::size_t held() const noexcept = 0;
    /// Frees at least `octets` if it holds that much. Must not call the budget's enrol, leave or reclaim.
    virtual void give_back(std::size_t octets) noexcept = 0;

   protected:
    ~Holder() = default;
  };

  explicit Budget(std::size_t limit) noexcept : limit_(limit) {}
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  [[nodiscard]] std::size_t limit() const noexcept { return limit_; }
  [[nodiscard]] std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool exceeded() const noexcept { return used() > limit_; }
  /// What each holder may count on: the limit divided by the holders.
  [[nodiscard]] std::size_t fair_share() const noexcept;
  void add(std::size_t octets) noexcept { used_.fetch_add(octets, std::memory_order_relaxed); }
  void remove(std::size_t octets) noexcept { used_.fetch_sub(octets, std::memory_order_relaxed); }

  void enrol(Holder& holder);
  void leave(Holder& holder) noexcept;
  /// Takes from whoever holds most until the budget is met, so that no table starves another. The caller
  /// holds no lock that give_back takes.
  void reclaim() noexcept;

 private:
  std::size_t limit_;
  std::atomic<std::size_t> used_{0};
  std::atomic<std::size_t> holder_count_{0};
  std::mutex mutex_;
  std::vector<Holder*> holders_;
};

}  // namespace nld::cache
