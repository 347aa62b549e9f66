// The socket limit of cached answers over UDP: queries are received, marked as responses and sent back.
//
// No DNS server that takes its queries from sockets can cost less. usage: limit_udp_answerer ADDRESS:PORT
// [PROCESSES]
#include <sys/prctl.h>

#include <csignal>
#include <cstdio>

#include "../net/batch.hpp"
#include "../net/poller.hpp"

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
      for (std::size_t i = 0; i < batch.size(); ++i) {
        if (batch.message(i).size() > 2) batch.message(i)[2] |= 0x80U;
      }
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
    for (int others = processes - 1; others > 0; --others) {
      if (::fork() == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        break;
      }
    }
    serve(bench::address(argv[1]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
