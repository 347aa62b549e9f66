// Headers and attributes by libnl's bounds-checking readers.
#include "net/events/messages.hpp"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include <cstring>

namespace nld::net {
namespace {

// Since 6.3 a "destroy" is reported as such; Debian 12's header is older.
constexpr int kDestroyTable = 26;
constexpr int kDestroyChain = 27;
constexpr int kDestroyRule = 28;
constexpr int kDestroySet = 29;

/// The kernel's strings end with a null, but a length is what bounds them.
std::string_view text_of(const nlattr* attribute) noexcept {
  const auto* text = static_cast<const char*>(nla_data(attribute));
  return {text, ::strnlen(text, static_cast<std::size_t>(nla_len(attribute)))};
}

/// The first attribute of a type behind a fixed header of `fixed` octets; empty when there is none.
std::string_view find_text(const nlmsghdr& message, int fixed, int type) noexcept {
  int left = nlmsg_attrlen(&message, fixed);
  for (nlattr* at = nlmsg_attrdata(&message, fixed); nla_ok(at, left); at = nla_next(at, &left)) {
    if (nla_type(at) == type) return text_of(at);
  }
  return {};
}

template <class Fixed>
const Fixed* fixed_part(const nlmsghdr& message) noexcept {
  if (nlmsg_valid_hdr(&message, sizeof(Fixed)) == 0) return nullptr;
  return static_cast<const Fixed*>(nlmsg_data(&message));
}

RuleChange rule_change(const nlmsghdr& message, int table, int chain) noexcept {
  return {.table = find_text(message, sizeof(nfgenmsg), table),
          .chain = chain == 0 ? std::string_view() : find_text(message, sizeof(nfgenmsg), chain)};
}

}  // namespace

void for_each_message(std::span<const std::byte> datagram, const std::function<void(const nlmsghdr&)>& each) {
  int left = static_cast<int>(datagram.size());
  // libnl's walk takes a mutable pointer and changes nothing behind it.
  auto* at = reinterpret_cast<nlmsghdr*>(const_cast<std::byte*>(datagram.data()));
  for (; nlmsg_ok(at, left) != 0; at = nlmsg_next(at, &left)) each(*at);
}

std::optional<RouteChange> read_route_change(const nlmsghdr& message) noexcept {
  switch (message.nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK: {
      const auto* about = fixed_part<ifinfomsg>(message);
      // With a bridge's family it tells of a port: a "deleted" one has only left the bridge.
      if (about == nullptr || about->ifi_family != AF_UNSPEC) return std::nullopt;
      return RouteChange{
          .kind = message.nlmsg_type == RTM_NEWLINK ? RouteChange::Kind::link : RouteChange::Kind::link_gone,
          .index = static_cast<unsigned>(about->ifi_index),
          .name = find_text(message, sizeof(ifinfomsg), IFLA_IFNAME)};
    }
    case RTM_NEWADDR:
    case RTM_DELADDR: {
      const auto* about = fixed_part<ifaddrmsg>(message);
      if (about == nullptr) return std::nullopt;
      return RouteChange{.kind = RouteChange::Kind::address, .index = about->ifa_index, .name = {}};
    }
    default:
      return std::nullopt;
  }
}

std::optional<RuleChange> read_rule_change(const nlmsghdr& message) noexcept {
  if (NFNL_SUBSYS_ID(message.nlmsg_type) != NFNL_SUBSYS_NFTABLES) return std::nullopt;
  if (fixed_part<nfgenmsg>(message) == nullptr) return std::nullopt;
  switch (NFNL_MSG_TYPE(message.nlmsg_type)) {
    case NFT_MSG_NEWTABLE:
    case NFT_MSG_DELTABLE:
    case kDestroyTable:
      return rule_change(message, NFTA_TABLE_NAME, 0);
    case NFT_MSG_NEWCHAIN:
    case NFT_MSG_DELCHAIN:
    case kDestroyChain:
      return rule_change(message, NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME);
    case NFT_MSG_NEWRULE:
    case NFT_MSG_DELRULE:
    case kDestroyRule:
      return rule_change(message, NFTA_RULE_TABLE, NFTA_RULE_CHAIN);
    case NFT_MSG_NEWSET:
    case NFT_MSG_DELSET:
    case kDestroySet:
      return rule_change(message, NFTA_SET_TABLE, 0);
    default:
      return std::nullopt;
  }
}

}  // namespace nld::net
