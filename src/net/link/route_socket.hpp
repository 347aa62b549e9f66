// rtnetlink requests about one link and its addresses: libnl's objects with owners, every wait bounded.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/socket_address.hpp"

struct nl_sock;
struct rtnl_addr;
struct rtnl_link;

namespace nld::net {

/// One of libnl's NLE_ numbers, positive.
using NetlinkCode = int;
std::string describe(NetlinkCode code);

struct FoundLink {
  int index = 0;
  unsigned flags = 0;  ///< IFF_UP, IFF_LOOPBACK …
  std::string kind;    ///< "dummy"; empty for hardware and the loopback
  std::string alias;
};

struct HeldAddress {
  runtime::SocketAddress ip;  ///< port and zone 0
  unsigned prefix = 0;
  std::uint32_t flags = 0;  ///< IFA_F_PERMANENT, IFA_F_DADFAILED …
  std::uint8_t scope = 0;   ///< RT_SCOPE_UNIVERSE …

  [[nodiscard]] bool is_host_address() const noexcept { return prefix == (ip.is_v6() ? 128U : 32U); }
};

/// Belongs to the network namespace of the thread that opened it.
class RouteSocket {
 public:
  static std::expected<RouteSocket, NetlinkCode> open();

  /// NLE_NODEV or NLE_OBJ_NOTFOUND: none of that name.
  std::expected<FoundLink, NetlinkCode> find(const std::string& name);
  /// Down, without ARP and multicast, silent about IPv6. NLE_EXIST: the name is taken; NLE_OPNOTSUPP: this
  /// kernel has no such type.
  std::expected<void, NetlinkCode> create(const std::string& name, std::string_view kind,
                                          std::string_view alias);
  std::expected<void, NetlinkCode> set_up(int index);
  std::expected<void, NetlinkCode> erase(int index);

  std::expected<std::vector<HeldAddress>, NetlinkCode> addresses(int index);
  /// As /32 or /128, of global scope, without duplicate detection.
  std::expected<void, NetlinkCode> add(int index, const runtime::SocketAddress& ip);
  std::expected<void, NetlinkCode> erase(int index, const HeldAddress& address);

 private:
  struct Release {
    void operator()(nl_sock* socket) const noexcept;
    void operator()(rtnl_link* link) const noexcept;
    void operator()(rtnl_addr* address) const noexcept;
  };
  using Socket = std::unique_ptr<nl_sock, Release>;
  using Link = std::unique_ptr<rtnl_link, Release>;
  using Address = std::unique_ptr<rtnl_addr, Release>;

  explicit RouteSocket(Socket socket) noexcept;
  std::expected<void, NetlinkCode> change(int index, rtnl_link* changes);
  static Address describe_address(int index, const runtime::SocketAddress& ip, unsigned prefix);

  Socket socket_;
};

}  // namespace nld::net
