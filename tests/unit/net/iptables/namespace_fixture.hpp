// Tests against the real kernel, in a network namespace of their own.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "net/command.hpp"
#include "runtime/descriptor.hpp"

namespace nld::net {

/// The test's thread, and what it starts, is in the namespace until the test ends.
class NamespaceTest : public testing::Test {
 protected:
  void SetUp() override {
    outside_ = runtime::Descriptor(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    entered_ = outside_.is_open() && ::unshare(CLONE_NEWNET) == 0;
    if (!entered_) GTEST_SKIP() << "needs root for a network namespace of its own";
    run({"ip", "link", "set", "lo", "up"});
  }
  void TearDown() override {
    if (entered_ && ::setns(outside_.get(), CLONE_NEWNET) != 0) std::abort();
  }

  /// What it printed; throws when it failed.
  std::string run(const std::vector<std::string>& argv, std::string_view input = {}) {
    auto result = commands_.run(argv, input);
    if (!result) throw std::runtime_error(result.error());
    if (result->status != 0) throw std::runtime_error(argv.front() + ": " + result->error);
    return result->out;
  }

  SystemCommands commands_{std::chrono::seconds(10)};

 private:
  runtime::Descriptor outside_;
  bool entered_ = false;
};

}  // namespace nld::net
