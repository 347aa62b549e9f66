// forward FROM TO... { … }: reading it.
#include "plugins/forward/config.hpp"

#include <algorithm>
#include <limits>
#include <memory>

#include "plugins/arguments.hpp"
#include "plugins/forward/upstream_addresses.hpp"
#include "plugins/setups.hpp"

namespace nld::plugins {
namespace {

using runtime::SocketAddress;
using std::chrono::milliseconds;

constexpr std::uint32_t kAny = std::numeric_limits<std::uint32_t>::max();

/// What the block says, before it is put together.
struct Draft : ForwardConfig {
  std::vector<UpstreamAddress> addresses;
  tls::ClientSettings tls;
  std::optional<corefile::Location> tls_line;
  std::string server_name;  ///< for all; empty: none

  [[nodiscard]] bool any_over_tls() const noexcept {
    return std::ranges::any_of(addresses, &UpstreamAddress::over_tls);
  }
};

void read_except(Arguments& arguments, Draft& forward) {
  if (!arguments.more()) arguments.fail("IGNORED_NAMES are missing, expected one name or more");
  const auto zones = arguments.zones("IGNORED_NAMES");
  forward.except.insert(forward.except.end(), zones.begin(), zones.end());
}

void read_health_check(Arguments& arguments, Draft& forward) {
  static constexpr std::string_view kWords[] = {"no_rec", "domain"};
  ForwardConfig::HealthCheck check;
  const std::string_view text = arguments.peek();
  check.interval = arguments.duration("DURATION", milliseconds(0));
  // CoreDNS takes 0 and then checks without a pause.
  if (check.interval == milliseconds(0)) {
    arguments.fail_value("DURATION", text, "more than 0; max_fails 0 switches health checks off");
  }
  while (arguments.more()) {
    if (arguments.choice("option", kWords) == 0) {
      check.recursion_desired = false;
    } else {
      check.domain = arguments.name("FQDN");
    }
  }
  forward.health_check = check;
}

void read_policy(Arguments& arguments, Draft& forward) {
  static constexpr std::string_view kPolicies[] = {"random", "round_robin", "sequential"};
  forward.policy = static_cast<ForwardPolicy>(arguments.choice("POLICY", kPolicies));
}

std::vector<dns::Rcode> read_rcodes(Arguments& arguments, bool noerror_allowed) {
  std::vector<dns::Rcode> out;
  do {
    const std::string_view text = arguments.word("RCODE");
    if (arguments.failed()) return {};
    const auto rcode = dns::parse_rcode(text);
    if (!rcode) {
      arguments.fail_value("RCODE", text, "a response code such as NXDOMAIN, SERVFAIL or REFUSED");
      return {};
    }
    if (*rcode == dns::Rcode::NOERROR && !noerror_allowed) {
      arguments.fail("NOERROR cannot be used, expected the code of a failure");
      return {};
    }
    out.push_back(*rcode);
  } while (arguments.more());
  return out;
}

void read_source_address(Arguments& arguments, Draft& forward) {
  do {
    const std::string_view text = arguments.word("IP");
    if (arguments.failed()) return;
    const auto address = SocketAddress::from_ip(text, 0);
    if (!address || address->is_wildcard()) {
      arguments.fail_value("IP", text, "an address of this host");
      return;
    }
    auto& place = address->is_v6() ? forward.source_v6 : forward.source_v4;
    if (place) {
      arguments.fail("expected at most one IPv4 and one IPv6 address");
      return;
    }
    place = *address;
  } while (arguments.more());
}

void warn_without_tls(Arguments& arguments, const Draft& forward) {
  if (!forward.any_over_tls()) arguments.warn("has no effect without tls:// upstreams");
}

/// tls [[CERT KEY] CA]
void read_tls(Arguments& arguments, Draft& forward) {
  const std::size_t files = arguments.left();
  if (files > 3) arguments.fail("has too many files, expected at most CERT KEY CA");
  tls::ClientSettings read;
  if (files >= 2) {
    read.certificate = arguments.file("CERT");
    read.key = arguments.file("KEY");
  }
  if (files % 2 == 1) read.authorities = arguments.file("CA");
  forward.tls = std::move(read);
  forward.tls_line = arguments.where();
  warn_without_tls(arguments, forward);
}

void read_tls_servername(Arguments& arguments, Draft& forward) {
  const std::string_view text = arguments.word("NAME");
  if (arguments.failed()) return;
  forward.server_name = read_server_name(arguments, "NAME", text);
  warn_without_tls(arguments, forward);
}

constexpr Option<Draft> kForwardOptions[] = {
    {"except", read_except},
    {"force_tcp", [](Arguments&, Draft& forward) { forward.force_tcp = true; }},
    {"prefer_udp", [](Arguments&, Draft& forward) { forward.prefer_udp = true; }},
    {"expire", [](Arguments& arguments,
                  Draft& forward) { forward.expire = arguments.duration("DURATION", milliseconds(0)); }},
    {"max_age",
     [](Arguments& arguments, Draft& forward) {
       forward.max_age = arguments.duration("DURATION", milliseconds(0));
       arguments.warn("has no effect yet: connections end by `expire`");
     }},
    {"max_idle_conns",
     [](Arguments& arguments, Draft& forward) {
       forward.max_idle_connections = arguments.number("INTEGER", 0, kAny);
     }},
    {"max_fails",
     [](Arguments& arguments, Draft& forward) { forward.max_fails = arguments.number("INTEGER", 0, kAny); }},
    {"max_connect_attempts",
     [](Arguments& arguments, Draft& forward) {
       forward.max_connect_attempts = arguments.number("INTEGER", 0, kAny);
     }},
    {"read_timeout",
     [](Arguments& arguments, Draft& forward) {
       forward.read_timeout = arguments.duration("DURATION", milliseconds(1));
     }},
    {"tls", read_tls},
    {"tls_servername", read_tls_servername},
    {"doh_method",
     [](Arguments& arguments, Draft&) {
       static constexpr std::string_view kMethods[] = {"GET", "POST"};
       arguments.choice("METHOD", kMethods);
       arguments.warn("has no effect without https:// upstreams, which come later");
     }},
    {"policy", read_policy},
    {"health_check", read_health_check},
    {"max_concurrent",
     [](Arguments& arguments, Draft& forward) { forward.max_concurrent = arguments.number("MAX", 0, kAny); }},
    {"next", [](Arguments& arguments, Draft& forward) { forward.next = read_rcodes(arguments, true); }},
    {"next_on_nodata", [](Arguments&, Draft& forward) { forward.next_on_nodata = true; }},
    {"failover",
     [](Arguments& arguments, Draft& forward) { forward.failover = read_rcodes(arguments, false); }},
    {"failfast_all_unhealthy_upstreams",
     [](Arguments&, Draft& forward) { forward.failfast_all_unhealthy = true; }},
    {"source_address", read_source_address},
    {"resolver",
     [](Arguments& arguments, Draft&) {
       arguments.fail("host names as TO are not supported, expected addresses as TO and no resolver line");
     }},
};

std::unexpected<corefile::Diagnostic> wrong(const Draft& forward, const std::string& message) {
  return std::unexpected(
      corefile::Diagnostic{forward.tls_line.value_or(forward.where), "forward: tls: " + message});
}

/// The addresses become targets, those over TLS with what their connections share.
Result put_together(Draft& forward) {
  std::shared_ptr<const tls::ClientContext> context;
  if (forward.any_over_tls()) {
    auto made = tls::ClientContext::make(forward.tls);
    if (!made) return wrong(forward, made.error());
    context = *std::move(made);
  }
  for (const UpstreamAddress& upstream : forward.addresses) {
    ForwardTarget& target = forward.upstreams.emplace_back(ForwardTarget{upstream.address});
    if (!upstream.over_tls) continue;
    if (!forward.server_name.empty() && !upstream.server_name.empty()) {
      return std::unexpected(corefile::Diagnostic{
          forward.where, "forward: TO " + upstream.address.to_string() + " has the server name '" +
                             upstream.server_name + "', expected no tls_servername beside it"});
    }
    std::string name = upstream.server_name.empty() ? forward.server_name : upstream.server_name;
    if (name.empty()) name = upstream.address.ip_text();
    target.tls = tls::Peer{context, std::move(name)};
  }
  return {};
}

}  // namespace

Result setup_forward(const corefile::Directive& line, BlockConfig& block, SetupContext& context) {
  Arguments arguments(line, "forward", context);
  Draft forward;
  forward.where = line.where();
  const std::string from(arguments.peek());
  if (!arguments.more()) arguments.fail("FROM is missing, expected FROM TO...");
  if (arguments.more()) {
    const auto zones = arguments.zone("FROM");
    if (!zones.empty()) forward.from = zones.front();
    if (zones.size() > 1) {
      arguments.warn("FROM '" + from + "' makes " + std::to_string(zones.size()) + " zones, only " +
                     forward.from.to_text() + " is used, as in CoreDNS");
    }
  }
  forward.addresses = read_upstreams(arguments);
  if (Result done = arguments.finish(); !done) return done;
  if (Result done = read_options(line, kForwardOptions, forward, context); !done) return done;
  if (Result done = put_together(forward); !done) return done;
  block.forwards.push_back(std::move(static_cast<ForwardConfig&>(forward)));
  return {};
}

}  // namespace nld::plugins
