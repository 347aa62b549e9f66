"""Panels of the servers that misses go to: the cluster DNS and those of resolv.conf."""

from source.expressions import UPSTREAM, by, increase, of, quantile, rate, ratio, upstream_rate
from source.model import GREEN, RED, YELLOW, colored, heatmap, lines, mapping, query, stat, states, steps

OLD, NEW = "coredns_forward_request_duration_seconds", "coredns_proxy_request_duration_seconds"
RESPONSES = "coredns_forward_responses_total"
DOWN = by("to", of("node_local_dns_upstream_down", UPSTREAM), "max")


def down_now():
    return stat("Upstreams down", "Upstreams that health checks of some node call down now. If it is the cluster DNS, "
                "names of Services are answered from the cache only.",
                query(f"count({DOWN} > 0) or 0 * count({DOWN})"), "short", steps(GREEN, (1, RED)))


def requests():
    return lines("Queries to upstreams", "Attempts a second by upstream: misses, prefetches and retries. Much more "
                 "than the misses: retries, because upstreams do not answer.",
                 query(upstream_rate("coredns_forward_requests_total", NEW + "_count", "to"), "{{to}}"), "reqps")


def latency(q):
    old, new = (quantile(q, name, "to", UPSTREAM) for name in (OLD, NEW))
    return lines(f"Latency of upstreams, p{q * 100:.0f}", "Time from the query to the upstream's answer. The cluster "
                 "DNS should take a few milliseconds; a resolver outside tens. Seconds are time-outs and retries.",
                 query(f"{old} or {new}", "{{to}}"), "s", log=True,
                 thresholds=steps("transparent", (0.1, YELLOW), (1, RED)))


def latency_map():
    return heatmap("Latency of upstreams, all answers", "How many answers of the chosen upstreams took how long. A "
                   "second band far above the first: some of them are slow, or packets are lost.",
                   query(upstream_rate(OLD + "_bucket", NEW + "_bucket", "le").replace("rate(", "increase("),
                         "{{le}}", heatmap=True))


def codes():
    return lines("Answers of upstreams by code", "Answers a second. SERVFAIL and REFUSED are the upstream's own "
                 "trouble; NXDOMAIN is mostly search domains.",
                 query(upstream_rate(RESPONSES, NEW + "_count", "to, rcode"), "{{to}} {{rcode}}"), "reqps", stack=True)


def failures():
    return lines("Failed answers of upstreams", "Share of an upstream's answers that are SERVFAIL or REFUSED. More "
                 "than a few per cent: the upstream is broken, or refuses this node.",
                 query(f"({ratio_of(RESPONSES)}) or ({ratio_of(NEW + '_count')})", "{{to}}"), "percentunit", high=1)


def ratio_of(metric):
    return ratio(rate(metric, "to", UPSTREAM, 'rcode=~"SERVFAIL|REFUSED"'), rate(metric, "to", UPSTREAM))


def health():
    checks = upstream_rate("coredns_forward_healthcheck_failures_total",
                           "coredns_proxy_healthcheck_failures_total", "to")
    return lines("Failed health checks", "Failed health checks a second, and queries that found every upstream of "
                 "their forward down. Checks run only after a failure, twice a second: any lasting value is an "
                 "upstream that is down.",
                 [query(checks, "{{to}}"),
                  query(rate("coredns_forward_healthcheck_broken_total"), "all of a forward down")], "ops",
                 overrides=[colored("all of a forward down", RED)])


def down():
    return states("State of upstreams", "Whether health checks call an upstream down, on any of the nodes. Down on all "
                  "nodes: the upstream; on one: that node's way to it.", query(DOWN, "{{to}}"),
                  [*mapping(_0=("up", GREEN)),
                   {"type": "range", "options": {"from": 1, "to": 1e6, "result": {"index": 1, "text": "down",
                                                                                  "color": RED}}}])


def connections():
    return lines("Sockets to upstreams", "Open sockets by upstream and protocol. TCP towards the cluster DNS is normal "
                 "with force_tcp; a count that only grows is a leak.",
                 query(by("to, proto", of("node_local_dns_upstream_connections", UPSTREAM)), "{{to}} {{proto}}"),
                 "short")


def reuse():
    hits, misses = (rate(f"coredns_proxy_conn_cache_{what}_total", "to, proto", UPSTREAM)
                    for what in ("hits", "misses"))
    return lines("Exchanges on an open socket", "Share of exchanges that found an open socket. Low over TCP: the "
                 "upstream closes at once, and each query pays for a new connection.",
                 query(ratio(hits, f"{hits} + {misses}"), "{{to}} {{proto}}"), "percentunit", high=1)


def mismatched():
    return lines("Messages that answer nothing", "Messages a second under an upstream's name that match no outstanding "
                 "query: late answers (a slow upstream), or forged ones (an attack).",
                 query(rate("node_local_dns_upstream_mismatched_total", "to", UPSTREAM), "{{to}}"), "pps")


def rejects():
    return lines("Refused by max_concurrent", "Queries refused because as many as max_concurrent of a forward were "
                 "under way: slow upstreams, or a limit too low.",
                 query(increase("coredns_forward_max_concurrent_rejects_total"), "refused"), "short", bars=True)
