// Gathering and flushing.
#include "upstream/udp_outbox.hpp"

#include <boost/asio/post.hpp>

namespace nld::upstream {

void UdpOutbox::add(const std::shared_ptr<UdpSocket>& socket, std::uint16_t id, dns::Bytes message) {
  if (socket_ != socket) flush();
  if (!socket_) {
    socket_ = socket;
    boost::asio::post(*loop_, [self = shared_from_this()] { self->flush(); });
  }
  batch_.add(id, message);
  if (batch_.full()) flush();
}

void UdpOutbox::flush() {
  // What fails is asked again by others: they find an empty box.
  if (const auto socket = std::exchange(socket_, nullptr)) socket->send(batch_);
}

}  // namespace nld::upstream
