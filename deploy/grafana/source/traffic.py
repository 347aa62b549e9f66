"""Panels of what is asked and answered: queries, codes, latency, errors."""

from source.expressions import increase, quantile, rate, ratio
from source.model import BLUE, GREEN, ORANGE, RED, YELLOW, colored, heatmap, lines, query, stat, steps

RESPONSES = "coredns_dns_responses_total"
DURATION = "coredns_dns_request_duration_seconds"
RCODES = [colored("NOERROR", GREEN), colored("NXDOMAIN", BLUE), colored("SERVFAIL", RED), colored("REFUSED", ORANGE),
          colored("FORMERR", "purple"), colored("NOTIMP", "dark-purple")]


def queries_now():
    return stat("Queries", "Queries a second. A sudden fall to nothing means that pods no longer ask here: look at "
                "the interface, the rules and kubelet's clusterDNS.",
                query(rate("coredns_dns_requests_total")), "reqps", steps(GREEN))


def servfail_now():
    return stat("SERVFAIL", "Share of answers that are SERVFAIL. More than 5 % means that look-ups of applications "
                "fail: see Upstreams for who does not answer.",
                query(ratio(rate(RESPONSES, "", 'rcode="SERVFAIL"'), rate(RESPONSES)) + " or 0 * " + rate(RESPONSES)),
                "percentunit", steps(GREEN, (0.01, YELLOW), (0.05, RED)))


def latency_now():
    return stat("Latency, p95", "95 % of the queries are answered faster than this. Hits take well under a "
                "millisecond; tens of milliseconds mean many misses or slow upstreams.",
                query(quantile(0.95, DURATION)), "s", steps(GREEN, (0.1, YELLOW), (1, RED)))


def by_type():
    return lines("Queries by type", "Queries a second by type. Many AAAA beside A are normal; a flood of PTR, ANY or "
                 "other types is a misbehaving client.",
                 query(rate("coredns_dns_requests_total", "type"), "{{type}}"), "reqps", stack=True)


def by_protocol():
    return lines("Queries by protocol", "Queries a second by protocol and address family (1: IPv4, 2: IPv6). TCP that "
                 "grows means truncated answers, or clients that lose UDP packets.",
                 query(rate("coredns_dns_requests_total", "proto, family"), "{{proto}}, family {{family}}"), "reqps",
                 stack=True)


def by_code():
    return lines("Answers by code", "Answers a second by code. NXDOMAIN from search domains is normal, several times "
                 "NOERROR is wasteful (ndots). SERVFAIL and REFUSED are failed look-ups.",
                 query(rate(RESPONSES, "rcode"), "{{rcode}}"), "reqps", stack=True, overrides=RCODES)


def by_plugin():
    """The server's own answers have an empty label, which Prometheus takes for none: they would have no name."""
    named = f'label_replace({rate(RESPONSES, "plugin")}, "plugin", "the server itself", "plugin", "")'
    return lines("Answers by plugin", "Who answered: cache, forward (a miss), another plugin, or the server itself. "
                 "Answers of loop are SERVFAIL because of a forwarding loop.",
                 query(named, "{{plugin}}"), "reqps", stack=True)


def latency():
    return lines("Latency", "Quantiles of the time from a packet's arrival to its reply. p50 is that of hits; p99 that "
                 "of misses and rises with slow upstreams.",
                 [query(quantile(q, DURATION), f"p{q * 100:.0f}") for q in (0.5, 0.95, 0.99)], "s", log=True)


def latency_map():
    return heatmap("Latency, all queries", "How many queries took how long. Two bands are right: hits at the bottom, "
                   "misses above. A band at seconds is upstreams that time out.",
                   query(increase(DURATION + "_bucket", "le"), "{{le}}", heatmap=True))


def errors():
    return lines("Errors", "Failed or refused queries a second, by reason: all of these should be 0. max_concurrent: "
                 "the limit of a forward; waiting queries, names being fetched: built-in limits; unsent: the kernel "
                 "took no reply; exceptions: bugs.",
                 [query(rate(RESPONSES, "rcode", 'rcode=~"SERVFAIL|REFUSED|FORMERR|NOTIMP"'), "{{rcode}}"),
                  query(rate("coredns_forward_max_concurrent_rejects_total"), "max_concurrent"),
                  query(rate("node_local_dns_overload_total"), "too many waiting queries"),
                  query(rate("node_local_dns_cache_overload_total"), "too many names being fetched"),
                  query(rate("node_local_dns_unsent_replies_total"), "replies not sent"),
                  query(rate("coredns_panics_total"), "exceptions")], "reqps", overrides=RCODES)


def dropped():
    return lines("Malformed and dropped", "Packets a second that are no query, by what is wrong with them, and queries "
                 "for zones that nobody serves. Hundreds a second are a scan, an attack or a broken client.",
                 [query(rate("node_local_dns_malformed_queries_total", "kind"), "{{kind}}"),
                  query(rate("coredns_dns_requests_total", "", 'zone="dropped"'), "dropped in all")], "pps")


def connections():
    return lines("TCP connections of clients", "Connections accepted a second, and those closed or turned away at the "
                 "limit of 1,024 a worker and address. Any of the latter: clients that open many and keep them.",
                 [query(rate("node_local_dns_tcp_connections_total"), "accepted"),
                  query(rate("node_local_dns_tcp_connections_crowded_out_total"), "crowded out")], "cps",
                 overrides=[colored("crowded out", RED)])


def sizes():
    return lines("Sizes, p95", "95 % of the messages are smaller than this. Answers above 1232 octets do not fit into "
                 "one UDP packet and come again over TCP.",
                 [query(quantile(0.95, f"coredns_dns_{what}_size_bytes", "proto"), f"{what}, {{{{proto}}}}")
                  for what in ("request", "response")], "bytes")
