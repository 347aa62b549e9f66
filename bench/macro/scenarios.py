# What is measured: which load a server gets, in which state its cache is, and which limit of sockets compares.
import dataclasses

MANY = 100_000


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    kind: str  # which function of measure.py
    unit: str = "us/query"
    # The servers that share it: small and large caches; tcp, which asks the upstream over TCP; workers, one and two;
    # workers_4, one and four; budget, with little memory; agent, with the node agent; huge, with room for a million.
    fleet: str = "small"
    names: int = 1000
    queries: int = 0
    flags: tuple = ()
    limit: str | None = None  # the program of limit/ that does the same without DNS
    misses: int = 0  # queries per second that go to a slow upstream meanwhile
    rounds: int | None = None  # fewer than asked for
    warm: bool = False  # every name is asked for before
    per: str = ""  # which figure of a sample
    budget: int = 0  # bytes
    quick: bool = True  # part of the quick form, too
    together: str = ""  # rounds of scenarios with the same word here are interleaved
    source: str = ""  # the scenario whose samples hold the figure, too, under the name `per`
    against: str = ""  # the scenario with whose unbound ours is compared; empty: this one

    @property
    def is_miss(self):
        return "unique" in self.flags


UNIFORM = ("--order", "uniform")
ZIPF = ("--order", "zipf")
UNIQUE = ("--order", "unique")
PACED = ("--rate", "5000", "--order", "uniform")
# 20 connections, 40 queries in flight: with more, one read and one write carry so many that nothing is left to see.
TCP = ("--tcp", "--connections", "20", "--window", "2", *UNIFORM)

BUDGET = 32 << 20  # bytes

ANSWERER = {"limit": "udp_answerer"}
CACHED = {"kind": "cpu", "queries": 80_000, "warm": True} | ANSWERER
MISS = {"kind": "cpu", "queries": 25_000, "flags": UNIQUE}
LARGE = {"fleet": "large", "names": MANY, "warm": True}
HUGE = {"fleet": "huge", "names": 1_000_000, "warm": True, "quick": False}
NXDOMAIN = ("--prefix", "x", "--rcode", "3", "--answers", "0", *UNIFORM)
HITS = {"kind": "latency", "unit": "us", "queries": 5_000, "flags": PACED, "warm": True, "together": "p99"}
MEMORY = {"kind": "memory", "unit": "MB", "rounds": 1}
CALLS = {"kind": "syscalls", "queries": 10_000, "flags": UNIFORM, "warm": True, "rounds": 1} | ANSWERER
MANY_SOCKETS = ("--connections", "16", "--window", "16", *UNIFORM)  # so that the kernel spreads them evenly

SCENARIOS = (
    Scenario("udp", "cached UDP, 1,000 names", flags=UNIFORM, **CACHED),
    Scenario("udp_zipf", "cached UDP, 1,000 names, Zipf", flags=ZIPF, **CACHED),
    Scenario("nxdomain", "cached NXDOMAIN, UDP", flags=NXDOMAIN, **CACHED),
    Scenario("tcp", "cached TCP, 20 connections", flags=TCP, **CACHED | {"limit": "tcp_answerer"}),
    Scenario("miss_udp", "miss, UDP upstream", **MISS, limit="udp_relay"),
    Scenario("hits_p99", "p99, 5,000 hits/s", **HITS, **ANSWERER),
    Scenario("udp_paced", "cached UDP, 5,000 queries/s", "latency", source="hits_p99", per="cpu_us", together="p99",
             **ANSWERER),
    Scenario("mixed_p99", "p99, and 500 slow misses/s", **HITS, misses=500, against="hits_p99"),
    Scenario("syscalls", "system calls, cached UDP", unit="/query", per="query", **CALLS),
    Scenario("syscalls_batch", "system calls, cached UDP", unit="/batch", per="batch", **CALLS),
    Scenario("start", "start to first answer", "start", "ms", **ANSWERER),
    Scenario("miss_tcp", "miss, TCP upstream", **MISS, fleet="tcp", limit="tcp_relay"),
    Scenario("memory", "memory (PSS), idle", **MEMORY, **ANSWERER, fleet="large"),
    Scenario("memory_100k", "memory (PSS), 100,000 names", **MEMORY, **LARGE),
    Scenario("udp_100k", "cached UDP, 100,000 names", flags=UNIFORM, **CACHED | LARGE),
    Scenario("udp_100k_zipf", "cached UDP, 100,000 names, Zipf", flags=ZIPF, **CACHED | LARGE),
    Scenario("workers", "2 workers : 1 worker, CPU", flags=MANY_SOCKETS, unit="", fleet="workers",
             **CACHED | {"kind": "growth"}),
    Scenario("workers_4", "4 workers : 1 worker, CPU", flags=MANY_SOCKETS, unit="", fleet="workers_4", quick=False,
             **CACHED | {"kind": "growth"}),
    Scenario("budget", "memory of a full cache : its budget", "budget", "", "budget", queries=400_000, flags=UNIQUE,
             rounds=1, budget=BUDGET),
    Scenario("memory_agent", "memory (PSS), idle, with agent", **MEMORY, fleet="agent"),
    Scenario("memory_1m", "memory (PSS), 1,000,000 names", **MEMORY, **HUGE),
    Scenario("udp_1m", "cached UDP, 1,000,000 names", flags=UNIFORM, **CACHED | HUGE),
    Scenario("udp_1m_zipf", "cached UDP, 1,000,000 names, Zipf", flags=ZIPF, **CACHED | HUGE),
)


def chosen(text, quick):
    """The scenarios of a list like "udp,tcp"; all without one, or those of the quick form."""
    if not text:
        return tuple(scenario for scenario in SCENARIOS if scenario.quick or not quick)
    known = {scenario.name: scenario for scenario in SCENARIOS}
    unknown = [name for name in text.split(",") if name not in known]
    if unknown:
        raise ValueError(f"--only: no scenario {', '.join(unknown)}; there are {', '.join(known)}")
    wanted = set(text.split(","))
    wanted |= {known[name].source for name in wanted}
    return tuple(scenario for scenario in SCENARIOS if scenario.name in wanted)
