// capget(2), capset(2): capabilities down to one, and no way back.
#include "server/privileges.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace nld::server {
namespace {

std::unexpected<std::string> failure(const char* what) {
  return std::unexpected(std::string(what) + ": " + std::strerror(errno));
}

}  // namespace

std::expected<void, std::string> drop_privileges() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> held{};
  if (::syscall(SYS_capget, &header, held.data()) != 0) return failure("reading capabilities");
  const std::uint32_t kept = held[0].permitted & CAP_TO_MASK(CAP_NET_BIND_SERVICE);
  held = {};
  held[0].permitted = held[0].effective = kept;
  if (::syscall(SYS_capset, &header, held.data()) != 0) return failure("dropping capabilities");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failure("no_new_privs");
  return {};
}

}  // namespace nld::server
