// The socket limit of cached answers over UDP: queries are received, marked as responses and sent back.
//
// No DNS server that takes its queries from sockets can cost less. usage: limit_udp_answerer ADDRESS:PORT
// [PROCESSES]
#include <cstdio>

#include "../net/batch.hpp"
#include "../net/poller.hpp"
#include "../net/processes.hpp"

namespace {

[[noreturn]] void serve(const sockaddr_in& local) {
  const auto socket = bench::bind_to(SOCK_DGRAM, local);
  bench::Poller poller;
  poller.add(socket, 0);
  bench::Batch batch;
  for (;;) {
    poller.wait();
    do {
      batch.receive(socket);
      batch.mark_responses();
      batch.send(socket);
    } while (batch.full());
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc < 2 || argc > 3)
      throw std::invalid_argument("usage: limit_udp_answerer ADDRESS:PORT [PROCESSES]");
    const int processes = argc == 3 ? bench::number<int>("PROCESSES", argv[2], 1, 64) : 1;
    bench::become(processes);
    serve(bench::address(argv[1]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
