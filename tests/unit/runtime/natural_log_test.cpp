// Against libm's.
#include "runtime/natural_log.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace nld::runtime {
namespace {

TEST(NaturalLog, IsLibmsToNineDigits) {
  for (double number = 1e-9; number < 1e12; number *= 1.07) {
    EXPECT_NEAR(natural_log(number), std::log(number), 1e-9) << number;
  }
  EXPECT_EQ(natural_log(1), 0);
}

}  // namespace
}  // namespace nld::runtime
