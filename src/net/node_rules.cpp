// Settling the open choices, then one pass over the address families.
#include "net/node_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "net/kube_proxy/ipvs.hpp"
#include "net/rules/untracked_rules.hpp"
#include "net/udp_sockets.hpp"

namespace nld::net {
namespace {

constexpr std::array kFamilies{Family::ipv4, Family::ipv6};

Family family_of(const runtime::SocketAddress& address) noexcept {
  return address.is_v6() ? Family::ipv6 : Family::ipv4;
}

void append(std::vector<Repair>& all, std::vector<Repair> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

/// Leaves our chain without a way out to kube-proxy's chains.
void drop_foreign_jumps(RuleSet& set) {
  for (OwnChain& chain : set.chains) {
    std::erase_if(chain.rules, [](const std::string& rule) { return rule.find(" -j KUBE-") != rule.npos; });
  }
}

void mark_foreign(std::vector<Repair>& repairs) {
  for (Repair& repair : repairs) {
    if (repair.fault == Fault::stale && is_node_cache_rule(repair.what)) repair.fault = Fault::foreign;
  }
}

RuleSet nothing_for(Family family) {
  RuleSet set;
  set.family = family;
  return set;
}

}  // namespace

NodeRules::NodeRules(RulesOptions options, CommandRunner& commands)
    : options_(std::move(options)), commands_(commands), steering_(commands) {
  for (const Family family : kFamilies) {
    PerFamily one{.family = family};
    for (const auto& address : options_.addresses) {
      if (family_of(address) == family) one.addresses.push_back(address.ip_text());
    }
    for (const auto& address : options_.cluster_dns) {
      if (family_of(address) == family) one.cluster_dns = address.ip_text();
    }
    families_.push_back(std::move(one));
  }
}

RuleRequest NodeRules::request_for(const PerFamily& one) const {
  return {.mode = options_.mode,
          .method = decision_.method,
          .family = one.family,
          .addresses = one.addresses,
          .port = options_.port,
          .cluster_dns = one.cluster_dns,
          .kube_proxy = decision_.kube_proxy.mode,
          .service = options_.service,
          .health_port = options_.health_port,
          .set_aside = aside_};
}

std::expected<RuleSet, std::string> NodeRules::wanted_for(const PerFamily& one) const {
  if (one.addresses.empty()) return nothing_for(one.family);
  auto set = build_rule_set(request_for(one));
  if (set && without_foreign_chains_) drop_foreign_jumps(*set);
  return set;
}

std::vector<RuleSet> NodeRules::wanted() const {
  std::vector<RuleSet> all;
  for (const PerFamily& one : families_) {
    if (auto set = wanted_for(one); set && !one.addresses.empty()) all.push_back(std::move(*set));
  }
  return all;
}

bool NodeRules::needs_iptables() const noexcept {
  if (options_.mode == Mode::none) return false;
  return options_.mode != Mode::fallback || decision_.method == Method::chain;
}

bool NodeRules::concerns(std::string_view table, std::string_view chain) const noexcept {
  if (!needs_iptables()) return table == kNftTable;
  // kube-proxy's own chains change all the time; a table that goes has no chain in its message.
  constexpr std::array<std::string_view, 5> kChains{"", "PREROUTING", "OUTPUT", "INPUT", kChainName};
  constexpr std::array<std::string_view, 3> kTables{"nat", "raw", "filter"};
  return std::ranges::find(kTables, table) != kTables.end() &&
         std::ranges::find(kChains, chain) != kChains.end();
}

bool NodeRules::refers_to_kube_proxy() const noexcept {
  return options_.mode == Mode::fallback && decision_.method == Method::chain &&
         decision_.kube_proxy.mode == KubeProxyMode::iptables;
}

const RulesDecision& NodeRules::decide(Settle how) {
  ReadAhead ahead(commands_);
  if (!decided_ && how == Settle::for_good && options_.mode == Mode::fallback &&
      options_.method != Method::chain) {
    for (PerFamily& one : families_) {  // while kube-proxy is asked
      if (!one.addresses.empty()) steering_.of(one.family).begin_listing(ahead);
    }
  }
  decision_.kube_proxy = options_.kube_proxy
                             ? KubeProxyFinding{*options_.kube_proxy, "flag --kube-proxy-mode"}
                             : detect_kube_proxy(commands_);
  if (!decided_) {
    look_for_sockets();
    settle_method(how);
    if (how == Settle::on_trial || !steers()) {
      settle_backend();
      inherit_from_node_cache();
    }
    decided_ = true;
  }
  collect_warnings();
  return decision_;
}

void NodeRules::collect_warnings() {
  decision_.warnings.clear();
  for (const PerFamily& one : families_) {
    if (const auto set = wanted_for(one); !set) {
      decision_.warnings.push_back("no rules for " + std::string(to_string(one.family)) + ": " + set.error());
    }
  }
  if (leftovers_) decision_.warnings.push_back(*leftovers_);
  warn_of_unread_tables();
  if (options_.mode == Mode::fallback && decision_.kube_proxy.mode == KubeProxyMode::ipvs) {
    // Without it the answers of IPVS bypass conntrack, and what was rewritten is not written back.
    if (const auto set = ensure_ipvs_conntrack(); !set) {
      decision_.warnings.push_back(
          "net.ipv4.vs.conntrack must be 1 for the fallback with kube-proxy in ipvs mode: " + set.error());
    }
  }
}

void NodeRules::warn_of_unread_tables() {
  constexpr std::string_view kCure =
      "reading them takes the capability NET_RAW, which this process seems to lack";
  if (decision_.kube_proxy.unread) {
    decision_.warnings.push_back(fmt::format(
        "kube-proxy may be in mode iptables all the same: {}; {}, or name its mode with --kube-proxy-mode",
        *decision_.kube_proxy.unread, kCure));
  }
  if (backend_unread_ && decision_.backend) {
    decision_.warnings.push_back(fmt::format(
        "iptables-{} is a guess, iptables-legacy has tables that cannot be read: {}; {}, or name the "
        "backend with --iptables-backend",
        to_string(*decision_.backend), *backend_unread_, kCure));
  }
}

std::optional<std::string> NodeRules::why_not_steering(Settle how) {
  bool any = false;
  decision_.method = Method::steer;
  for (PerFamily& one : families_) {
    if (one.addresses.empty()) continue;
    const auto set = wanted_for(one);
    if (!set) return set.error();
    any = true;
    if (how == Settle::for_good) continue;
    if (const auto usable = steering_.of(one.family).usable(*set); !usable) return usable.error();
  }
  if (!any) return "no address";
  if (how == Settle::on_trial) return std::nullopt;
  RulesOutcome outcome = steering_.ensure(wanted_steering());
  if (outcome.failure) return std::move(outcome.failure->what);  // `clear_leftovers` removes a family's table
  made_ = std::move(outcome);
  return std::nullopt;
}

void NodeRules::settle_method(Settle how) {
  if (options_.mode != Mode::fallback) {
    decision_.method_reason = "mode " + std::string(to_string(options_.mode));
    return;
  }
  if (options_.method) {
    decision_.method = *options_.method;
    decision_.method_reason = "flag --fallback";
    return;
  }
  if (const auto obstacle = why_not_steering(how)) {
    decision_.method = Method::chain;
    decision_.method_reason = "steering is not possible here: " + *obstacle;
    return;
  }
  decision_.method_reason = "nf_tables can steer";
}

void NodeRules::settle_backend() {
  // Looked for in any case: `ensure` clears what the chain method left in it.
  if (options_.backend) {
    decision_.backend = options_.backend;
  } else {
    BackendFinding found = detect_backend(commands_, decision_.kube_proxy.backend);
    decision_.backend = found.backend;
    backend_unread_ = std::move(found.unread);
  }
  if (!decision_.backend) return;
  for (PerFamily& one : families_) one.iptables.emplace(commands_, *decision_.backend, one.family);
}

bool NodeRules::steers() const noexcept {
  return options_.mode == Mode::fallback && decision_.method == Method::steer;
}

template <typename Act>
RulesOutcome NodeRules::for_each_family(Act act) {
  RulesOutcome outcome;
  for (PerFamily& one : families_) {
    Repairs done = act(one);
    if (done) {
      append(outcome.repairs, std::move(*done));
    } else {
      append(outcome.repairs, std::exchange(done.error().mended, {}));
      if (!outcome.failure) outcome.failure = std::move(done.error());
    }
  }
  return outcome;
}

// --- ensure and check -------------------------------------------------------------------------------------

NodeRules::Repairs NodeRules::ensure_for(PerFamily& one) {
  const auto set = wanted_for(one);
  if (!set || set->empty()) return {};
  if (!one.iptables) return std::unexpected(Failure{"no iptables program is installed"});
  return one.iptables->ensure(*set);
}

std::vector<SteeringTables::Wanted> NodeRules::wanted_steering() const {
  std::vector<SteeringTables::Wanted> all;
  for (const PerFamily& one : families_) {
    auto set = wanted_for(one);
    if (set && !set->empty()) all.push_back({std::move(*set), one.addresses});
  }
  return all;
}

void NodeRules::begin_reading(ReadAhead& ahead) {
  for (PerFamily& one : families_) {
    const auto set = wanted_for(one);
    if (set && !set->empty() && one.iptables) one.iptables->begin_reading(*set, ahead);
  }
}

NodeRules::Repairs NodeRules::check_for(PerFamily& one) {
  const auto set = wanted_for(one);
  if (!set || set->empty()) return {};
  if (!needs_iptables()) return steering_.of(one.family).check(*set);
  if (!one.iptables) return std::unexpected(Failure{"no iptables program is installed"});
  return one.iptables->check(*set);
}

NodeRules::Repairs NodeRules::clear_leftovers_for(PerFamily& one) {
  std::vector<Repair> all;
  if (!needs_iptables() && one.iptables) {
    auto cleared = one.iptables->ensure(nothing_for(one.family));
    if (!cleared) return cleared;
    append(all, std::move(*cleared));
  }
  if (!steers() || one.addresses.empty()) {
    // A failure means that there is no nft here, and then no such table either.
    if (auto cleared = steering_.of(one.family).remove()) append(all, std::move(*cleared));
  }
  return all;
}

bool NodeRules::has_node_cache_rules(const PerFamily& one, const RuleSet& theirs) const {
  Iptables looks(commands_, *decision_.backend, one.family);
  looks.inherit(theirs);
  const Repairs found = looks.check(nothing_for(one.family));
  return found && std::ranges::any_of(*found, is_node_cache_rule, &Repair::what);
}

void NodeRules::look_for_sockets() {
  for (PerFamily& one : families_) {
    const auto in_use = std::ranges::find_if(one.addresses, [this](const std::string& address) {
      return udp_socket_at(*runtime::SocketAddress::from_ip(address, options_.port));
    });
    if (in_use != one.addresses.end()) one.in_use = *in_use;
  }
}

void NodeRules::inherit_from_node_cache() {
  const bool differs = options_.mode == Mode::fallback || options_.mode == Mode::transparent;
  if (!differs) return;
  for (PerFamily& one : families_) {
    if (!one.iptables || one.addresses.empty()) continue;
    const RuleSet theirs = notrack_rules(request_for(one));
    if (!one.in_use) {
      one.iptables->inherit(theirs);
    } else if (has_node_cache_rules(one, theirs)) {
      // It may be node-cache itself: alive, it would put them back, and it needs them.
      leftovers_ =
          "node-cache's rules (iptables comment \"NodeLocal DNS Cache\") stay, for another process has "
          "a socket at " +
          *one.in_use + ": end it and start this agent anew, which removes them";
    }
  }
}

RulesOutcome NodeRules::ensure() {
  if (!decided_) decide();
  RulesOutcome outcome;
  if (made_) {
    outcome = *std::exchange(made_, std::nullopt);
  } else if (!needs_iptables()) {
    outcome = steering_.ensure(wanted_steering());
  } else {
    ReadAhead ahead(commands_);
    begin_reading(ahead);
    outcome = for_each_family([this](PerFamily& one) { return ensure_for(one); });
  }
  mark_foreign(outcome.repairs);
  return outcome;
}

RulesOutcome NodeRules::clear_leftovers() {
  if (cleared_) return {};
  steering_.read_back();
  if (!decision_.backend) {
    settle_backend();
    inherit_from_node_cache();
    collect_warnings();
  }
  ReadAhead ahead(commands_);
  for (PerFamily& one : families_) {
    if (!needs_iptables() && one.iptables) one.iptables->begin_reading(nothing_for(one.family), ahead);
  }
  RulesOutcome outcome = for_each_family([this](PerFamily& one) { return clear_leftovers_for(one); });
  cleared_ = !outcome.failure;
  mark_foreign(outcome.repairs);
  return outcome;
}

RulesOutcome NodeRules::check() {
  if (!decided_) decide();
  steering_.read_back();
  ReadAhead ahead(commands_);
  if (needs_iptables()) begin_reading(ahead);
  return for_each_family([this](PerFamily& one) { return check_for(one); });
}

// --- removal ----------------------------------------------------------------------------------------------

NodeRules::Repairs NodeRules::remove_for(PerFamily& one) {
  std::vector<Repair> all;
  if (auto removed = steering_.of(one.family).remove()) append(all, std::move(*removed));
  // Rules without a chain of ours are known by their text alone: those of every mode.
  std::vector<RuleSet> known{nothing_for(one.family)};
  for (const Mode mode : {Mode::fallback, Mode::transparent, Mode::notrack}) {
    RuleRequest request = request_for(one);
    request.mode = mode;
    request.method = Method::chain;
    request.kube_proxy = KubeProxyMode::iptables;
    request.set_aside = false;
    if (one.addresses.empty()) continue;
    if (auto set = build_rule_set(request)) known.push_back(std::move(*set));
  }
  for (const Backend backend : {Backend::nft, Backend::legacy}) {
    Iptables iptables(commands_, backend, one.family);
    for (const RuleSet& set : known) {
      auto removed = iptables.remove(set);
      if (removed) {
        append(all, std::move(*removed));
      } else if (decision_.backend == backend) {
        return removed;
      }
    }
  }
  return all;
}

RulesOutcome NodeRules::remove() {
  if (!decided_) decide();
  steering_.read_back();
  return for_each_family([this](PerFamily& one) { return remove_for(one); });
}

// --- the switch -------------------------------------------------------------------------------------------

std::expected<void, Failure> NodeRules::set_aside(bool aside) {
  aside_ = aside;
  if (!steers()) {
    RulesOutcome outcome = ensure();
    if (outcome.failure) return std::unexpected(std::move(*outcome.failure));
    return {};
  }
  return steering_.set_aside(wanted_steering(), aside);
}

std::expected<void, Failure> NodeRules::server_lost(Loss loss) {
  if (!decided_) decide();
  if (options_.mode == Mode::none || (!steers() && loss == Loss::died)) return {};
  if (steers() && steering_.born_aside()) return {};
  return set_aside(true);
}

std::expected<void, Failure> NodeRules::server_answers() {
  if (!decided_) decide();
  if (options_.mode == Mode::none || (!steers() && !aside_)) return {};
  return set_aside(false);
}

}  // namespace nld::net
