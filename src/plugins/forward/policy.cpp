// The three policies of `forward`.
#include "plugins/forward/policy.hpp"

#include <algorithm>
#include <numeric>

namespace nld::plugins {

UpstreamOrder order_of_upstreams(ForwardPolicy policy, std::size_t count, std::atomic<std::uint32_t>& turn,
                                 runtime::Random& random) {
  UpstreamOrder order(count);
  std::iota(order.begin(), order.end(), std::uint8_t{0});
  if (count < 2) return order;
  switch (policy) {
    case ForwardPolicy::random:
      for (std::size_t left = count; left > 1; --left) {
        std::swap(order[left - 1], order[random.below(left)]);
      }
      break;
    case ForwardPolicy::round_robin: {
      const auto first = static_cast<std::ptrdiff_t>(turn.fetch_add(1, std::memory_order_relaxed) % count);
      std::rotate(order.begin(), order.begin() + first, order.begin() + first + 1);
      break;
    }
    case ForwardPolicy::sequential:
      break;
  }
  return order;
}

}  // namespace nld::plugins
