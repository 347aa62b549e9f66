// The socket limit of cached answers over TCP: what a connection holds is read, marked, and written in one
// piece.
//
// usage: limit_tcp_answerer ADDRESS:PORT (which also answers over UDP, so that it can be asked whether it is
// up)
#include <sys/epoll.h>

#include <cstdio>
#include <map>

#include "../net/batch.hpp"
#include "../net/poller.hpp"
#include "../net/stream.hpp"

namespace {

using bench::Descriptor;
using bench::Stream;

void answer_datagrams(const Descriptor& socket, bench::Batch& batch) {
  batch.receive(socket);
  batch.mark_responses();
  batch.send(socket);
}

/// False: the connection is over.
bool answer(Stream& stream) {
  const bool open = stream.receive([&](std::span<std::uint8_t> message) {
    bench::mark_response(message);
    stream.put(message);
  });
  return open && stream.flush();
}

[[noreturn]] void serve(const sockaddr_in& local) {
  constexpr std::uint64_t kDatagrams = 0;
  constexpr std::uint64_t kListener = 1;  // connections have the numbers above
  const auto datagrams = bench::bind_to(SOCK_DGRAM, local);
  const auto listener = bench::bind_to(SOCK_STREAM, local);
  bench::Poller poller;
  poller.add(datagrams, kDatagrams);
  poller.add(listener, kListener);
  bench::Batch batch;
  std::map<std::uint64_t, Stream> streams;
  std::uint64_t last = kListener;
  for (;;) {
    for (const auto& event : poller.wait()) {
      const std::uint64_t number = event.data.u64;
      if (number == kDatagrams) {
        answer_datagrams(datagrams, batch);
      } else if (number == kListener) {
        Descriptor fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (fd.get() < 0) continue;
        const auto added = streams.emplace(++last, Stream(std::move(fd)));
        poller.add(added.first->second.descriptor(), last);
      } else {
        Stream& stream = streams.at(number);
        const bool waited = stream.unsent();
        if (!answer(stream)) {
          streams.erase(number);
        } else if (stream.unsent() != waited) {
          poller.want_writable(stream.descriptor(), number, stream.unsent());
        }
      }
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 2) throw std::invalid_argument("usage: limit_tcp_answerer ADDRESS:PORT");
    serve(bench::address(argv[1]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
