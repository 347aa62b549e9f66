// recvmmsg and sendmmsg on connected sockets.
#include "upstream/datagram_batch.hpp"

#include <cerrno>

namespace nld::upstream {

ReceiveBatch::ReceiveBatch() noexcept {
  for (std::size_t index = 0; index < kDatagrams; ++index) {
    pieces_[index] = {storage_[index].data(), kDatagramSize};
    headers_[index].msg_hdr.msg_iov = &pieces_[index];
    headers_[index].msg_hdr.msg_iovlen = 1;
  }
}

std::expected<std::size_t, int> ReceiveBatch::receive(int socket) noexcept {
  const int got = recvmmsg(socket, headers_.data(), kDatagrams, MSG_DONTWAIT, nullptr);
  if (got < 0) return std::unexpected(errno);
  return static_cast<std::size_t>(got);
}

void SendBatch::add(std::uint16_t id, dns::Bytes message) {
  const std::size_t at = octets_.size();
  octets_.insert(octets_.end(), message.begin(), message.end());
  dns::put16(octets_, at, id);
  ends_[count_++] = octets_.size();
}

std::vector<SendBatch::Unsent> SendBatch::send(int socket) {
  std::array<iovec, kDatagrams> pieces;
  std::array<mmsghdr, kDatagrams> headers;
  std::size_t at = 0;
  for (std::size_t index = 0; index < count_; ++index) {
    pieces[index] = {octets_.data() + at, ends_[index] - at};
    headers[index] = {};
    headers[index].msg_hdr.msg_iov = &pieces[index];
    headers[index].msg_hdr.msg_iovlen = 1;
    at = ends_[index];
  }
  std::vector<Unsent> unsent;
  for (std::size_t from = 0; from < count_;) {
    const int sent = sendmmsg(socket, &headers[from], static_cast<unsigned>(count_ - from), MSG_DONTWAIT);
    if (sent > 0) {
      from += static_cast<std::size_t>(sent);
    } else if (errno != EINTR) {
      const auto* message = static_cast<const std::uint8_t*>(pieces[from].iov_base);
      unsent.push_back({dns::get16(dns::Bytes(message, 2), 0), errno});
      ++from;
    }
  }
  clear();
  return unsent;
}

}  // namespace nld::upstream
