// Starts servers with posix_spawn(3), watches them through pidfds, finds orphans by a mark in /proc.
#pragma once

#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

#include "agent/server_process.hpp"
#include "runtime/clock.hpp"

namespace nld::agent {

struct ServerCommand {
  std::string program;            ///< a path, or a name for PATH
  std::vector<std::string> argv;  ///< argv[0] included
  std::string interface;          ///< part of the mark: an agent of another interface leaves it alone
  std::string version;            ///< of this program: an orphan of another version is replaced
  bool tells_itself = false;      ///< it answers to a word of its own: server/instance.hpp
};

/// The mark is an environment variable of the server (NODE_LOCAL_DNS_SERVER), so nothing has to be written to
/// a file system that may be read-only. An orphan has the mark, lives in this network namespace, and its
/// parent is not the agent that the mark names.
class SystemLauncher final : public ServerLauncher {
 public:
  SystemLauncher(boost::asio::io_context& loop, runtime::Clock& clock, ServerCommand command);
  std::expected<std::unique_ptr<ServerProcess>, std::string> launch(ExitHandler on_exit) override;
  Orphan find_orphan(ExitHandler on_exit) override;

 private:
  boost::asio::io_context& loop_;
  runtime::Clock& clock_;
  ServerCommand command_;
  std::string digest_;
};

}  // namespace nld::agent
