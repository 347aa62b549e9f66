// The limit of misses over UDP: a relay that rewrites ids, and sends and receives in batches through one
// socket.
//
// usage: limit_udp_relay ADDRESS:PORT UPSTREAM:PORT
#include <cstdio>

#include "../net/batch.hpp"
#include "../net/poller.hpp"
#include "clients.hpp"

namespace {

[[noreturn]] void serve(const sockaddr_in& local, const sockaddr_in& upstream_address) {
  constexpr std::uint64_t kQueries = 0;
  constexpr std::uint64_t kAnswers = 1;
  const auto clients = bench::bind_to(SOCK_DGRAM, local);
  const auto upstream = bench::connect_to(SOCK_DGRAM, upstream_address);
  bench::Poller poller;
  poller.add(clients, kQueries);
  poller.add(upstream, kAnswers);
  bench::Clients waiting;
  bench::Batch batch;
  for (;;) {
    for (const auto& event : poller.wait()) {
      if (event.data.u64 == kQueries) {
        batch.receive(clients);
        for (std::size_t i = 0; i < batch.size(); ++i) waiting.enter(batch.message(i), batch.peer(i));
        batch.send(upstream, true);
      } else {
        batch.receive(upstream);
        for (std::size_t i = 0; i < batch.size(); ++i) {
          batch.peer(i) = waiting.leave(batch.message(i)).value_or(sockaddr_in{});
        }
        batch.send(clients);
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 3) throw std::invalid_argument("usage: limit_udp_relay ADDRESS:PORT UPSTREAM:PORT");
    serve(bench::address(argv[1]), bench::address(argv[2]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
