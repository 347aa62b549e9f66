// The kernel's own word that an interface, an address or an nftables rule of interest has changed.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace nld::net {

/// A change as far as the messages tell. Own changes are reported too. `overrun`: messages were lost, all may
/// have changed; reported when it happens and once more when nothing is lost any longer.
struct KernelEvent {
  enum class Kind : std::uint8_t { link, address, rule, overrun };
  Kind kind = Kind::link;
  /// Of the link, also for addresses (empty when it went before its name was asked for: its own event follows
  /// or came before); of the nftables table for rules.
  std::string_view name;
  std::string_view chain;  ///< for rules and chains, where the message has it
};

/// Two netlink sockets on one loop: rtnetlink (link, IPv4 and IPv6 addresses) and nfnetlink (nftables, which
/// includes what iptables-nft does; iptables-legacy makes no events). They hear the network namespace of the
/// thread that opens them. Single-threaded: all on the loop's thread.
class KernelEvents {
 public:
  /// The names live as long as the call. It may destroy the KernelEvents; after that it is not called again.
  using Handler = std::function<void(const KernelEvent&)>;
  /// Error: neither part is available. With one of the two it works, and missing() tells of the other.
  static std::expected<KernelEvents, std::string> open(boost::asio::io_context& loop, Handler handler);
  KernelEvents(KernelEvents&&) noexcept;
  KernelEvents& operator=(KernelEvents&&) noexcept;
  ~KernelEvents();
  /// What could not be watched, for a warning; empty when all is.
  [[nodiscard]] const std::string& missing() const noexcept;

 private:
  class State;
  explicit KernelEvents(std::shared_ptr<State> state) noexcept;
  std::shared_ptr<State> state_;
};

}  // namespace nld::net
