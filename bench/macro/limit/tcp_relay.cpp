// The limit of misses over TCP: clients ask over UDP, one pipelined connection leads upstream, writes are
// batched.
//
// usage: limit_tcp_relay ADDRESS:PORT UPSTREAM:PORT
#include <sys/epoll.h>

#include <cstdio>

#include "../net/batch.hpp"
#include "../net/poller.hpp"
#include "../net/stream.hpp"
#include "clients.hpp"

namespace {

[[noreturn]] void serve(const sockaddr_in& local, const sockaddr_in& upstream_address) {
  constexpr std::uint64_t kQueries = 0;
  constexpr std::uint64_t kAnswers = 1;
  const auto clients = bench::bind_to(SOCK_DGRAM, local);
  bench::Stream upstream(bench::connect_to(SOCK_STREAM, upstream_address));
  bench::Poller poller;
  poller.add(clients, kQueries);
  poller.add(upstream.descriptor(), kAnswers);
  bench::Clients waiting;
  bench::Batch batch;
  const auto send_back = [&](std::span<std::uint8_t> answer) {
    const auto client = waiting.leave(answer);
    if (!client || answer.size() > bench::kMaxDatagram) return;
    if (batch.full()) {
      batch.send(clients);
      batch.clear();
    }
    std::memcpy(batch.next().data(), answer.data(), answer.size());
    batch.commit(answer.size(), *client);
  };
  for (;;) {
    for (const auto& event : poller.wait()) {
      const bool waited = upstream.unsent();
      bool open = true;
      if (event.data.u64 == kQueries) {
        batch.receive(clients);
        for (std::size_t i = 0; i < batch.size(); ++i) {
          if (waiting.enter(batch.message(i), batch.peer(i))) upstream.put(batch.message(i));
        }
        open = upstream.flush();
      } else {
        if ((event.events & EPOLLOUT) != 0) open = upstream.flush();
        batch.clear();
        open = open && upstream.receive(send_back);
        batch.send(clients);
      }
      if (!open) throw std::runtime_error("the upstream closed the connection");
      if (upstream.unsent() != waited) {
        poller.want_writable(upstream.descriptor(), kAnswers, upstream.unsent());
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 3) throw std::invalid_argument("usage: limit_tcp_relay ADDRESS:PORT UPSTREAM:PORT");
    serve(bench::address(argv[1]), bench::address(argv[2]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
