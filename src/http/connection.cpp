// The life of a connection on Boost.Beast.
#include "http/connection.hpp"

#include <sys/socket.h>

#include <array>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>
#include <boost/beast/http/write.hpp>
#include <string_view>
#include <utility>

namespace nld::http {

namespace beast = boost::beast;
namespace wire = boost::beast::http;

namespace {

constexpr unsigned kHttp11 = 11;

Response plain(wire::status status) {
  return {.status = static_cast<unsigned>(status), .body = std::string(wire::obsolete_reason(status)) + "\n"};
}

bool is_read_only(wire::verb method) noexcept {
  return method == wire::verb::get || method == wire::verb::head;
}

/// Empties the receive queue, within bounds: a socket closed with unread octets sends a reset, which can
/// overtake the answer.
void discard_unread(int fd) noexcept {
  constexpr int kPieces = 16;
  std::array<char, 4096> piece;
  for (int count = 0; count < kPieces; ++count) {
    if (::recv(fd, piece.data(), piece.size(), MSG_DONTWAIT) <= 0) return;
  }
}

/// The status for a request that could not be read; nothing when the peer went away or was too slow.
std::optional<wire::status> status_of(beast::error_code error) {
  if (error == wire::error::end_of_stream || error == wire::error::partial_message) return std::nullopt;
  if (error == wire::error::header_limit || error == wire::error::buffer_overflow) {
    return wire::status::request_header_fields_too_large;
  }
  if (error == wire::error::body_limit || error == wire::error::unexpected_body) {
    return wire::status::payload_too_large;
  }
  if (error.category() == wire::make_error_code(wire::error::bad_target).category()) {
    return wire::status::bad_request;
  }
  return std::nullopt;
}

}  // namespace

Connection::Connection(boost::asio::ip::tcp::socket socket, const Limits& limits, Hooks hooks)
    : stream_(std::move(socket)),
      limits_(limits),
      hooks_(std::move(hooks)),
      // The parser's own limit counts header octets; the buffer must hold them and no pipelined flood.
      buffer_(limits.header_octets) {}

void Connection::read() {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(limits_.header_octets));
  parser_->body_limit(0);
  stream_.expires_after(limits_.timeout);
  wire::async_read(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](beast::error_code error, std::size_t) { self->on_read(error); });
}

void Connection::on_read(beast::error_code error) {
  if (!hooks_.answer) return end();  // closed in the meantime
  if (!error) {
    hooks_.busy(*this);
    return respond(parser_->get());
  }
  auto status = status_of(error);
  if (!status) return end();
  // A POST with a body is first of all a POST.
  if (status == wire::status::payload_too_large && !is_read_only(parser_->get().method())) {
    status = wire::status::method_not_allowed;
  }
  const Response response = plain(*status);
  Answer answer(*status, kHttp11);
  answer.set(wire::field::content_type, response.content_type);
  answer.body() = response.body;
  answer.keep_alive(false);  // where the next request would begin is not known
  write(std::move(answer));
}

void Connection::respond(const Request& request) {
  const std::string_view target(request.target().data(), request.target().size());
  const bool head = request.method() == wire::verb::head;
  const bool allowed = is_read_only(request.method());
  Response response = plain(wire::status::method_not_allowed);
  if (allowed) {
    try {
      response = hooks_.answer(target.substr(0, target.find('?')));
    } catch (...) {
      response = plain(wire::status::internal_server_error);
    }
  }
  Answer answer(static_cast<wire::status>(response.status), request.version());
  answer.set(wire::field::content_type, response.content_type);
  if (!allowed) answer.set(wire::field::allow, "GET, HEAD");
  answer.keep_alive(request.keep_alive());
  if (head) {
    answer.content_length(response.body.size());
  } else {
    answer.body() = std::move(response.body);
  }
  write(std::move(answer));
}

void Connection::write(Answer answer) {
  if (!answer.has_content_length()) answer.prepare_payload();
  answer_.emplace(std::move(answer));
  stream_.expires_after(limits_.timeout);
  wire::async_write(stream_, *answer_, [self = shared_from_this()](beast::error_code error, std::size_t) {
    self->on_write(error);
  });
}

void Connection::on_write(beast::error_code error) {
  const bool again = !error && answer_->keep_alive();
  answer_.reset();
  if (again && hooks_.answer) return read();
  end();
}

void Connection::end() {
  beast::error_code ignored;
  // A FIN before the close: the peer gets the whole answer even if it sent more than we read.
  stream_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
  if (stream_.socket().is_open()) discard_unread(stream_.socket().native_handle());
  stream_.close();
  if (const auto closed = std::exchange(hooks_, {}).closed) closed(*this);
}

void Connection::close(bool finish_answer) noexcept {
  hooks_ = {};
  if (!(finish_answer && answer_)) stream_.close();
}

}  // namespace nld::http
