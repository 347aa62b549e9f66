// The histogram bounds that CoreDNS uses; dashboards and alerts are written against them.
#include <array>

#include "metrics/registry.hpp"

namespace nld::metrics {
namespace {

template <std::size_t Count>
constexpr std::array<double, Count> exponential(double start, double factor) {
  std::array<double, Count> bounds{};
  double bound = start;
  for (double& slot : bounds) {
    slot = bound;
    bound *= factor;
  }
  return bounds;
}

constexpr auto kDuration = exponential<16>(0.00025, 2);
constexpr auto kSlimDuration = exponential<5>(0.00025, 10);
constexpr std::array<double, 14> kSize{0,    100,  200,  300,   400,   511,   1023,
                                       2047, 4095, 8291, 16000, 32000, 48000, 64000};

}  // namespace

std::span<const double> duration_buckets() noexcept {
  return kDuration;
}
std::span<const double> size_buckets() noexcept {
  return kSize;
}
std::span<const double> forward_buckets() noexcept {
  return kDuration;
}
std::span<const double> slim_duration_buckets() noexcept {
  return kSlimDuration;
}

}  // namespace nld::metrics
