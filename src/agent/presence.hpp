// Tells agents of one network namespace of each other, and tells `status` what one knows.
#pragma once

#include <boost/asio/io_context.hpp>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nld::agent {

/// Every agent listens on an abstract Unix socket "node-local-dns/INTERFACE/START-PID". Abstract names belong
/// to the network namespace, as interface and rules do: two pods of one node see each other without a shared
/// file system, and a name is gone with its process, however that ends.
class Presence {
 public:
  /// `report` makes the text that a caller of `ask` gets; it runs on the loop.
  static std::expected<Presence, std::string> announce(boost::asio::io_context& loop, std::string interface,
                                                       std::function<std::string()> report);
  Presence(Presence&&) noexcept;
  Presence& operator=(Presence&&) noexcept;
  ~Presence();

  /// From here on this agent does not exist for others. To be called before `others` decides who is last:
  /// of two that leave at once at least one then sees none.
  void leave();
  /// Whether another agent of this interface is there. Any thread.
  [[nodiscard]] bool others() const;
  /// Whether one of them began later than this one. Any thread.
  [[nodiscard]] bool superseded() const;

 private:
  class State;
  explicit Presence(std::shared_ptr<State> state) noexcept;
  std::shared_ptr<State> state_;
};

/// Names of the agents of `interface` in this network namespace, the latest started last.
std::vector<std::string> agents_of(std::string_view interface);
/// Pure: the same from the text of /proc/net/unix.
std::vector<std::string> parse_agents(std::string_view proc_net_unix, std::string_view interface);

/// The report of the agent of that name; bounded to 3 s and 1 MiB.
std::expected<std::string, std::string> ask_agent(const std::string& name);

/// Of several agents of `interface`, the latest that belongs to the caller's own PID namespace, which is its
/// pod: during a rolling update the pods of one node share the network namespace, so addresses and ports
/// cannot tell them apart. Error: there is none.
std::expected<std::string, std::string> agent_of_this_pod(std::string_view interface);

}  // namespace nld::agent
