// libnl-route calls behind RouteSocket, and the address dump of one link.
#include "net/link/route_socket.hpp"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/addr.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/inet6.h>
#include <netlink/socket.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cstring>
#include <new>
#include <optional>
#include <utility>

namespace nld::net {
namespace {

// For an answer that is lost. The kernel does a request within sendmsg(2), with its wait for the rtnl lock,
// which nothing bounds; the answer is in the queue when that returns.
constexpr timeval kPatience{.tv_sec = 2, .tv_usec = 0};
constexpr int kDumpAttempts = 4;

struct ReleaseMessage {
  void operator()(nl_msg* message) const noexcept { nlmsg_free(message); }
  void operator()(nl_cb* callbacks) const noexcept { nl_cb_put(callbacks); }
  void operator()(nl_addr* address) const noexcept { nl_addr_put(address); }
};
using Message = std::unique_ptr<nl_msg, ReleaseMessage>;
using Callbacks = std::unique_ptr<nl_cb, ReleaseMessage>;
using Ip = std::unique_ptr<nl_addr, ReleaseMessage>;

std::expected<void, NetlinkCode> outcome(int result) {
  if (result < 0) return std::unexpected(-result);
  return {};
}

/// libnl's constructors answer null when memory is short.
template <class Owner>
Owner owned(auto* object) {
  if (object == nullptr) throw std::bad_alloc();
  return Owner(object);
}

std::optional<runtime::SocketAddress> to_ip(int family, const nlattr* attribute) {
  if (family == AF_INET && nla_len(attribute) == sizeof(in_addr)) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    std::memcpy(&v4.sin_addr, nla_data(attribute), sizeof v4.sin_addr);
    return runtime::SocketAddress(v4);
  }
  if (family == AF_INET6 && nla_len(attribute) == sizeof(in6_addr)) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    std::memcpy(&v6.sin6_addr, nla_data(attribute), sizeof v6.sin6_addr);
    return runtime::SocketAddress(v6);
  }
  return std::nullopt;
}

struct AddressDump {
  unsigned index;
  std::vector<HeldAddress> found;
};

int collect_address(nl_msg* message, void* argument) {
  auto& dump = *static_cast<AddressDump*>(argument);
  nlmsghdr* header = nlmsg_hdr(message);
  std::array<nlattr*, IFA_MAX + 1> attributes{};
  if (header->nlmsg_type != RTM_NEWADDR ||
      nlmsg_parse(header, sizeof(ifaddrmsg), attributes.data(), IFA_MAX, nullptr) < 0) {
    return NL_SKIP;
  }
  const auto* about = static_cast<const ifaddrmsg*>(nlmsg_data(header));
  // On a link with a peer address IFA_ADDRESS is the peer's.
  const nlattr* ip = attributes[IFA_LOCAL] != nullptr ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
  // A kernel before 4.20 ignores the filter and reports every link.
  if (about->ifa_index != dump.index || ip == nullptr) return NL_SKIP;
  if (const auto address = to_ip(about->ifa_family, ip)) {
    nlattr* flags = attributes[IFA_FLAGS];
    dump.found.push_back(
        {.ip = *address,
         .prefix = about->ifa_prefixlen,
         .flags = flags != nullptr && nla_len(flags) >= 4 ? nla_get_u32(flags) : about->ifa_flags,
         .scope = about->ifa_scope});
  }
  return NL_OK;
}

}  // namespace

std::string describe(NetlinkCode code) {
  switch (code) {
    case NLE_AGAIN:
      return "the kernel did not answer within 2 s";
    case NLE_NODEV:
    case NLE_OBJ_NOTFOUND:
      return "there is no such interface (any more)";
    case NLE_PERM:
      return "not permitted (CAP_NET_ADMIN is needed)";
    default:
      return nl_geterror(code);
  }
}

void RouteSocket::Release::operator()(nl_sock* socket) const noexcept {
  nl_socket_free(socket);
}
void RouteSocket::Release::operator()(rtnl_link* link) const noexcept {
  rtnl_link_put(link);
}
void RouteSocket::Release::operator()(rtnl_addr* address) const noexcept {
  rtnl_addr_put(address);
}

RouteSocket::RouteSocket(Socket socket) noexcept : socket_(std::move(socket)) {}

std::expected<RouteSocket, NetlinkCode> RouteSocket::open() {
  auto socket = owned<Socket>(nl_socket_alloc());
  // libnl opens it close-on-exec.
  if (const int result = nl_connect(socket.get(), NETLINK_ROUTE); result < 0) return std::unexpected(-result);
  const int fd = nl_socket_get_fd(socket.get());
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience) != 0) {
    return std::unexpected(NLE_FAILURE);
  }
  // Lets the kernel filter the dump by link: kube-ipvs0 holds an address for every Service. Kernels before
  // 4.20 do not know it and send them all.
  const int on = 1;
  static_cast<void>(::setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on));
  return RouteSocket(std::move(socket));
}

std::expected<FoundLink, NetlinkCode> RouteSocket::find(const std::string& name) {
  rtnl_link* raw = nullptr;
  const int result = rtnl_link_get_kernel(socket_.get(), 0, name.c_str(), &raw);
  const Link link(raw);
  if (result < 0) return std::unexpected(-result);
  const char* kind = rtnl_link_get_type(link.get());
  const char* alias = rtnl_link_get_ifalias(link.get());
  return FoundLink{.index = rtnl_link_get_ifindex(link.get()),
                   .flags = rtnl_link_get_flags(link.get()),
                   .kind = kind != nullptr ? kind : "",
                   .alias = alias != nullptr ? alias : ""};
}

