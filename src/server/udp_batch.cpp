// recvmmsg and sendmmsg over fixed buffers.
#include "server/udp_batch.hpp"

#include <netinet/in.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <new>

namespace nld::server {

struct UdpBatch::Buffers {
  std::array<std::array<std::uint8_t, kQuerySize>, kPackets> query;
  std::array<std::array<std::uint8_t, kMaxUdpAnswer>, kPackets> reply;
  std::array<mmsghdr, kPackets> in_headers;
  std::array<mmsghdr, kPackets> out_headers;
  std::array<iovec, kPackets> in_vectors;
  std::array<iovec, kPackets> out_vectors;
  std::array<sockaddr_in6, kPackets> in_addresses;
  std::array<sockaddr_in6, kPackets> out_addresses;
  alignas(cmsghdr) std::array<std::array<std::uint8_t, kControlSize>, kPackets> in_control;
  alignas(cmsghdr) std::array<std::array<std::uint8_t, kControlSize>, kPackets> out_control;
};

// Mapped, not from the heap: pages that no traffic touches are never resident, and no allocator clears them.
void UdpBatch::BuffersDelete::operator()(Buffers* buffers) const noexcept {
  munmap(buffers, sizeof(Buffers));
}

UdpBatch::UdpBatch(const runtime::SocketAddress& listener)
    : listener_(listener), wildcard_(listener.is_wildcard()) {
  void* memory = mmap(nullptr, sizeof(Buffers), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  // No parentheses: zeroing would make it all resident. NOLINTNEXTLINE(cppcoreguidelines-owning-memory)
  buffers_.reset(::new (memory) Buffers);
  for (std::size_t at = 0; at < kPackets; ++at) {
    Buffers& all = *buffers_;
    all.in_vectors[at] = {all.query[at].data(), kQuerySize};
    msghdr& in = all.in_headers[at].msg_hdr;
    in = {};
    in.msg_name = &all.in_addresses[at];
    in.msg_iov = &all.in_vectors[at];
    in.msg_iovlen = 1;
    all.out_vectors[at] = {all.reply[at].data(), 0};
    msghdr& out = all.out_headers[at].msg_hdr;
    out = {};
    out.msg_name = &all.out_addresses[at];
    out.msg_iov = &all.out_vectors[at];
    out.msg_iovlen = 1;
  }
}

std::size_t UdpBatch::receive(int descriptor) noexcept {
  for (std::size_t at = 0; at < kPackets; ++at) {
    msghdr& header = buffers_->in_headers[at].msg_hdr;
    header.msg_namelen = sizeof(sockaddr_in6);
    header.msg_control = wildcard_ ? buffers_->in_control[at].data() : nullptr;
    header.msg_controllen = wildcard_ ? kControlSize : 0;
  }
  for (;;) {
    const int got = recvmmsg(descriptor, buffers_->in_headers.data(), kPackets, MSG_DONTWAIT, nullptr);
    if (got >= 0) return static_cast<std::size_t>(got);
    // ICMP errors about our replies are reported here; they say nothing about the next packet.
    if (errno != EINTR && errno != ECONNREFUSED && errno != EHOSTUNREACH && errno != ENETUNREACH) return 0;
  }
}

dns::Bytes UdpBatch::packet(std::size_t at) const noexcept {
  return {buffers_->query[at].data(), buffers_->in_headers[at].msg_len};
}

bool UdpBatch::cut(std::size_t at) const noexcept {
  return (static_cast<unsigned>(buffers_->in_headers[at].msg_hdr.msg_flags) & MSG_TRUNC) != 0;
}

runtime::SocketAddress UdpBatch::client(std::size_t at) const noexcept {
  return runtime::SocketAddress::from_native(reinterpret_cast<const sockaddr*>(&buffers_->in_addresses[at]));
}

runtime::SocketAddress UdpBatch::local(std::size_t at) const noexcept {
  if (!wildcard_) return listener_;
  msghdr& header = buffers_->in_headers[at].msg_hdr;
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr;
       control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(control), sizeof info);
      sockaddr_in6 address{};
      address.sin6_family = AF_INET6;
      address.sin6_addr = info.ipi6_addr;
      // Only link-local addresses need their interface; a fixed one elsewhere would defeat the routing.
      if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) address.sin6_scope_id = info.ipi6_ifindex;
      address.sin6_port = htons(listener_.port());
      return runtime::SocketAddress(address);
    }
    if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
      in_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(control), sizeof info);
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr = info.ipi_addr;
      address.sin_port = htons(listener_.port());
      return runtime::SocketAddress(address);
    }
  }
  return listener_;
}

dns::MutableBytes UdpBatch::reply_space() noexcept {
  return buffers_->reply[queued_];
}

void UdpBatch::set_source(msghdr& header, std::size_t at, const runtime::SocketAddress& local) noexcept {
  header.msg_control = nullptr;
  header.msg_controllen = 0;
  if (!wildcard_ || local.is_wildcard()) return;
  auto& space = buffers_->out_control[at];
  header.msg_control = space.data();
  header.msg_controllen = space.size();
  cmsghdr* control = CMSG_FIRSTHDR(&header);
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(local.native());
  if (local.is_v6() && !IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
    in6_pktinfo info{};
    info.ipi6_addr = v6->sin6_addr;
    info.ipi6_ifindex = v6->sin6_scope_id;
    control->cmsg_level = IPPROTO_IPV6;
    control->cmsg_type = IPV6_PKTINFO;
    control->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(control), &info, sizeof info);
    header.msg_controllen = CMSG_SPACE(sizeof info);
    return;
  }
  in_pktinfo info{};
  if (local.is_v6()) {
    std::memcpy(&info.ipi_spec_dst, &v6->sin6_addr.s6_addr[12], sizeof info.ipi_spec_dst);
  } else {
    info.ipi_spec_dst = reinterpret_cast<const sockaddr_in*>(local.native())->sin_addr;
  }
  control->cmsg_level = IPPROTO_IP;
  control->cmsg_type = IP_PKTINFO;
  control->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(control), &info, sizeof info);
  header.msg_controllen = CMSG_SPACE(sizeof info);
}

void UdpBatch::queue_reply(std::size_t size, const runtime::SocketAddress& client,
                           const runtime::SocketAddress& local) noexcept {
  const std::size_t at = queued_++;
  std::memcpy(&buffers_->out_addresses[at], client.native(), client.native_size());
  buffers_->out_vectors[at].iov_len = size;
  msghdr& header = buffers_->out_headers[at].msg_hdr;
  header.msg_namelen = client.native_size();
  set_source(header, at, local);
}

std::size_t UdpBatch::send(int descriptor) noexcept {
  std::size_t lost = 0;
  std::size_t from = 0;
  while (from < queued_) {
    const int sent = sendmmsg(descriptor, &buffers_->out_headers[from], static_cast<unsigned>(queued_ - from),
                              MSG_DONTWAIT);
    if (sent > 0) {
      from += static_cast<std::size_t>(sent);
    } else if (errno != EINTR) {
      // One client's reply cannot leave (no route, a full queue): it will ask again; the others must not
      // wait.
      ++lost;
      ++from;
    }
  }
  queued_ = 0;
  return lost;
}

}  // namespace nld::server
