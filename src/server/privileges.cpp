// Capabilities down to one, and no way back.
#include "server/privileges.hpp"

#include <sys/capability.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace nld::server {
namespace {

struct CapabilityDelete {
  void operator()(cap_t set) const noexcept { cap_free(set); }
};
using Capabilities = std::unique_ptr<std::remove_pointer_t<cap_t>, CapabilityDelete>;

std::unexpected<std::string> failure(const char* what) {
  return std::unexpected(std::string(what) + ": " + std::strerror(errno));
}

}  // namespace

std::expected<void, std::string> drop_privileges() {
  const Capabilities current(cap_get_proc());
  if (!current) return failure("reading capabilities");
  const cap_value_t kept = CAP_NET_BIND_SERVICE;
  cap_flag_value_t permitted = CAP_CLEAR;
  cap_get_flag(current.get(), kept, CAP_PERMITTED, &permitted);
  const Capabilities wanted(cap_init());
  if (!wanted) return failure("capabilities");
  if (permitted == CAP_SET) {
    cap_set_flag(wanted.get(), CAP_PERMITTED, 1, &kept, CAP_SET);
    cap_set_flag(wanted.get(), CAP_EFFECTIVE, 1, &kept, CAP_SET);
  }
  if (cap_set_proc(wanted.get()) != 0) return failure("dropping capabilities");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failure("no_new_privs");
  return {};
}

}  // namespace nld::server
