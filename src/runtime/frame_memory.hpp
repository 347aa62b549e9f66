// Memory of coroutine frames, used again by the thread that freed it.
#pragma once

#include <cstddef>

namespace nld::runtime {

/// malloc keeps seven blocks of a size for a thread (glibc's tcache) and searches and merges beyond that; a
/// server with a hundred misses under way frees and takes hundreds of frames in one turn. Bounded: see the
/// constants in the .cpp. A frame must be released on the thread that allocated it or on one that goes on.
class FrameMemory {
 public:
  [[nodiscard]] static void* allocate(std::size_t size);
  static void release(void* frame, std::size_t size) noexcept;
};

}  // namespace nld::runtime
