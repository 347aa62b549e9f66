// close(2) at the end of ownership.
#include "runtime/descriptor.hpp"

#include <unistd.h>

namespace nld::runtime {

Descriptor::~Descriptor() {
  if (handle_ >= 0) ::close(handle_);
}

}  // namespace nld::runtime
