// Finding overlaps by scheme, zone, port and bind address.
#include "plugins/overlap.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <string>

namespace nld::plugins {
namespace {

/// Who serves a zone on a port.
struct Served {
  const BlockConfig* unbound = nullptr;  ///< on every address
  const BlockConfig* bound = nullptr;    ///< the first on an address of its own
};

std::string zone_and_port(const ZoneKey& key) {
  return std::string(to_string(key.scheme)) + "://" + key.label + ":" + std::to_string(key.port);
}

std::unexpected<corefile::Diagnostic> overlap(const BlockConfig& later, const std::string& what,
                                              const BlockConfig& earlier, const char* kind) {
  return std::unexpected(
      corefile::Diagnostic{later.where, "cannot serve " + what + " - " + kind + " at " + earlier.where.file +
                                            ":" + std::to_string(earlier.where.line) +
                                            ", expected each zone once for a port and an address"});
}

/// What a listening socket is for, and the block that said so first.
struct Use {
  const BlockConfig* block = nullptr;
  Scheme scheme = Scheme::dns;
};

Result check_use(boost::unordered_flat_map<std::string, Use>& by_socket, const std::string& address,
                 const ZoneKey& key, const BlockConfig& block) {
  const std::string socket = address + ":" + std::to_string(key.port);
  const auto [entry, fresh] = by_socket.try_emplace(socket, Use{&block, key.scheme});
  if (fresh) return {};
  const Use& first = entry->second;
  const std::string where = first.block->where.file + ":" + std::to_string(first.block->where.line);
  const auto wrong = [&](const std::string& message) {
    return std::unexpected(
        corefile::Diagnostic{block.where, "cannot serve " + zone_and_port(key) + " - " + message});
  };
  if (first.scheme != key.scheme) {
    return wrong(std::string(to_string(first.scheme)) + ":// is served on that port at " + where +
                 ", expected another port");
  }
  if (key.scheme == Scheme::tls && first.block->tls->digest() != block.tls->digest()) {
    return wrong("the port has another certificate at " + where +
                 ", expected the same 'tls' line in all tls:// blocks of a port");
  }
  return {};
}

}  // namespace

Result check_overlap(std::span<const BlockConfig> blocks) {
  boost::unordered_flat_map<std::string, Use> by_socket;
  boost::unordered_flat_map<std::string, Served> by_zone;
  boost::unordered_flat_map<std::string, const BlockConfig*> by_address;
  for (const BlockConfig& block : blocks) {
    for (const ZoneKey& key : block.zones) {
      const std::string zone = zone_and_port(key);
      Served& served = by_zone[zone];
      if (block.bind.empty()) {
        if (served.unbound != nullptr) return overlap(block, zone, *served.unbound, "it is already defined");
        if (served.bound != nullptr) {
          return overlap(block, zone + " on every address", *served.bound,
                         "it is already defined on some addresses");
        }
        served.unbound = &block;
        if (Result done = check_use(by_socket, "", key, block); !done) return done;
        continue;
      }
      if (served.unbound != nullptr) {
        return overlap(block, zone, *served.unbound, "it is already defined on every address");
      }
      served.bound = &block;
      for (const runtime::SocketAddress& address : block.bind) {
        const std::string place = zone + " on " + address.ip_text();
        const auto [entry, fresh] = by_address.try_emplace(place, &block);
        if (!fresh) return overlap(block, place, *entry->second, "it is already defined");
        if (Result done = check_use(by_socket, address.ip_text(), key, block); !done) return done;
      }
    }
  }
  return {};
}

}  // namespace nld::plugins
