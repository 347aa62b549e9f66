// A network namespace for one test, and the system's programs within it.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "runtime/descriptor.hpp"

namespace nld::net {

/// The calling thread, and the threads and processes it starts, are in it as long as this lives.
class OwnNetwork {
 public:
  OwnNetwork() : outside_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)) {
    entered_ = outside_.is_open() && ::unshare(CLONE_NEWNET) == 0;
  }
  OwnNetwork(const OwnNetwork&) = delete;
  OwnNetwork& operator=(const OwnNetwork&) = delete;
  ~OwnNetwork() {
    if (entered_ && ::setns(outside_.get(), CLONE_NEWNET) != 0) std::abort();
  }
  [[nodiscard]] bool entered() const noexcept { return entered_; }

  /// What it printed; throws when it failed or took 30 s.
  static std::string run(const std::string& command) {
    const std::string bounded = "exec timeout 30 sh -c '" + command + "' 2>&1";
    FILE* pipe = ::popen(bounded.c_str(), "re");
    if (pipe == nullptr) throw std::runtime_error("popen: " + command);
    std::string out;
    std::array<char, 4096> part{};
    while (const std::size_t size = std::fread(part.data(), 1, part.size(), pipe))
      out.append(part.data(), size);
    const int status = ::pclose(pipe);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) throw std::runtime_error(command + ": " + out);
    return out;
  }

 private:
  runtime::Descriptor outside_;
  bool entered_ = false;
};

/// Skips its tests where no namespace can be had.
class NetworkTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!network_.entered()) GTEST_SKIP() << "needs root for a network namespace of its own";
    OwnNetwork::run("ip link set lo up");
  }
  static std::string run(const std::string& command) { return OwnNetwork::run(command); }

  OwnNetwork network_;
};

/// The exit status of `work` in a child process without privileges; -1: it did not end by itself.
template <class Work>
int run_as_nobody(Work work) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(30);
    const bool dropped = ::setgid(65534) == 0 && ::setuid(65534) == 0;
    ::_exit(dropped ? work() : 99);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

}  // namespace nld::net
