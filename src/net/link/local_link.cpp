// What the link lacks, found and put right step by step.
#include "net/link/local_link.hpp"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/errno.h>

#include <algorithm>
#include <utility>

#include "net/link/kind.hpp"
#include "net/link/route_socket.hpp"

namespace nld::net {
namespace {

bool is_absent(NetlinkCode code) noexcept {
  return code == NLE_NODEV || code == NLE_OBJ_NOTFOUND;
}

/// Why an ensure stopped; `gone`: somebody deleted the link in the middle of it.
struct Stop {
  std::string what;
  bool gone = false;
};

Stop stop(std::string_view step, NetlinkCode code) {
  return {.what = std::string(step) + ": " + describe(code), .gone = is_absent(code)};
}

std::string refusal(const std::string& name, const FoundLink& link) {
  std::string text = "interface " + name + " is ";
  if ((link.flags & IFF_LOOPBACK) != 0) {
    text += "the loopback interface";
  } else if (link.kind.empty()) {
    text += "a physical interface";
  } else {
    text += "of type " + link.kind;
    if (link.kind == "bridge") text += " and not made by node-local-dns";
  }
  return text + ", not of type dummy: it is left alone";
}

runtime::SocketAddress bare(const runtime::SocketAddress& address) {
  if (!address.is_v6()) {
    auto v4 = *reinterpret_cast<const sockaddr_in*>(address.native());
    v4.sin_port = 0;
    return runtime::SocketAddress(v4);
  }
  auto v6 = *reinterpret_cast<const sockaddr_in6*>(address.native());
  v6.sin6_port = 0;
  v6.sin6_scope_id = 0;
  return runtime::SocketAddress(v6);
}

bool is_sound(const HeldAddress& held) noexcept {
  return held.is_host_address() && (held.flags & IFA_F_DADFAILED) == 0;
}

/// One round of mending. Everything that was done stands in `repairs`.
class Mending {
 public:
  Mending(RouteSocket socket, const std::string& name) : socket_(std::move(socket)), name_(name) {}

  std::expected<std::string, Stop> link() {
    auto found = socket_.find(name_);
    if (!found && is_absent(found.error())) {
      const auto made = create_first_known([this](std::string_view kind) {
        return socket_.create(name_, kind, kind == kDummy ? std::string_view() : kAlias);
      });
      if (made) {
        is_new_ = true;
        repairs.push_back(
            {.kind = Repair::Kind::interface, .fault = Fault::missing, .what = "interface " + name_});
      } else if (made.error() == NLE_OPNOTSUPP) {
        return std::unexpected(
            Stop{"interface " + name_ + ": this kernel knows neither type dummy nor a stand-in for it"});
      } else if (made.error() != NLE_EXIST) {  // made by another instance at the same moment: adopted
        return std::unexpected(stop("create interface " + name_, made.error()));
      }
      found = socket_.find(name_);
    }
    if (!found) return std::unexpected(stop("look up interface " + name_, found.error()));
    if (!is_ours(*found)) return std::unexpected(Stop{refusal(name_, *found)});
    index_ = found->index;
    if ((found->flags & IFF_UP) == 0) {
      if (const auto done = socket_.set_up(index_); !done) {
        return std::unexpected(stop("set interface " + name_ + " up", done.error()));
      }
      if (!is_new_) {
        repairs.push_back(
            {.kind = Repair::Kind::link, .fault = Fault::altered, .what = "interface " + name_ + ": down"});
      }
    }
    return std::move(found->kind);
  }

  /// Mends as many as it can: the error names all the others.
  std::expected<void, Stop> addresses(const std::vector<runtime::SocketAddress>& wanted) {
    const auto held = socket_.addresses(index_);
    if (!held) return std::unexpected(stop("addresses of interface " + name_, held.error()));
    Stop failed;
    for (const auto& ip : wanted) {
      const auto done = address(ip, *held);
      if (done) continue;
      failed.what += (failed.what.empty() ? "" : "; ") + failure_text(ip, done.error());
      failed.gone = failed.gone || is_absent(done.error());
    }
    if (!failed.what.empty()) return std::unexpected(std::move(failed));
    return {};
  }

  std::vector<Repair> repairs;

 private:
  std::expected<void, NetlinkCode> address(const runtime::SocketAddress& ip,
                                           const std::vector<HeldAddress>& held) {
    const auto is_it = [&](const HeldAddress& one) { return one.ip == ip; };
    bool sound = false;
    bool altered = false;
    for (const auto& one : held) {
      if (is_it(one)) (is_sound(one) ? sound : altered) = true;
    }
    if (sound && !altered) return {};
    // IPv4 holds one address with two prefix lengths, so that nothing is lost in between; IPv6 does not.
    if (ip.is_v6() && altered) {
      if (const auto done = erase_altered(ip, held); !done) return done;
    }
    if (!sound) {
      if (const auto done = socket_.add(index_, ip); !done && done.error() != NLE_EXIST) return done;
    }
    if (!ip.is_v6() && altered) {
      if (const auto done = erase_altered(ip, held); !done) return done;
    }
    if (!is_new_) {
      repairs.push_back({.kind = Repair::Kind::address,
                         .fault = altered ? Fault::altered : Fault::missing,
                         .what = "address " + ip.ip_text()});
    }
    return {};
  }

