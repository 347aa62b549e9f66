// The candidates: dummy and its stand-ins.
#include "net/link/kind.hpp"

#include <netlink/errno.h>

#include <algorithm>
#include <array>

namespace nld::net {
namespace {

// Tried on 6.18: both hold addresses of both families that other namespaces reach, without a peer, a port or
// a second address. (vxlan does too, but takes a UDP port on every address.)
constexpr std::string_view kIfb = "ifb";
constexpr std::string_view kBridge = "bridge";
constexpr std::array kCandidates{kDummy, kIfb, kBridge};

}  // namespace

bool is_ours(const FoundLink& link) noexcept {
  if (link.kind == kBridge) return link.alias == kAlias;
  return std::ranges::find(kCandidates, link.kind) != kCandidates.end();
}

std::expected<std::string_view, NetlinkCode> create_first_known(
    const std::function<std::expected<void, NetlinkCode>(std::string_view kind)>& create) {
  for (const std::string_view kind : kCandidates) {
    const auto made = create(kind);
    if (made) return kind;
    if (made.error() != NLE_OPNOTSUPP) return std::unexpected(made.error());
  }
  return std::unexpected(NLE_OPNOTSUPP);
}

}  // namespace nld::net
