"""Panels of the cache: hit ratio, memory against its budget, evictions, stale answers."""

from source.expressions import a_node, by, of, rate, ratio
from source.model import GREEN, ORANGE, RED, YELLOW, colored, lines, query, stat, steps

HITS, MISSES = rate("coredns_cache_hits_total"), rate("coredns_cache_misses_total")
BYTES, BUDGET = a_node("node_local_dns_cache_bytes"), a_node("node_local_dns_cache_budget_bytes")


def ratio_now():
    return stat("Hit ratio", "Share of look-ups answered from memory. Below 50 % the cache helps little: short TTLs, "
                "names asked once, or a cache too small (Evictions).",
                query(ratio(HITS, f"{HITS} + {MISSES}")), "percentunit", steps(RED, (0.3, ORANGE), (0.5, YELLOW),
                                                                               (0.7, GREEN)))


def hit_ratio():
    return lines("Hit ratio", "Share of look-ups answered from memory, and of those that were negative answers. A fall "
                 "after a restart is normal for a TTL's time; a lasting one sends more to the upstreams.",
                 [query(ratio(HITS, f"{HITS} + {MISSES}"), "hits"),
                  query(ratio(rate("coredns_cache_hits_total", "", 'type="denial"'), f"{HITS} + {MISSES}"),
                        "negative answers among them")], "percentunit", high=1)


def hits_and_misses():
    return lines("Hits and misses", "Look-ups a second. Misses are what the upstreams feel; coalesced ones waited for "
                 "another query's fetch and cost nothing.",
                 [query(rate("coredns_cache_hits_total", "type"), "hits, {{type}}"), query(MISSES, "misses"),
                  query(rate("node_local_dns_coalesced_misses_total"), "misses coalesced")], "ops")


def memory(fleet):
    """Of many nodes the mean and the extreme: a line for each would be a carpet."""
    note = ("Memory of all cached answers against --cache-memory. At the budget the least useful are pushed out: then "
            "look at Evictions.")
    if fleet:
        share = f"{BYTES} / {BUDGET}"
        return lines("Cache memory of its budget", note, [query(f"avg({share})", "mean of the nodes"),
                                                          query(f"max({share})", "the fullest node")],
                     "percentunit", high=1)
    return lines("Cache memory", note, [query(BYTES, "in use"), query(BUDGET, "budget")], "bytes",
                 overrides=[colored("budget", ORANGE)])


def entries():
    return lines("Cache entries", "Answers held, positive and negative (failures count as negative). More negative "
                 "than positive ones are usual with search domains.",
                 query(by("type", of("coredns_cache_entries")), "{{type}}"), "short", stack=True)


def evictions():
    return lines("Evictions and prefetches", "Entries a second that a new one pushed out: near the rate of misses, the "
                 "cache is too small for what is asked. Prefetches renew popular entries before they expire.",
                 [query(rate("coredns_cache_evictions_total", "type"), "evictions, {{type}}"),
                  query(rate("coredns_cache_prefetch_total"), "prefetches")], "ops")


def stale():
    return lines("Served stale", "Expired answers served, a second: upstreams do not answer, or are slower than the "
                 "configured patience. Long-lasting, clients see old addresses.",
                 query(rate("coredns_cache_served_stale_total"), "stale"), "ops", overrides=[colored("stale", ORANGE)])
