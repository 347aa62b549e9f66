// Two sockets on the loop: waits, reads a batch, tells the handler.
#include "net/kernel_events.hpp"

#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <utility>

#include "net/events/group_socket.hpp"
#include "net/events/link_names.hpp"
#include "net/events/messages.hpp"

namespace nld::net {

namespace asio = boost::asio;

class KernelEvents::State : public std::enable_shared_from_this<State> {
 public:
  State(asio::io_context& loop, Handler handler)
      : route_(loop), netfilter_(loop), handler_(std::move(handler)) {}

  /// Both parts failed: the error.
  std::expected<void, std::string> open() {
    static constexpr std::array kRouteGroups{static_cast<int>(RTNLGRP_LINK),
                                             static_cast<int>(RTNLGRP_IPV4_IFADDR),
                                             static_cast<int>(RTNLGRP_IPV6_IFADDR)};
    static constexpr std::array kNetfilterGroups{static_cast<int>(NFNLGRP_NFTABLES)};
    const bool links = open(route_, NETLINK_ROUTE, kRouteGroups, "links and addresses");
    const bool rules = open(netfilter_, NETLINK_NETFILTER, kNetfilterGroups, "nftables rules");
    if (!links && !rules) return std::unexpected(missing_);
    return {};
  }

  void start() {
    if (route_.socket.is_open()) wait(route_);
    if (netfilter_.socket.is_open()) wait(netfilter_);
  }

  void close() noexcept {
    closed_ = true;
    boost::system::error_code ignored;
    route_.socket.close(ignored);
    netfilter_.socket.close(ignored);
  }

  [[nodiscard]] const std::string& missing() const noexcept { return missing_; }

 private:
  using Socket = asio::posix::stream_descriptor;
  struct Part {
    explicit Part(asio::io_context& loop) : socket(loop) {}
    Socket socket;
    bool lossy = false;  ///< from an overrun until all has been read
  };
  // Datagrams a wake-up, so that a kube-proxy's full sync does not hold the loop.
  static constexpr int kBatch = 64;

  bool open(Part& part, int protocol, std::span<const int> groups, const char* what) {
    auto fd = open_group_socket(protocol, groups);
    if (fd) {
      boost::system::error_code error;
      part.socket.assign(fd->get(), error);
      if (!error) return static_cast<void>(fd->release()), true;
      fd = std::unexpected(error.message());
    }
    if (!missing_.empty()) missing_ += "; ";
    missing_ += std::string("no events of ") + what + ": " + fd.error();
    return false;
  }

  void wait(Part& part) {
    part.socket.async_wait(Socket::wait_read,
                           [self = shared_from_this(), &part](boost::system::error_code error) {
                             if (!error && !self->closed_) self->read(part);
                           });
  }

  void read(Part& part) {
    // The handler may destroy the KernelEvents: closed_ tells, and the caller's pointer keeps the state.
    for (int count = 0; count < kBatch && !closed_; ++count) {
      const Receipt receipt = receive(part.socket.native_handle(), buffer_);
      switch (receipt.kind) {
        case Receipt::Kind::messages:
          tell(part, receipt.size);
          break;
        case Receipt::Kind::ignored:
          break;
        case Receipt::Kind::overrun:
          part.lossy = true;
          tell_overrun();
          break;
        case Receipt::Kind::nothing:
          // After an overrun the kernel drops whatever comes, without another word, until its queue is empty
          // (NETLINK_S_CONGESTED): a check that began with the first report may have missed it.
          if (std::exchange(part.lossy, false)) tell_overrun();
          if (!closed_) wait(part);
          return;
        case Receipt::Kind::broken: {
          // Waiting on it would spin; what it misses, the periodic check finds.
          boost::system::error_code ignored;
          part.socket.close(ignored);
          return tell_overrun();
        }
      }
    }
    if (!closed_) wait(part);
  }

  void tell(const Part& part, std::size_t size) {
    for_each_message(std::span(buffer_).first(size), [this, &part](const nlmsghdr& message) {
      if (closed_) return;
      if (&part == &route_) {
        tell_route(message);
      } else {
        tell_rule(message);
      }
    });
  }

  void tell_overrun() {
    names_.clear();
    handler_({.kind = KernelEvent::Kind::overrun, .name = {}, .chain = {}});
  }

  void tell_route(const nlmsghdr& message) {
    const auto change = read_route_change(message);
    if (!change) return;
    if (change->kind == RouteChange::Kind::address) {
      return handler_({.kind = KernelEvent::Kind::address, .name = names_.find(change->index), .chain = {}});
    }
    if (change->name.empty()) return;
    if (change->kind == RouteChange::Kind::link) {
      names_.learn(change->index, change->name);
    } else {
      names_.forget(change->index);
    }
    handler_({.kind = KernelEvent::Kind::link, .name = change->name, .chain = {}});
  }

  void tell_rule(const nlmsghdr& message) {
    const auto change = read_rule_change(message);
    if (change) {
      handler_({.kind = KernelEvent::Kind::rule, .name = change->table, .chain = change->chain});
    }
  }

  Part route_;
  Part netfilter_;
  Handler handler_;
  LinkNames names_;
  std::string missing_;
  bool closed_ = false;
  // The kernel's datagrams for listeners are at most 32 KiB.
  alignas(nlmsghdr) std::array<std::byte, 64U << 10> buffer_{};
};

std::expected<KernelEvents, std::string> KernelEvents::open(asio::io_context& loop, Handler handler) {
  auto state = std::make_shared<State>(loop, std::move(handler));
  if (auto opened = state->open(); !opened) return std::unexpected(std::move(opened).error());
  state->start();
  return KernelEvents(std::move(state));
}

KernelEvents::KernelEvents(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}
KernelEvents::KernelEvents(KernelEvents&&) noexcept = default;
KernelEvents& KernelEvents::operator=(KernelEvents&& other) noexcept {
  if (this != &other) {
    if (state_) state_->close();
    state_ = std::move(other.state_);
  }
  return *this;
}
KernelEvents::~KernelEvents() {
  if (state_) state_->close();
}

const std::string& KernelEvents::missing() const noexcept {
  return state_->missing();
}

}  // namespace nld::net
