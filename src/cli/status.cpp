// `status`: what is true on this node now.
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "agent/presence.hpp"
#include "cli/agent_flags.hpp"
#include "cli/command.hpp"
#include "cli/node_view.hpp"
#include "net/link/local_link.hpp"
#include "net/node_rules.hpp"

namespace nld::cli {
namespace {

using nlohmann::json;

constexpr auto kCommandLimit = std::chrono::seconds(5);
constexpr int kOnFallback = 1;
constexpr int kBroken = 2;

struct StatusFlags {
  AgentFlags agent;
  bool as_json = false;
};

/// The agent's own report, or what the flags say there should be, with "agent": null.
json report_of_agent(const agent::AgentOptions& options) {
  const auto names = agent::agents_of(options.interface);
  std::string problem = "no agent of interface " + options.interface + " is running";
  if (!names.empty()) {
    if (const auto text = agent::ask_agent(names.back())) {
      json report = json::parse(*text, nullptr, false);
      if (!report.is_discarded()) {
        report["agents"] = names.size();
        return report;
      }
      problem = "the agent's report cannot be read: another version?";
    } else {
      problem = text.error();
    }
  }
  json addresses = json::array();
  for (const auto& address : options.rules.addresses) addresses.push_back(address.ip_text());
  net::LocalLink link(options.interface, options.rules.addresses);
  const auto seen = link.look();
  return {{"agents", names.size()},
          {"problem", problem},
          {"addresses", std::move(addresses)},
          {"port", options.rules.port},
          {"interface", {{"name", options.interface}, {"present", seen && seen->has_value()}}}};
}

bool steered(const Asked& asked, const runtime::SocketAddress& address) {
  net::SystemCommands commands(kCommandLimit);
  net::SteeringTable table(commands, address.is_v6() ? net::Family::ipv6 : net::Family::ipv4);
  return table
      .was_steered(
          {.local = address.ip_text(), .client = asked.client, .protocol = "udp", .port = asked.client_port})
      .value_or(false);
}

/// What the kernel says of steering: packets sent to the cluster DNS so far, and whether an address is set
/// aside. Nothing where there is no such table.
json steering_state(const json& report) {
  net::SystemCommands commands(kCommandLimit);
  std::uint64_t packets = 0;
  bool aside = false;
  for (const net::Family family : {net::Family::ipv4, net::Family::ipv6}) {
    const bool served = std::ranges::any_of(report["addresses"], [family](const json& address) {
      return address.get<std::string>().contains(':') == (family == net::Family::ipv6);
    });
    if (!served) continue;
    net::SteeringTable table(commands, family);
    packets += table.steered_packets().value_or(0);
    aside = table.is_aside().value_or(false) || aside;
  }
  return {{"packets", packets}, {"aside", aside}};
}

/// Asks every local address; the worst of them is the node's.
void ask_addresses(json& report) {
  const bool server_answers = report.contains("server") && report["server"]["state"] == "serving";
  std::string worst = "local";
  json list = json::array();
  for (const json& text : report["addresses"]) {
    const auto address =
        runtime::SocketAddress::from_ip(text.get<std::string>(), report["port"].get<std::uint16_t>());
    if (!address) continue;
    const Asked asked = ask_as_client(*address);
    std::string who = "nobody";
    if (asked.answered) {
      who = steered(asked, *address) ? "fallback" : "local";
    } else if (!server_answers && report.value("method", json()) == "chain" &&
               report["rules"]["present"] == true) {
      // The chain serves what comes from pods; the host's own programs have no fallback there.
      who = "fallback";
    }
    if (who == "nobody" || (who == "fallback" && worst == "local")) worst = who;
    list.push_back({{"address", text},
                    {"answers", who},
                    {"milliseconds", asked.answered ? json(asked.milliseconds) : json()}});
  }
  report["answers"] = list.empty() ? "nobody" : worst;
  report["asked"] = std::move(list);
}

void add_server_metrics(json& report) {
  report["upstreams"] = json::array();
  report["cache"] = nullptr;
  if (!report.contains("corefile") || report["server"]["own"] != true) return;
  const json& from = report["corefile"];
  server::CorefileOptions options{.conf = from["conf"].get<std::string>(),
                                  .base = from["basecorefile"].get<std::string>(),
                                  .kube_dns_cm = from["kubednscm"].get<std::string>(),
                                  .upstream_service = from["upstreamsvc"],
                                  .cluster_dns = from["cluster_dns"],
                                  .local_ips = report["addresses"],
                                  .dns_domain = from["cluster_domain"],
                                  .prometheus_endpoint = from["prometheus"],
                                  .port = from["port"]};
  const auto seen = read_server_metrics(options);
  if (!seen) {
    report["metrics_error"] = seen.error();
    return;
  }
  report.update(*seen);
}

std::string text_of(const json& object, const char* field) {
  return object[field].get<std::string>();
}

bool part_is_good(const json& report, const char* part) {
  const json& of = report[part];
  return of["managed"] == false || (of["present"] == true && text_of(of, "error").empty());
}

int verdict(const json& report) {
  if (report["answers"] == "nobody") return kBroken;
  if (report.contains("problem")) return report["answers"] == "fallback" ? kOnFallback : kBroken;
  if (!part_is_good(report, "rules") || !part_is_good(report, "interface")) return kBroken;
  return report["answers"] == "local" && report["server"]["state"] == "serving" ? kSuccess : kOnFallback;
}

// --- for people -------------------------------------------------------------------------------------------

void line(std::string_view label, const std::string& text) {
  fmt::print("{:<12} {}\n", label, text);
}

std::string joined(const json& list) {
  std::string text;
  for (const json& one : list) text += (text.empty() ? "" : ", ") + one.get<std::string>();
  return text.empty() ? "none" : text;
}

void print_network(const json& report) {
  std::string mode = report["mode"];
  if (report["method"].is_string()) {
    mode += fmt::format(", by {} ({})", report["method"].get<std::string>(),
                        report["method_reason"].get<std::string>());
  }
  line("mode", mode);
  if (report.contains("steered")) {
    line("steered", fmt::format("{} packets to the cluster DNS so far{}",
                                report["steered"]["packets"].get<std::uint64_t>(),
                                report["steered"]["aside"] == true ? ", all of them now" : ""));
  }
  line("kube-proxy", fmt::format("{} ({})", report["kube_proxy_mode"].get<std::string>(),
                                 report["kube_proxy_source"].get<std::string>()));
  line("cluster DNS", joined(report["cluster_dns"]));
  const json& link = report["interface"];
  line("interface",
       link["present"] == true
           ? fmt::format("{} ({}, {}): {}", link["name"].get<std::string>(), link["kind"].get<std::string>(),
                         link["up"] == true ? "up" : "down", joined(link["addresses"]))
           : link["name"].get<std::string>() + ": absent");
  const json& rules = report["rules"];
  std::string text = rules["managed"] == false  ? "none"
                     : rules["present"] == true ? "present, checked " + rules["checked_at"].get<std::string>()
                                                : "NOT in order";
  if (rules["repaired_at"].is_string()) text += ", last repaired " + rules["repaired_at"].get<std::string>();
  line("rules", text);
  for (const json& warning : rules["warnings"]) line("", "warning: " + warning.get<std::string>());
  // An agent of another version may not say.
  if (report.contains("missing")) {
    for (const json& missing : report["missing"]) line("missing", missing.get<std::string>());
  }
}

void print_server(const json& report) {
  const json& server = report["server"];
  std::string text = server["state"];
  if (server.contains("pid")) {
    text += fmt::format(", pid {}, up {} s{}", server["pid"].get<int>(),
                        server["uptime_seconds"].get<std::int64_t>(),
                        server["adopted"] == true ? ", adopted" : "");
  }
  text += fmt::format(", {} restarts", server["restarts"].get<std::uint64_t>());
  if (server["last_probe_ms"].is_number())
    text += fmt::format(", last probe {:.2f} ms", server["last_probe_ms"].get<double>());
  if (server["next_start_in_ms"].is_number())
    text += fmt::format(", next start in {} ms", server["next_start_in_ms"].get<int>());
  line("server", text);
  if (!text_of(server, "last_end").empty()) line("", "last end: " + server["last_end"].get<std::string>());
}

void print_server_metrics(const json& report) {
  for (const json& upstream : report["upstreams"]) {
    line("upstream",
         fmt::format("{} {}, {:.0f} queries, {:.0f} failed checks", upstream["to"].get<std::string>(),
                     upstream["down"] == true ? "DOWN" : "up", upstream["requests"].get<double>(),
                     upstream["healthcheck_failures"].get<double>()));
  }
  const json& cache = report["cache"];
  if (cache.is_object()) {
    line("cache", fmt::format("{:.0f} entries, {:.1f} of {:.0f} MiB{}", cache["entries"].get<double>(),
                              cache["bytes"].get<double>() / (1 << 20),
                              cache["budget_bytes"].get<double>() / (1 << 20),
                              cache["hit_ratio"].is_number()
                                  ? fmt::format(", {:.0f} % hits", cache["hit_ratio"].get<double>() * 100)
                                  : std::string()));
  }
  if (report.contains("metrics_error")) line("", report["metrics_error"].get<std::string>());
}

void print_history(const json& report) {
  constexpr std::size_t kShown = 5;
  const auto last = [](const json& list, auto show) {
    for (std::size_t at = list.size() > kShown ? list.size() - kShown : 0; at < list.size(); ++at)
      show(list[at]);
  };
  last(report["failovers"], [](const json& one) {
    line("failover",
         fmt::format("{} {}, {}", one["began_at"].get<std::string>(), one["cause"].get<std::string>(),
                     one["lasted_ms"].is_number() ? fmt::format("{} ms", one["lasted_ms"].get<std::int64_t>())
                                                  : std::string("still going on")));
  });
  last(report["repairs"], [](const json& one) {
    line("repair",
         fmt::format("{} {} was {}", text_of(one, "at"), text_of(one, "text"), text_of(one, "fault")));
  });
}

void print(const json& report, int code) {
  line("verdict", code == kSuccess      ? "healthy"
                  : code == kOnFallback ? "on the fallback: the cluster DNS answers"
                                        : "BROKEN");
  for (const json& asked : report["asked"]) {
    line("answers",
         fmt::format("{}: {}{}", asked["address"].get<std::string>(), asked["answers"].get<std::string>(),
                     asked["milliseconds"].is_number()
                         ? fmt::format(" ({:.2f} ms)", asked["milliseconds"].get<double>())
                         : std::string()));
  }
  if (report.contains("problem")) {
    line("agent", report["problem"].get<std::string>());
    line("interface", report["interface"]["present"] == true ? "present" : "absent");
    return;
  }
  line("agent",
       fmt::format("pid {}, version {}{}", report["pid"].get<int>(), report["version"].get<std::string>(),
                   report["agents"].get<std::size_t>() > 1 ? ", another one beside it" : ""));
  print_network(report);
  print_server(report);
  print_server_metrics(report);
  print_history(report);
}

int status(const StatusFlags& flags) {
  const auto options = to_options(flags.agent);
  if (!options) {
    std::cerr << options.error() << '\n';
    return kUsage;
  }
  json report = report_of_agent(*options);
  ask_addresses(report);
  if (report.value("method", json()) == "steer") report["steered"] = steering_state(report);
  add_server_metrics(report);
  const int code = verdict(report);
  report["healthy"] = code == kSuccess;
  if (flags.as_json) {
    std::cout << report.dump(2) << '\n';
  } else {
    print(report, code);
  }
  return code;
}

}  // namespace

void add_status(CLI::App& program, int& exit_code) {
  auto flags = std::make_shared<StatusFlags>();
  CLI::App* command = program.add_subcommand("status", "Say what is true on this node now.");
  add_corefile_flags(*command, flags->agent.corefile);
  add_network_flags(*command, flags->agent);
  command->add_flag("--json", flags->as_json, "As one JSON object.");
  command->footer(
      "Exit code: 0 healthy, 1 on the fallback, 2 broken. The flags matter only while no agent runs.");
  command->callback([flags, &exit_code] { exit_code = status(*flags); });
}

}  // namespace nld::cli
