// The socket limit of cached answers over UDP through io_uring: one receive stays armed and fills buffers
// that the kernel takes from a ring; the replies of a turn are submitted by the call that waits for the next
// queries.
//
// usage: kernel_udp_uring ADDRESS:PORT
#include <liburing.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "../net/response.hpp"
#include "../net/sockets.hpp"

namespace {

constexpr unsigned kBuffers = 256;
constexpr unsigned kSize = 2048;
constexpr unsigned kEntries = 512;
constexpr std::uint64_t kReceive = kBuffers;  // what is below is the number of the buffer that was sent

void check(int result, const char* what) {
  if (result >= 0) return;
  errno = -result;
  bench::fail(what);
}

class Answerer {
 public:
  explicit Answerer(const sockaddr_in& local) : socket_(bench::bind_to(SOCK_DGRAM, local)) {
    io_uring_params params{};
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
    params.cq_entries = 4 * kEntries;
    check(::io_uring_queue_init_params(kEntries, &ring_, &params), "io_uring_setup");
    const int socket = socket_.get();
    check(::io_uring_register_files(&ring_, &socket, 1), "register the socket");
    io_uring_buf_reg ring{};
    ring.ring_addr = reinterpret_cast<std::uint64_t>(free_.get());
    ring.ring_entries = kBuffers;
    check(::io_uring_register_buf_ring(&ring_, &ring, 0), "register a ring of buffers");
    ::io_uring_buf_ring_init(free_.get());
    for (unsigned number = 0; number < kBuffers; ++number) give_back(number);
    ::io_uring_buf_ring_advance(free_.get(), given_);
    pattern_.msg_namelen = sizeof(sockaddr_in);
  }
  Answerer(const Answerer&) = delete;
  Answerer& operator=(const Answerer&) = delete;

  [[noreturn]] void serve() {
    receive();
    for (;;) {
      const int waited = ::io_uring_submit_and_wait(&ring_, 1);
      if (waited != -EINTR) check(waited, "io_uring_enter");
      given_ = 0;
      bool armed = true;
      unsigned head = 0;
      unsigned count = 0;
      io_uring_cqe* done = nullptr;
      io_uring_for_each_cqe(&ring_, head, done) {
        ++count;
        if (done->user_data < kBuffers) {
          give_back(static_cast<unsigned>(done->user_data));
          continue;
        }
        armed = armed && (done->flags & IORING_CQE_F_MORE) != 0;
        if (done->res >= 0) answer(done->flags >> IORING_CQE_BUFFER_SHIFT, done->res);
      }
      ::io_uring_cq_advance(&ring_, count);
      ::io_uring_buf_ring_advance(free_.get(), given_);
      if (!armed) receive();
    }
  }

 private:
  struct Reply {
    msghdr header{};
    iovec vector{};
  };
  struct Free {
    void operator()(io_uring_buf_ring* ring) const { std::free(ring); }
  };

  io_uring_sqe* entry() {
    io_uring_sqe* free = ::io_uring_get_sqe(&ring_);
    if (free == nullptr) {
      check(::io_uring_submit(&ring_), "io_uring_enter");
      free = ::io_uring_get_sqe(&ring_);
    }
    return free;
  }
  void receive() {
    io_uring_sqe* const wanted = entry();
    ::io_uring_prep_recvmsg_multishot(wanted, 0, &pattern_, 0);
    wanted->flags |= IOSQE_BUFFER_SELECT | IOSQE_FIXED_FILE;
    wanted->user_data = kReceive;
  }
  void give_back(unsigned number) {
    ::io_uring_buf_ring_add(free_.get(), &buffers_[std::size_t{number} * kSize], kSize,
                            static_cast<unsigned short>(number), ::io_uring_buf_ring_mask(kBuffers),
                            given_++);
  }
  void answer(unsigned number, int size) {
    auto* const got = ::io_uring_recvmsg_validate(&buffers_[std::size_t{number} * kSize], size, &pattern_);
    if (got == nullptr) return give_back(number);
    auto* const message = static_cast<std::uint8_t*>(::io_uring_recvmsg_payload(got, &pattern_));
    const std::size_t length = ::io_uring_recvmsg_payload_length(got, size, &pattern_);
    bench::mark_response({message, length});
    Reply& reply = replies_[number];
    reply.vector = {message, length};
    reply.header = {};
    reply.header.msg_name = ::io_uring_recvmsg_name(got);
    reply.header.msg_namelen = sizeof(sockaddr_in);
    reply.header.msg_iov = &reply.vector;
    reply.header.msg_iovlen = 1;
    io_uring_sqe* const sent = entry();
    ::io_uring_prep_sendmsg(sent, 0, &reply.header, 0);
    sent->flags |= IOSQE_FIXED_FILE;
    sent->user_data = number;
  }

  bench::Descriptor socket_;
  io_uring ring_{};
  std::unique_ptr<io_uring_buf_ring, Free> free_{
      static_cast<io_uring_buf_ring*>(std::aligned_alloc(4096, kBuffers * sizeof(io_uring_buf)))};
  std::unique_ptr<std::uint8_t[]> buffers_ = std::make_unique<std::uint8_t[]>(std::size_t{kBuffers} * kSize);
  std::unique_ptr<Reply[]> replies_ = std::make_unique<Reply[]>(kBuffers);
  msghdr pattern_{};
  int given_ = 0;  ///< buffers given back, not yet told of
};

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 2) throw std::invalid_argument("usage: kernel_udp_uring ADDRESS:PORT");
    Answerer(bench::address(argv[1])).serve();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
