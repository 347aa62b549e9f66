// Abstract Unix sockets and /proc/net/unix.
#include "agent/presence.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <ranges>

#include "runtime/descriptor.hpp"

namespace nld::agent {
namespace {

namespace asio = boost::asio;
using Protocol = asio::local::stream_protocol;

constexpr std::size_t kMaxReport = std::size_t{1} << 20U;
constexpr auto kPatience = std::chrono::seconds(3);

std::string prefix_of(std::string_view interface) {
  return fmt::format("node-local-dns/{}/", interface);
}

std::string own_name(std::string_view interface) {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);  // one clock for all namespaces of the host that matter here
  return fmt::format("{}{:012}.{:09}-{}", prefix_of(interface), now.tv_sec, now.tv_nsec, ::getpid());
}

std::unexpected<std::string> failure(const char* what) {
  return std::unexpected(std::string(what) + ": " + std::strerror(errno));
}

std::expected<runtime::Descriptor, std::string> connect_to(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.size() + 1 > sizeof address.sun_path) return std::unexpected("name too long");
  std::memcpy(&address.sun_path[1], name.data(), name.size());
  runtime::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return failure("socket");
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0)
    return failure("connect");
  return socket;
}

}  // namespace

class Presence::State : public std::enable_shared_from_this<State> {
 public:
  State(asio::io_context& loop, std::string interface, std::function<std::string()> report)
      : acceptor_(loop),
        interface_(std::move(interface)),
        name_(own_name(interface_)),
        report_(std::move(report)) {}

  std::expected<void, std::string> listen() {
    boost::system::error_code error;
    acceptor_.open(Protocol(), error);
    if (!error) acceptor_.bind(Protocol::endpoint(std::string(1, '\0') + name_), error);
    if (!error) acceptor_.listen(8, error);
    if (error) return std::unexpected("announcing the agent: " + error.message());
    accept();
    return {};
  }
  void close() noexcept {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
  }
  [[nodiscard]] const std::string& interface() const noexcept { return interface_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  struct Reply {
    explicit Reply(Protocol::socket its) : socket(std::move(its)), limit(socket.get_executor()) {}
    Protocol::socket socket;
    std::string text;
    asio::steady_timer limit;  ///< for a caller that does not read
  };

  void accept() {
    acceptor_.async_accept(
        [weak = weak_from_this()](boost::system::error_code error, Protocol::socket socket) {
          const auto self = weak.lock();
          if (!self || error == asio::error::operation_aborted) return;
          if (!error) self->answer(std::move(socket));
          self->accept();
        });
  }

  void answer(Protocol::socket socket) {
    auto reply = std::make_shared<Reply>(std::move(socket));
    reply->text = report_();
    reply->limit.expires_after(kPatience);
    reply->limit.async_wait([reply](boost::system::error_code error) {
      boost::system::error_code ignored;
      if (!error) reply->socket.close(ignored);
    });
    asio::async_write(reply->socket, asio::buffer(reply->text),
                      [reply](boost::system::error_code /*error*/, std::size_t /*size*/) {
                        reply->limit.cancel();
                        boost::system::error_code ignored;
                        reply->socket.close(ignored);
                      });
  }

  Protocol::acceptor acceptor_;
  std::string interface_;
  std::string name_;
  std::function<std::string()> report_;
};

Presence::Presence(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
Presence::Presence(Presence&&) noexcept = default;
Presence& Presence::operator=(Presence&&) noexcept = default;
Presence::~Presence() {
  if (state_) state_->close();
}

std::expected<Presence, std::string> Presence::announce(asio::io_context& loop, std::string interface,
                                                        std::function<std::string()> report) {
  auto state = std::make_shared<State>(loop, std::move(interface), std::move(report));
  if (auto listening = state->listen(); !listening) return std::unexpected(listening.error());
  return Presence(std::move(state));
}

void Presence::leave() {
  state_->close();
}

bool Presence::others() const {
  return std::ranges::any_of(agents_of(state_->interface()),
                             [this](const std::string& name) { return name != state_->name(); });
}

bool Presence::superseded() const {
  return std::ranges::any_of(agents_of(state_->interface()),
                             [this](const std::string& name) { return name > state_->name(); });
}

std::vector<std::string> parse_agents(std::string_view text, std::string_view interface) {
  const std::string wanted = "@" + prefix_of(interface);
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t at = line.rfind(' ');
    if (at == line.npos || !line.substr(at + 1).starts_with(wanted)) continue;
    names.emplace_back(line.substr(at + 2));
  }
  std::ranges::sort(names);
  // Connections that were accepted bear the listener's name.
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  return names;
}

std::vector<std::string> agents_of(std::string_view interface) {
  std::ifstream file("/proc/net/unix", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return parse_agents(text, interface);
}

std::expected<std::string, std::string> ask_agent(const std::string& name) {
  const auto socket = connect_to(name);
  if (!socket) return std::unexpected(socket.error());
  std::string text;
  std::array<char, 4096> chunk{};
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (text.size() < kMaxReport) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd wanted{.fd = socket->get(), .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || ::poll(&wanted, 1, static_cast<int>(left.count())) == 0) {
      return std::unexpected("the agent does not answer");
    }
    const ssize_t got = ::read(socket->get(), chunk.data(), chunk.size());
    if (got == 0) return text;
    if (got < 0 && errno != EINTR) return failure("read");
    if (got > 0) text.append(chunk.data(), static_cast<std::size_t>(got));
  }
  return std::unexpected("the agent's report is too long");
}

std::expected<std::string, std::string> agent_of_this_pod(std::string_view interface) {
  const auto names = agents_of(interface);
  for (const std::string& name : names | std::views::reverse) {
    const auto socket = connect_to(name);
    if (!socket) continue;
    ucred peer{};
    socklen_t size = sizeof peer;
    // The kernel translates the peer's process number into the caller's PID namespace, and gives 0 for one
    // that is not in it (unix(7), SO_PEERCRED; pid_namespaces(7)).
    if (::getsockopt(socket->get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid != 0) return name;
  }
  return std::unexpected(fmt::format("no agent of interface {} runs {}", interface,
                                     names.empty() ? "here" : "in this pod; another pod's does"));
}

}  // namespace nld::agent
