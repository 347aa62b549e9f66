# Compares the cost of cached answers: node-local-dns, unbound and dnsmasq in one run, in a namespace of its own.
#
# Every server runs single-threaded on one CPU; the load generator (load/) and the authoritative server behind
# them (nsd) on another. Rounds are interleaved (each round measures every server once), so that a slow moment of
# the machine hits all alike; the table shows medians. CPU time is the kernel's count for the server's threads.
import argparse
import dataclasses
import json
import os
import pathlib
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import servers

NAMES = 1000
IN_NAMESPACE = "NLD_BENCH_NAMESPACE"
LOST_LIMIT = 0.001  # share of queries that may stay unanswered before a figure is worth nothing
UPSTREAM_LIMIT = 0.02  # nsd's CPU time by the server's: more means that answers were not cached


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    queries: int
    flags: tuple


SCENARIOS = (
    Scenario("udp", "cached, UDP", 200_000, ()),
    Scenario("nxdomain", "cached NXDOMAIN, UDP", 200_000, ("--prefix", "x", "--rcode", "3", "--answers", "0")),
    Scenario("tcp", "cached, TCP", 100_000, ("--tcp",)),
)


def enter_namespace(argv):
    """Starts this program again in a fresh network namespace, which vanishes with it."""
    os.environ[IN_NAMESPACE] = "1"
    os.execvp("unshare", ["unshare", "--net", "--", sys.executable, os.path.abspath(__file__), *argv])


def cpus():
    """The CPU of the server under test, and that of everything else."""
    mine = sorted(os.sched_getaffinity(0))
    return mine[0], mine[-1]


