// gethostname, with its corner cases.
#include "plugins/host_name.hpp"

#include <unistd.h>

#include <array>

namespace nld::plugins {

std::string host_name() {
  std::array<char, 256> name{};
  // POSIX leaves open whether a name cut off ends in a zero: the last octet is never written to.
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

}  // namespace nld::plugins