  std::expected<void, NetlinkCode> erase_altered(const runtime::SocketAddress& ip,
                                                 const std::vector<HeldAddress>& held) {
    for (const auto& one : held) {
      if (one.ip != ip || is_sound(one)) continue;
      if (const auto done = socket_.erase(index_, one); !done && done.error() != NLE_NOADDR) return done;
    }
    return {};
  }

  [[nodiscard]] std::string failure_text(const runtime::SocketAddress& ip, NetlinkCode code) const {
    std::string text = "address " + ip.ip_text() + " on interface " + name_ + ": ";
    // EACCES: the sysctl; EOPNOTSUPP and EAFNOSUPPORT: booted with ipv6.disable=1, or built without.
    if (ip.is_v6() && code == NLE_NOACCESS) {
      return text + "IPv6 is switched off there (sysctl net.ipv6.conf." + name_ +
             ".disable_ipv6 or net.ipv6.conf.all.disable_ipv6 is 1)";
    }
    if (ip.is_v6() && (code == NLE_OPNOTSUPP || code == NLE_AF_NOSUPPORT)) {
      return text + "this kernel runs without IPv6";
    }
    return text + describe(code);
  }

  RouteSocket socket_;
  const std::string& name_;
  int index_ = 0;
  bool is_new_ = false;
};

/// Not an error of the kernel's: it would cut or refuse with a bare EINVAL.
std::optional<std::string> bad_name(const std::string& name) {
  if (!name.empty() && name.size() < IFNAMSIZ) return std::nullopt;
  return "interface name \"" + name + "\": between 1 and " + std::to_string(IFNAMSIZ - 1) +
         " characters are possible";
}

}  // namespace

LocalLink::LocalLink(std::string name, std::vector<runtime::SocketAddress> addresses)
    : name_(std::move(name)) {
  for (const auto& address : addresses) {
    auto ip = bare(address);
    if (std::ranges::find(addresses_, ip) == addresses_.end()) addresses_.push_back(ip);
  }
}

std::expected<std::optional<LinkState>, std::string> LocalLink::look() const {
  if (auto bad = bad_name(name_)) return std::unexpected(std::move(*bad));
  auto socket = RouteSocket::open();
  if (!socket) return std::unexpected("rtnetlink: " + describe(socket.error()));
  auto found = socket->find(name_);
  if (!found && is_absent(found.error())) return std::nullopt;
  if (!found) return std::unexpected(stop("look up interface " + name_, found.error()).what);
  const auto held = socket->addresses(found->index);
  if (!held && is_absent(held.error())) return std::nullopt;
  if (!held) return std::unexpected(stop("addresses of interface " + name_, held.error()).what);

  LinkState state{.up = (found->flags & IFF_UP) != 0, .kind = std::move(found->kind), .addresses = {}};
  for (const auto& one : *held) {
    const bool kernels_own = one.ip.is_v6() && one.scope == RT_SCOPE_LINK;
    const auto known = [&](const auto& list) { return std::ranges::find(list, one.ip) != list.end(); };
    if ((!kernels_own || known(addresses_)) && !known(state.addresses)) state.addresses.push_back(one.ip);
  }
  return state;
}

std::expected<std::vector<Repair>, Failure> LocalLink::ensure() {
  if (auto bad = bad_name(name_)) return std::unexpected(Failure{std::move(*bad)});
  Stop last;
  // Again only when somebody deleted the link meanwhile; twice in a row is no accident.
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto socket = RouteSocket::open();
    if (!socket) return std::unexpected(Failure{"rtnetlink: " + describe(socket.error())});
    Mending mending(std::move(*socket), name_);
    auto kind = mending.link();
    if (kind) stand_in_ = *kind == kDummy ? std::nullopt : std::optional(*kind);
    auto done = kind ? mending.addresses(addresses_) : std::unexpected(std::move(kind).error());
    if (done) return std::move(mending.repairs);
    last = std::move(done).error();
    if (!last.gone) break;
  }
  return std::unexpected(Failure{std::move(last.what)});
}

std::expected<bool, std::string> LocalLink::remove() {
  if (auto bad = bad_name(name_)) return std::unexpected(std::move(*bad));
  auto socket = RouteSocket::open();
  if (!socket) return std::unexpected("rtnetlink: " + describe(socket.error()));
  const auto found = socket->find(name_);
  if (!found && is_absent(found.error())) return false;
  if (!found) return std::unexpected(stop("look up interface " + name_, found.error()).what);
  if (!is_ours(*found)) return false;
  const auto done = socket->erase(found->index);
  if (!done && is_absent(done.error())) return false;
  if (!done) return std::unexpected(stop("remove interface " + name_, done.error()).what);
  return true;
}

}  // namespace nld::net