class Bench:
    def __init__(self, options, scratch):
        self.options = options
        self.server_cpu, self.load_cpu = cpus()
        self.upstream = servers.nsd(scratch, NAMES, self.load_cpu)
        self.servers = {}
        if not options.without_ours:
            self.servers["node-local-dns"] = servers.ours(scratch, options.program, self.server_cpu)
        self.servers["unbound"] = servers.unbound(scratch, self.server_cpu)
        self.servers["dnsmasq"] = servers.dnsmasq(scratch, self.server_cpu)

    def __enter__(self):
        try:
            for server in (self.upstream, *self.servers.values()):
                server.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for server in (*self.servers.values(), self.upstream):
            server.stop()

    def load(self, server, scenario, queries, *flags):
        command = ["taskset", "-c", str(self.load_cpu), self.options.load, "--port", str(server.port)]
        command += ["--names", str(NAMES), "--suffix", servers.ZONE, "--queries", str(queries), "--limit", "60"]
        done = subprocess.run([*command, *scenario.flags, *flags], capture_output=True, text=True, timeout=90)
        if done.returncode == 2 or not done.stdout:
            raise RuntimeError(f"load against {server.name}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def warm(self, scenario):
        # Over UDP, slowly: a forwarder may refuse a burst of misses.
        slowly = Scenario(scenario.name, scenario.title, 0, tuple(f for f in scenario.flags if f != "--tcp"))
        for server in self.servers.values():
            for _ in range(3):
                self.load(server, slowly, NAMES, "--connections", "1", "--window", "8")
            self.load(server, scenario, NAMES)

    def measure(self, server, scenario):
        queries = int(scenario.queries * self.options.scale)
        upstream_before = self.upstream.cpu_seconds()
        before = server.cpu_seconds()
        result = self.load(server, scenario, queries)
        server.wait_for_children()
        cpu = server.cpu_seconds() - before
        answered = result["good"] + result["bad"]
        problems = []
        if result["bad"]:
            problems.append(f"{result['bad']} wrong answers")
        if result["good"] + result["bad"] + result["lost"] < queries:
            problems.append(f"only {answered} of {queries} queries done in time")
        elif result["lost"] > queries * LOST_LIMIT:
            problems.append(f"{result['lost']} queries lost")
        if self.upstream.cpu_seconds() - upstream_before > cpu * UPSTREAM_LIMIT:
            problems.append("the upstream was asked: not all was cached")
        return {
            "cpu_us": cpu * 1e6 / max(answered, 1),
            "qps": answered / result["seconds"],
            "busy": cpu / result["seconds"],
            "reconnects": result["reconnects"],
            "lost": result["lost"],
            "problems": problems,
        }

    def run(self):
        rounds = {scenario.name: {name: [] for name in self.servers} for scenario in SCENARIOS}
        for scenario in SCENARIOS:
            self.warm(scenario)
        for number in range(self.options.rounds):
            for scenario in SCENARIOS:
                for name, server in self.servers.items():
                    rounds[scenario.name][name].append(self.measure(server, scenario))
            print(f"round {number + 1} of {self.options.rounds} done", file=sys.stderr, flush=True)
        return rounds


def summarise(rounds):
    summary = {}
    for scenario, by_server in rounds.items():
        summary[scenario] = {}
        for name, results in by_server.items():
            row = {key: statistics.median(r[key] for r in results) for key in ("cpu_us", "qps", "busy")}
            row["cpu_us_range"] = [min(r["cpu_us"] for r in results), max(r["cpu_us"] for r in results)]
            row["lost"] = sum(r["lost"] for r in results)
            row["reconnects"] = sum(r["reconnects"] for r in results)
            row["problems"] = sorted({problem for r in results for problem in r["problems"]})
            summary[scenario][name] = row
        base = summary[scenario]["unbound"]
        for row in summary[scenario].values():
            row["cpu_ratio_to_unbound"] = row["cpu_us"] / base["cpu_us"]
            row["qps_ratio_to_unbound"] = row["qps"] / base["qps"]
    return summary


def table(summary):
    lines = [f"{'':<16}{'CPU us/query':>14}{'(min .. max)':>18}{'queries/s':>12}{'busy':>7}{'CPU : unbound':>15}"]
    for scenario in SCENARIOS:
        lines.append(f"{scenario.title}")
        for name, row in summary[scenario.name].items():
            low, high = row["cpu_us_range"]
            lines.append(
                f"  {name:<14}{row['cpu_us']:>14.2f}{f'{low:.2f} .. {high:.2f}':>18}{row['qps']:>12,.0f}"
                f"{row['busy']:>7.0%}{row['cpu_ratio_to_unbound']:>15.2f}"
            )
            lines.extend(f"    ! {problem}" for problem in row["problems"])
    return "\n".join(lines)


def parse(argv):
    parser = argparse.ArgumentParser(
        description="CPU time per query and queries per second of cached answers, beside unbound and dnsmasq"
    )
    parser.add_argument("--program", default="build/node-local-dns", help="the program to measure")
    parser.add_argument("--load", default="build/bench/load", help="the load generator (bench/macro/load, built)")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures here too")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the queries of a run")
    parser.add_argument("--without-ours", action="store_true", help="unbound and dnsmasq alone")
    return parser.parse_args(argv)


def main(argv):
    options = parse(argv)
    if IN_NAMESPACE not in os.environ:
        enter_namespace(argv)
    if options.rounds < 1 or options.scale <= 0:
        sys.exit("bench: --rounds and --scale must be positive")
    # A killed bench must still stop what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: terminated"))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="nld-bench-"))
    scratch.chmod(0o755)  # nsd and dnsmasq may change to users of their own
    try:
        with Bench(options, scratch) as bench:
            if bench.server_cpu == bench.load_cpu:
                print("bench: one CPU only: servers and load share it", file=sys.stderr)
            rounds = bench.run()
            versions = {name: server.version for name, server in bench.servers.items()}
    except BaseException:
        for log in sorted(scratch.glob("*.log")):
            sys.stderr.write(f"--- {log.name}\n{log.read_text(errors='replace')[-2000:]}\n")
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    summary = summarise(rounds)
    print(table(summary))
    ours = {
        scenario: by_server["node-local-dns"]["cpu_ratio_to_unbound"]
        for scenario, by_server in summary.items()
        if "node-local-dns" in by_server
    }
    if options.json:
        result = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "machine": {"kernel": platform.release(), "cpus": os.cpu_count()},
            "versions": versions,
            "names": NAMES,
            "rounds": options.rounds,
            "cpu_ratio_to_unbound": ours,
            "scenarios": summary,
            "samples": rounds,
        }
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(result, indent=2) + "\n")
        print(f"figures: {options.json}")
    return 1 if any(row["problems"] for by_server in summary.values() for row in by_server.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
