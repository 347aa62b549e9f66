// Memory of objects that come and go with every query that waits.
#pragma once

#include <cstddef>

namespace nld::runtime {

/// A base class: what derives from it, and has no class derived from it in turn, gets blocks that this thread
/// has freed before. malloc keeps seven of a size for a thread (glibc's tcache) and searches and merges
/// beyond that; a server with a hundred misses under way frees and takes hundreds of blocks in one turn.
/// Bounded: see the constants in the .cpp. A block may be freed on another thread, which then keeps it.
struct Recycled {
  [[nodiscard]] static void* operator new(std::size_t size);
  static void operator delete(void* block, std::size_t size) noexcept;
};

/// The same for containers and shared pointers.
template <typename T>
struct RecyclingAllocator {
  using value_type = T;  // NOLINT(readability-identifier-naming): the standard's name
  RecyclingAllocator() noexcept = default;
  template <typename U>
  explicit(false) RecyclingAllocator(const RecyclingAllocator<U>& /*other*/) noexcept {}

  [[nodiscard]] T* allocate(std::size_t count) {
    return static_cast<T*>(Recycled::operator new(count * sizeof(T)));
  }
  void deallocate(T* first, std::size_t count) noexcept {
    Recycled::operator delete(first, count * sizeof(T));
  }
  friend bool operator==(const RecyclingAllocator&, const RecyclingAllocator&) noexcept { return true; }
};

}  // namespace nld::runtime
