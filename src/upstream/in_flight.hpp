// Counts something for as long as it goes on.
#pragma once

#include <cstddef>

namespace nld::upstream {

class InFlight {
 public:
  explicit InFlight(std::size_t& count) noexcept : count_(&count) { ++count; }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  ~InFlight() { --*count_; }

 private:
  std::size_t* count_;
};

}  // namespace nld::upstream
