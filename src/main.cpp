// The program: all of it is in cli/.
#include <sys/prctl.h>

#include <array>
#include <string_view>

#include "cli/command.hpp"

namespace {

/// The agent starts its server from /proc/self/exe, and the kernel names a process after that last word:
/// `ps -e`, `pgrep` and `ss -p` would show "exe".
void take_own_name() {
  std::array<char, 16> name{};
  ::prctl(PR_GET_NAME, name.data());
  if (std::string_view(name.data()) == "exe") ::prctl(PR_SET_NAME, "node-local-dns");
}

}  // namespace

int main(int count, char** arguments) {
  take_own_name();
  return nld::cli::run(count, arguments);
}
