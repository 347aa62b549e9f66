"""Panels of the node agent: who answers, failovers, rules and interface, versions."""

from source.expressions import BY, RANGE, a_node, by, increase, nonzero, of, quantile, rate
from source.model import (GREEN, ORANGE, RED, YELLOW, lines, mapping, query, stat, states, steps, table)


def nodes_now():
    up = by(BY, of("up"), "min")
    return stat("Nodes", "Nodes that Prometheus can read in full, of those that it knows. Fewer than known: a "
                "server, an agent or a whole node is away.",
                [query(f"count({up} == 1) or 0 * count({up})", "in order"), query(f"count({up})", "known")],
                "short", steps(GREEN), graph=False)


def fallback_now():
    return stat("On the fallback", "Nodes whose pods are served by the cluster DNS now, because the local server is "
                "away. 0 is right.",
                query(f"sum({a_node('node_local_dns_fallback_active')})"), "short", steps(GREEN, (1, RED)))


def failovers_now():
    return stat("Failovers", "Times that a local server was lost within the time shown, updates not counted. Each was "
                "a crash or a hang: the agent's log has the reason.",
                query(increase("node_local_dns_failovers_total", "", 'cause!="replaced"', window=RANGE), instant=True),
                "short", steps(GREEN, (0.5, ORANGE), (4, RED)), graph=False, decimals=0)


def who_answers(height=8):
    """Just after a start both may be 1: packets go to the server with its first answer."""
    return states("Who answers", "Who answers the pods of a node: its own server, the cluster DNS in its place, or "
                  "nobody. Long stretches of anything but local need a look at the agent's log.",
                  query(f"{a_node('node_local_dns_server_up')} + 2 * {a_node('node_local_dns_fallback_active')}",
                        "{{" + BY + "}}"),
                  mapping(_0=("nobody", RED), _1=("local", GREEN), _2=("cluster DNS", ORANGE),
                          _3=("cluster DNS, switching back", YELLOW)), height=height)


def failovers():
    return lines("Failovers and restarts", "Times that the server was lost, and that it was started again, by cause. "
                 "hang: it was killed because it no longer answered; replaced: an update.",
                 [query(increase("node_local_dns_failovers_total", "cause"), "failover: {{cause}}"),
                  query(increase("node_local_dns_server_restarts_total", "cause"), "restart: {{cause}}")],
                 "short", bars=True)


def time_on_fallback():
    return lines("Nodes on the fallback, mean", "Mean number of nodes on the fallback. It shows failovers that are "
                 "shorter than a scrape: 0.01 is 0.6 s in a minute. A lasting value is a server that cannot be "
                 "started.",
                 query(rate("node_local_dns_fallback_seconds"), "on the fallback"), "short")


def network_state():
    return states("Rules and interface", "Whether the agent found rules and interface in order at its last "
                  "check. Wrong rules: no fallback; no interface: no local server. Both are mended by themselves, or "
                  "somebody prevents it.",
                  query(by(f"{BY}, part", of("node_local_dns_network_ready"), "min"),
                        "{{" + BY + "}}: {{part}}"),
                  mapping(_0=("wrong", RED), _1=("right", GREEN)))


def network_fleet():
    return lines("Nodes with rules or interface wrong", "Nodes whose agent found rules or interface not in order at "
                 "its last check. Wrong rules: no fallback; no interface: no local server.",
                 query("sum by (part) (1 - " + by(f"{BY}, part", of("node_local_dns_network_ready"), "min") + ")",
                       "{{part}}"), "short")


def repairs():
    return lines("Repairs and failed steps", "What was mended, by kind and fault, and steps that failed. Bars again "
                 "and again: another program (a CNI, a firewall) undoes what the agent sets.",
                 [query(increase("node_local_dns_repairs_total", "kind, fault"), "{{kind}} {{fault}}"),
                  query(nonzero(increase("coredns_nodecache_setup_errors_total", "errortype")),
                        "failed: {{errortype}}")], "short", bars=True)


def agent_times():
    return lines("Probes and checks, p95", "How long the server takes to answer the agent's probe, and the agent to "
                 "check rules and interface. A probe over 1.5 s is a hang; checks of seconds are a slow iptables.",
                 [query(quantile(0.95, "node_local_dns_probe_duration_seconds"), "probe"),
                  query(quantile(0.95, "node_local_dns_reconcile_duration_seconds"), "check of rules and interface")],
                 "s", log=True)


def versions():
    return table("Versions", "Servers by version. More than one is normal during an update; for longer than an hour, "
                 "the rollout is stuck.",
                 query("count by (version, goversion) (" + by(f"{BY}, version, goversion", of("coredns_build_info"),
                                                              "max") + ")", instant=True, table=True),
                 {"version": "Version", "goversion": "Built with", "Value": "Nodes"}, width=6)


def configuration():
    return lines("Configurations", "Different configurations in use, and reloads that failed. More than one for long, "
                 "or any failure: some nodes still serve an old Corefile. Nodes with a different resolv.conf differ, "
                 "too.",
                 [query("count(" + by("value", of("coredns_reload_version_info"), "count") + ")", "configurations"),
                  query(increase("coredns_reload_failed_total"), "failed reloads"),
                  query(f'sum(1 - {of("node_local_dns_config_last_reload_successful")})',
                        "servers with a refused one")],
                 "short", width=6)
