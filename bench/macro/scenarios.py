# What is measured: which load a server gets, in which state its cache is, and which limit of sockets compares.
import dataclasses

MANY = 100_000


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    # cpu: server's CPU us a query; latency: p99 us of hits; start: ms to the first answer; memory: MB
    kind: str
    fleet: str = "small"  # the servers that share it: small and large caches, tcp (asks the upstream over TCP)
    names: int = 1000
    queries: int = 0
    flags: tuple = ()
    limit: str | None = None  # the program of limit/ that does the same without DNS
    misses: int = 0  # queries per second that go to a slow upstream meanwhile

    @property
    def is_miss(self):
        return "unique" in self.flags

    @property
    def unit(self):
        return {"cpu": "us/query", "latency": "us", "start": "ms", "memory": "MB"}[self.kind]


UNIFORM = ("--order", "uniform")
ZIPF = ("--order", "zipf")
UNIQUE = ("--order", "unique")
PACED = ("--rate", "5000", "--order", "uniform")
# 20 connections, 40 queries in flight: with more, one read and one write carry so many that nothing is left to see.
TCP = ("--tcp", "--connections", "20", "--window", "2", *UNIFORM)

SCENARIOS = (
    Scenario("udp", "cached UDP, 1,000 names", "cpu", queries=150_000, flags=UNIFORM, limit="udp_answerer"),
    Scenario("udp_zipf", "cached UDP, 1,000 names, Zipf", "cpu", queries=150_000, flags=ZIPF, limit="udp_answerer"),
    Scenario("nxdomain", "cached NXDOMAIN, UDP", "cpu", queries=150_000, limit="udp_answerer",
             flags=("--prefix", "x", "--rcode", "3", "--answers", "0", *UNIFORM)),
    Scenario("tcp", "cached TCP, 20 connections", "cpu", queries=100_000, flags=TCP, limit="tcp_answerer"),
    Scenario("miss_udp", "miss, UDP upstream", "cpu", queries=40_000, flags=UNIQUE, limit="udp_relay"),
    Scenario("hits_p99", "p99: 5,000 hits/s", "latency", queries=10_000, flags=PACED, limit="udp_answerer"),
    Scenario("mixed_p99", "p99: and 500 slow misses/s", "latency", queries=10_000, flags=PACED, misses=500,
             limit="udp_relay"),
    Scenario("miss_tcp", "miss, TCP upstream", "cpu", fleet="tcp", queries=40_000, flags=UNIQUE, limit="tcp_relay"),
    Scenario("start", "start to first answer", "start", limit="udp_answerer"),
    Scenario("memory", "PSS idle", "memory", fleet="large", limit="udp_answerer"),
    Scenario("memory_100k", "PSS, 100,000 names", "memory", fleet="large", names=MANY),
    Scenario("udp_100k", "cached UDP, 100,000 names", "cpu", fleet="large", names=MANY, queries=150_000,
             flags=UNIFORM, limit="udp_answerer"),
    Scenario("udp_100k_zipf", "cached UDP, 100,000 names, Zipf", "cpu", fleet="large", names=MANY, queries=150_000,
             flags=ZIPF, limit="udp_answerer"),
)


def chosen(text):
    """The scenarios of a list like "udp,tcp"; all without one."""
    if not text:
        return SCENARIOS
    known = {scenario.name: scenario for scenario in SCENARIOS}
    unknown = [name for name in text.split(",") if name not in known]
    if unknown:
        raise ValueError(f"--only: no scenario {', '.join(unknown)}; there are {', '.join(known)}")
    return tuple(scenario for scenario in SCENARIOS if scenario.name in text.split(","))
