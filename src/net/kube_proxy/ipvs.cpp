// IPVS by its files under /proc.
#include "net/kube_proxy/ipvs.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>

#include "runtime/descriptor.hpp"

namespace nld::net {
namespace {

std::unexpected<std::string> failed(const char* setting, std::string_view what, int error) {
  return std::unexpected(fmt::format("{}: {}: {}", setting, what, std::generic_category().message(error)));
}

}  // namespace

std::expected<std::optional<bool>, std::string> ensure_ipvs_conntrack(const char* setting) {
  // A container that is not privileged sees /proc/sys read-only: look before asking for more.
  const runtime::Descriptor reading(::open(setting, O_RDONLY | O_CLOEXEC));
  if (!reading.is_open()) {
    if (errno == ENOENT) return std::nullopt;
    return failed(setting, "cannot be read", errno);
  }
  char value = 0;
  if (::read(reading.get(), &value, 1) != 1) return failed(setting, "cannot be read", errno);
  if (value == '1') return true;
  const runtime::Descriptor writing(::open(setting, O_WRONLY | O_CLOEXEC));
  if (!writing.is_open() || ::write(writing.get(), "1\n", 2) != 2) {
    return failed(setting, "is 0 and cannot be set to 1", errno);
  }
  return true;
}

bool has_ipvs_services() {
  // After three lines of headings, "TCP  0A60000A:0035 rr" for each service.
  std::ifstream services("/proc/thread-self/net/ip_vs");
  for (std::string line; std::getline(services, line);) {
    if (line.starts_with("TCP ") || line.starts_with("UDP ")) return true;
  }
  return false;
}

}  // namespace nld::net
