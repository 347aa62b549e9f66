// The examples of FIPS 180-4's test vectors ("abc").
#include "runtime/sha2.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

namespace nld::runtime {
namespace {

TEST(Sha2, OfAbcIsTheStandards) {
  EXPECT_EQ(fmt::format("{:02x}", fmt::join(sha256("abc"), "")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(fmt::format("{:02x}", fmt::join(sha512("abc"), "")),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

}  // namespace
}  // namespace nld::runtime
