// A server block after validation: what each directive asked for, as data.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "corefile/diagnostic.hpp"
#include "dns/name.hpp"
#include "plugins/acl/config.hpp"
#include "plugins/cache/config.hpp"
#include "plugins/chaos/config.hpp"
#include "plugins/dns64/config.hpp"
#include "plugins/forward/config.hpp"
#include "plugins/header/config.hpp"
#include "plugins/hosts/config.hpp"
#include "plugins/loadbalance/config.hpp"
#include "plugins/local/config.hpp"
#include "plugins/metadata/config.hpp"
#include "plugins/rewrite/config.hpp"
#include "plugins/timeouts/config.hpp"
#include "runtime/socket_address.hpp"
#include "tls/context.hpp"

namespace re2 {
class RE2;
}

namespace nld::plugins {

struct TemplateRule;  // plugins/template/rule.hpp

/// The `errors` directive.
struct ErrorsConfig {
  enum class Level : std::uint8_t { error, warning, info, debug };
  struct Consolidate {
    std::chrono::milliseconds period{};
    std::string expression;
    std::shared_ptr<const re2::RE2> regex;
    Level level = Level::error;
    bool show_first = false;
  };
  std::vector<Consolidate> consolidate;  ///< the first that matches counts
};

/// One `log` line; the first whose names match the question counts.
struct LogRule {
  std::vector<dns::Name> names;                           ///< lower-case, at least one
  std::string format;                                     ///< {common} and {combined} expanded
  bool success = true, denial = true, error = true;       ///< classes
  std::optional<std::chrono::milliseconds> min_duration;  ///< slower replies are logged whatever their class
};

struct ReloadConfig {
  std::chrono::milliseconds interval = std::chrono::seconds(30);
  std::chrono::milliseconds jitter = std::chrono::seconds(15);  ///< at most half of `interval`
  friend bool operator==(const ReloadConfig&, const ReloadConfig&) = default;
};

struct HealthConfig {
  runtime::SocketAddress address;
  std::chrono::milliseconds lameduck{0};
};

/// How a zone is served: UDP and TCP, or TLS alone.
enum class Scheme : std::uint8_t { dns, tls };
constexpr const char* to_string(Scheme scheme) noexcept {
  return scheme == Scheme::tls ? "tls" : "dns";
}

struct ZoneKey {
  dns::Name zone;     ///< lower-case
  std::string label;  ///< "cluster.local.", the metrics' zone label
  std::uint16_t port = 53;
  Scheme scheme = Scheme::dns;
};

struct BlockConfig {
  corefile::Location where;
  std::vector<ZoneKey> zones;  ///< CIDR keys expanded to reverse zones
  /// Empty: the wildcard. Interface names are looked up when the file is loaded. Each address once; their
  /// ports are 0, as ports come from the zones.
  std::vector<runtime::SocketAddress> bind;
  /// Plugins in effect, each once, in chain order: coredns_plugin_enabled. Not those that are no handlers
  /// (bind, health, ready, reload) and not those that are accepted without effect.
  std::vector<std::string> directives;

  std::optional<MetadataConfig> metadata;
  std::optional<std::chrono::milliseconds> cancel;
  TimeoutsConfig timeouts;
  bool debug = false;
  std::optional<std::string> nsid;
  std::optional<std::uint16_t> bufsize;
  std::shared_ptr<const tls::ServerContext> tls;  ///< there when a zone's scheme is tls
  std::optional<ErrorsConfig> errors;
  std::vector<LogRule> log;
  std::optional<LocalConfig> local;
  bool any = false;
  std::optional<ChaosConfig> chaos;
  std::optional<LoadbalanceConfig> loadbalance;
  std::vector<AclRule> acl;  ///< in the order written
  std::optional<HeaderConfig> header;
  bool minimal = false;
  std::vector<rewriting::Rule> rewrite;  ///< in the order written
  std::optional<CacheConfig> cache;
  std::optional<Dns64Config> dns64;
  std::vector<std::shared_ptr<const TemplateRule>> templates;  ///< in the order written
  std::optional<HostsConfig> hosts;
  std::vector<ForwardConfig> forwards;  ///< in the order written
  bool loop = false;
  bool whoami = false;
  std::optional<ReloadConfig> reload;
  std::optional<runtime::SocketAddress> prometheus;
  std::optional<HealthConfig> health;
  std::optional<runtime::SocketAddress> ready;
  bool ready_continuously = false;  ///< ready's `monitor continuously`; default: until ready once
};

struct ServerConfig {
  std::vector<BlockConfig> blocks;
  corefile::Warnings warnings;
  std::vector<std::filesystem::path>
      files;           ///< read for a directive (resolv.conf, hosts): reload watches them
  std::string digest;  ///< hex SHA-512 of all that was read: coredns_reload_version_info
};

}  // namespace nld::plugins
