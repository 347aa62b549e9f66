// A stack of free blocks for each size.
#include "runtime/recycled.hpp"

#include <array>
#include <memory>
#include <new>

namespace nld::runtime {
namespace {

constexpr std::size_t kStep = 64;       // octets between sizes: a cache line
constexpr std::size_t kSizes = 32;      // larger blocks go to the heap
constexpr std::size_t kMostKept = 128;  // of a size: 4 MiB a thread if all were used to the full

// AddressSanitizer finds the use of memory that was freed only if it is freed.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kRecycles = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool kRecycles = false;
#else
constexpr bool kRecycles = true;
#endif
#else
constexpr bool kRecycles = true;
#endif

struct Free {
  Free* next;
};

struct Shelf {
  Free* first = nullptr;
  std::size_t count = 0;
};

/// Of one thread, so no lock is needed.
class Shelves {
 public:
  Shelves() = default;
  Shelves(const Shelves&) = delete;
  Shelves& operator=(const Shelves&) = delete;
  ~Shelves() {
    for (Shelf& shelf : shelves_) {
      while (shelf.first != nullptr) ::operator delete(pop(shelf));
      shelf.count = kMostKept;  // what is freed later still, in another destructor, goes to the heap
    }
  }

  static void* pop(Shelf& shelf) noexcept {
    Free* const block = shelf.first;
    shelf.first = block->next;
    --shelf.count;
    return block;
  }
  Shelf& of(std::size_t size) noexcept { return shelves_[(size - 1) / kStep]; }

 private:
  std::array<Shelf, kSizes> shelves_{};
};

thread_local Shelves shelves;

constexpr std::size_t rounded(std::size_t size) noexcept {
  return (size + kStep - 1) / kStep * kStep;
}

}  // namespace

void* Recycled::operator new(std::size_t size) {
  if (!kRecycles || size > kStep * kSizes) return ::operator new(size);
  Shelf& shelf = shelves.of(size);
  if (shelf.first != nullptr) return Shelves::pop(shelf);
  return ::operator new(rounded(size));
}

void Recycled::operator delete(void* block, std::size_t size) noexcept {
  if (!kRecycles || size > kStep * kSizes) {
    ::operator delete(block);
    return;
  }
  Shelf& shelf = shelves.of(size);
  if (shelf.count >= kMostKept) {
    ::operator delete(block);
    return;
  }
  shelf.first = std::construct_at(static_cast<Free*>(block), shelf.first);
  ++shelf.count;
}

}  // namespace nld::runtime
