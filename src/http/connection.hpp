// One HTTP connection: reads a request, writes its answer, again while kept alive.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "http/server.hpp"

namespace nld::http {

/// Lives while an operation of its is pending; owners hold it weakly or close it.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  /// What its listener does for it. All run on the loop.
  struct Hooks {
    std::function<Response(std::string_view path)> answer;
    std::function<void(Connection&)> busy;    ///< a request has been read
    std::function<void(Connection&)> closed;  ///< the last call
  };

  Connection(boost::asio::ip::tcp::socket socket, const Limits& limits, Hooks hooks);
  void start() { read(); }
  /// Ends it; what is being written is lost unless `finish_answer`. No hook is called any more.
  void close(bool finish_answer) noexcept;

 private:
  using Request = boost::beast::http::request<boost::beast::http::empty_body>;
  using Answer = boost::beast::http::response<boost::beast::http::string_body>;
  using Parser = boost::beast::http::request_parser<boost::beast::http::empty_body>;

  void read();
  void on_read(boost::beast::error_code error);
  void respond(const Request& request);
  void write(Answer answer);
  void on_write(boost::beast::error_code error);
  void end();

  boost::beast::tcp_stream stream_;
  Limits limits_;
  Hooks hooks_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::optional<Answer> answer_;
};

}  // namespace nld::http
