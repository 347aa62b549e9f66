// Which bucket a value falls into, and the bounds that dashboards rely on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "metrics/registry.hpp"

namespace nld::metrics {
namespace {

using testing::ElementsAre;

/// What a bucket search must find, the slow way.
std::size_t bucket_of(double value, std::span<const double> bounds) {
  return static_cast<std::size_t>(
      std::ranges::count_if(bounds, [value](double bound) { return bound < value; }));
}

TEST(Histogram, PutsAValueOnABoundIntoTheBucketOfThatBound) {
  static constexpr std::array kBounds{1.0, 2.0, 3.0};
  Histogram histogram(kBounds);
  for (const double value : {0.0, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 100.0}) histogram.observe(value);
  const auto sample = histogram.sample();
  EXPECT_THAT(sample.buckets, ElementsAre(2, 2, 2, 2));
  EXPECT_EQ(sample.count, 8U);
  EXPECT_DOUBLE_EQ(sample.sum, 113.5);
}

TEST(Histogram, FindsTheBucketForEveryNumberOfBounds) {
  std::vector<double> bounds;
  for (int size = 0; size <= 20; ++size) {
    for (double value = -1; value <= size + 1; value += 0.5) {
      Histogram histogram(bounds);
      histogram.observe(value);
      const auto sample = histogram.sample();
      ASSERT_EQ(sample.buckets.size(), bounds.size() + 1);
      EXPECT_EQ(sample.buckets[bucket_of(value, bounds)], 1U) << value << " of " << size;
      EXPECT_EQ(sample.count, 1U);
    }
    bounds.push_back(size);
  }
}

TEST(Histogram, CountsWhatIsBeyondAllBounds) {
  Histogram histogram(duration_buckets());
  histogram.observe(std::numeric_limits<double>::infinity());
  EXPECT_EQ(histogram.sample().buckets.back(), 1U);
}

TEST(Buckets, AreThoseOfCoreDns) {
  EXPECT_THAT(duration_buckets(), ElementsAre(0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032,
                                              0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192));
  EXPECT_THAT(size_buckets(),
              ElementsAre(0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16e3, 32e3, 48e3, 64e3));
  EXPECT_TRUE(std::ranges::equal(forward_buckets(), duration_buckets()));
  EXPECT_THAT(slim_duration_buckets(), ElementsAre(0.00025, 0.0025, 0.025, 0.25, 2.5));
}

}  // namespace
}  // namespace nld::metrics
