// The socket limit of cached answers over UDP (limit/udp_answerer) with what the kernel offers besides.
//
// usage: kernel_udp_ways ADDRESS:PORT WAY [PROCESSES]
//   processor  each process gets what is sent on the processor of its number (SO_INCOMING_CPU)
//   segments   replies of one size to one socket leave as one message (UDP_SEGMENT)
//   busy       the kernel polls the device for 50 us before it sleeps (SO_BUSY_POLL)
#include <netinet/udp.h>

#include <cstdio>

#include "../net/batch.hpp"
#include "../net/poller.hpp"
#include "../net/processes.hpp"

namespace {

using bench::Batch;
using bench::Descriptor;

void set(const Descriptor& socket, int option, int value, const char* what) {
  if (::setsockopt(socket.get(), SOL_SOCKET, option, &value, sizeof value) != 0) bench::fail(what);
}

/// Replies in a row that go to one socket and are as long as the first (the last may be shorter) share a
/// message, which the kernel cuts again.
class Segments {
 public:
  void send(const Descriptor& socket, Batch& batch) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < batch.size(); ++count) at = join(batch, at, count);
    for (std::size_t sent = 0; sent < count;) {
      const int done = ::sendmmsg(socket.get(), &headers_[sent], static_cast<unsigned>(count - sent), 0);
      sent += done <= 0 ? 1U : static_cast<std::size_t>(done);
    }
  }

 private:
  std::size_t join(Batch& batch, std::size_t from, std::size_t number) {
    const std::size_t size = batch.message(from).size();
    std::size_t at = from;
    bool more = true;
    while (more) {
      vectors_[at] = {batch.message(at).data(), batch.message(at).size()};
      const bool last = vectors_[at].iov_len < size;
      ++at;
      more = !last && at < batch.size() && batch.message(at).size() <= size &&
             std::memcmp(&batch.peer(at), &batch.peer(from), sizeof(sockaddr_in)) == 0;
    }
    msghdr& header = headers_[number].msg_hdr;
    header = {};
    header.msg_name = &batch.peer(from);
    header.msg_namelen = sizeof(sockaddr_in);
    header.msg_iov = &vectors_[from];
    header.msg_iovlen = at - from;
    if (at - from > 1) {
      header.msg_control = control_[number].data();
      header.msg_controllen = control_[number].size();
      cmsghdr* const control = CMSG_FIRSTHDR(&header);
      control->cmsg_level = SOL_UDP;
      control->cmsg_type = UDP_SEGMENT;
      control->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
      const auto segment = static_cast<std::uint16_t>(size);
      std::memcpy(CMSG_DATA(control), &segment, sizeof segment);
    }
    return at;
  }

  std::array<mmsghdr, Batch::kSize> headers_{};
  std::array<iovec, Batch::kSize> vectors_{};
  alignas(cmsghdr) std::array<std::array<std::uint8_t, CMSG_SPACE(2)>, Batch::kSize> control_{};
};

[[noreturn]] void serve(const sockaddr_in& local, std::string_view way, int number) {
  const auto socket = bench::bind_to(SOCK_DGRAM, local);
  if (way == "processor") set(socket, SO_INCOMING_CPU, number, "SO_INCOMING_CPU");
  if (way == "busy") set(socket, SO_BUSY_POLL, 50, "SO_BUSY_POLL");
  bench::Poller poller;
  poller.add(socket, 0);
  Batch batch;
  Segments segments;
  for (;;) {
    poller.wait();
    do {
      batch.receive(socket);
      batch.mark_responses();
      if (way == "segments") {
        segments.send(socket, batch);
      } else {
        batch.send(socket);
      }
    } while (batch.full());
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::string_view way = argc > 2 ? argv[2] : "";
    if (argc < 3 || argc > 4 || (way != "processor" && way != "segments" && way != "busy")) {
      throw std::invalid_argument("usage: kernel_udp_ways ADDRESS:PORT processor|segments|busy [PROCESSES]");
    }
    const int processes = argc == 4 ? bench::number<int>("PROCESSES", argv[3], 1, 64) : 1;
    const int number = bench::become(processes);
    serve(bench::address(argv[1]), way, number);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