std::expected<void, NetlinkCode> RouteSocket::create(const std::string& name, std::string_view kind,
                                                     std::string_view alias) {
  const auto link = owned<Link>(rtnl_link_alloc());
  rtnl_link_set_name(link.get(), name.c_str());
  if (const int result = rtnl_link_set_type(link.get(), std::string(kind).c_str()); result < 0) {
    return std::unexpected(-result);
  }
  // dummy and ifb are so from the start; a bridge is not.
  rtnl_link_set_flags(link.get(), IFF_NOARP);
  rtnl_link_unset_flags(link.get(), IFF_MULTICAST);
  if (const int result = rtnl_link_add(socket_.get(), link.get(), NLM_F_CREATE | NLM_F_EXCL); result < 0) {
    return std::unexpected(-result);
  }
  const auto made = find(name);
  if (!made) return std::unexpected(made.error());
  if (!alias.empty()) {
    const auto mark = owned<Link>(rtnl_link_alloc());
    rtnl_link_set_ifalias(mark.get(), std::string(alias).c_str());
    if (const auto done = change(made->index, mark.get()); !done) return done;
  }
  // No fe80:: address, which nobody asked for. A kernel without IPv6 refuses, and makes none.
  const auto quiet = owned<Link>(rtnl_link_alloc());
  if (rtnl_link_inet6_set_addr_gen_mode(quiet.get(), IN6_ADDR_GEN_MODE_NONE) == 0) {
    static_cast<void>(change(made->index, quiet.get()));
  }
  return {};
}

std::expected<void, NetlinkCode> RouteSocket::change(int index, rtnl_link* changes) {
  const auto which = owned<Link>(rtnl_link_alloc());
  rtnl_link_set_ifindex(which.get(), index);
  return outcome(rtnl_link_change(socket_.get(), which.get(), changes, 0));
}

std::expected<void, NetlinkCode> RouteSocket::set_up(int index) {
  const auto up = owned<Link>(rtnl_link_alloc());
  rtnl_link_set_flags(up.get(), IFF_UP);
  return change(index, up.get());
}

std::expected<void, NetlinkCode> RouteSocket::erase(int index) {
  const auto which = owned<Link>(rtnl_link_alloc());
  rtnl_link_set_ifindex(which.get(), index);
  return outcome(rtnl_link_delete(socket_.get(), which.get()));
}

std::expected<std::vector<HeldAddress>, NetlinkCode> RouteSocket::addresses(int index) {
  ifaddrmsg filter{};
  filter.ifa_family = AF_UNSPEC;
  filter.ifa_index = static_cast<unsigned>(index);
  int result = 0;
  for (int attempt = 0; attempt < kDumpAttempts; ++attempt) {
    AddressDump dump{.index = filter.ifa_index, .found = {}};
    const auto callbacks = owned<Callbacks>(nl_cb_alloc(NL_CB_DEFAULT));
    nl_cb_set(callbacks.get(), NL_CB_VALID, NL_CB_CUSTOM, collect_address, &dump);
    result = nl_send_simple(socket_.get(), RTM_GETADDR, NLM_F_DUMP, &filter, sizeof filter);
    if (result >= 0) result = nl_recvmsgs(socket_.get(), callbacks.get());
    if (result >= 0) return std::move(dump.found);
    // Addresses changed while the kernel was telling them.
    if (result != -NLE_DUMP_INTR) break;
  }
  return std::unexpected(-result);
}

RouteSocket::Address RouteSocket::describe_address(int index, const runtime::SocketAddress& ip,
                                                   unsigned prefix) {
  const sockaddr* native = ip.native();
  const bool v6 = ip.is_v6();
  const void* bytes = v6 ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6*>(native)->sin6_addr)
                         : &reinterpret_cast<const sockaddr_in*>(native)->sin_addr;
  const auto local = owned<Ip>(nl_addr_build(v6 ? AF_INET6 : AF_INET, bytes, v6 ? 16 : 4));
  nl_addr_set_prefixlen(local.get(), static_cast<int>(prefix));
  auto address = owned<Address>(rtnl_addr_alloc());
  rtnl_addr_set_ifindex(address.get(), index);
  rtnl_addr_set_family(address.get(), v6 ? AF_INET6 : AF_INET);
  if (rtnl_addr_set_local(address.get(), local.get()) < 0) throw std::bad_alloc();
  rtnl_addr_set_prefixlen(address.get(), static_cast<int>(prefix));
  return address;
}

std::expected<void, NetlinkCode> RouteSocket::add(int index, const runtime::SocketAddress& ip) {
  const auto address = describe_address(index, ip, ip.is_v6() ? 128 : 32);
  // The kernel never takes an address of scope link for another interface's packets. With scope global, as
  // node-cache has it, it does where a route's own interface has none, as with Calico's cali*: packets then
  // leave the node with 169.254.20.10 as their source. (IPv6 scopes follow from the address.)
  rtnl_addr_set_scope(address.get(), ip.is_v6() ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK);
  if (ip.is_v6()) rtnl_addr_set_flags(address.get(), IFA_F_NODAD);
  return outcome(rtnl_addr_add(socket_.get(), address.get(), NLM_F_EXCL));
}

std::expected<void, NetlinkCode> RouteSocket::erase(int index, const HeldAddress& address) {
  const auto which = describe_address(index, address.ip, address.prefix);
  return outcome(rtnl_addr_delete(socket_.get(), which.get(), 0));
}

}  // namespace nld::net
