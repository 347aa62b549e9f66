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
/// have changed.
struct KernelEvent {
  enum class Kind : std::uint8_t { link, address, rule, overrun };
  Kind kind = Kind::link;
  std::string_view name;   ///< of the link (also for addresses); of the nftables table for rules
  std::string_view chain;  ///< for rules and chains, where the message has it
};

/// Two netlink sockets on one loop: rtnetlink (link, IPv4 and IPv6 addresses) and nfnetlink (nftables, which
/// includes what iptables-nft does; iptables-legacy makes no events).
class KernelEvents {
 public:
  using Handler = std::function<void(const KernelEvent&)>;
  /// `error` says which part is not available; the other still works.
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
