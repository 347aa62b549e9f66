# The servers that run beside each other for some scenarios, the upstream behind them, and the load they get.
import contextlib
import json
import subprocess

import peers
import process

LOST_LIMIT = 0.001  # share of queries that may stay unanswered before a figure is worth nothing
UPSTREAM_LIMIT = 0.02  # the upstream's CPU time by the server's: more means that answers were not cached
SLOW = 50  # milliseconds that the upstream takes for names that begin with s
LIMIT = "limit"


class Site:
    """What all fleets share: built programs, CPUs, the upstream, and names that were never used before."""

    def __init__(self, programs, scratch, server_cpu, load_cpu):
        self.programs = programs
        self.scratch = scratch
        self.server_cpu = server_cpu
        self.load_cpu = load_cpu
        self.ports = iter(range(5500, 6500))
        self.runs = 0
        address, port = peers.UPSTREAM
        command = [programs / "upstream", f"{address}:{port}", SLOW]
        self.upstream = process.Server("upstream", command, {load_cpu}, port, scratch / "upstream.log", address)

    def server(self, peer, tcp_upstream=False, workers=1):
        port = next(self.ports)
        directory = self.scratch / f"{peer.name}-{port}"
        directory.mkdir()
        place = peers.Place(directory, port, tcp_upstream, workers)
        return process.Server(peer.name, peer.command(place), {self.server_cpu}, port,
                              self.scratch / f"{peer.name}.log")

    def limit(self, program):
        port = next(self.ports)
        command = [self.programs / f"limit_{program}", f"127.0.0.1:{port}"]
        if program.endswith("_relay"):
            command.append(f"{peers.UPSTREAM[0]}:{peers.UPSTREAM[1]}")
        log = self.scratch / f"limit_{program}.log"
        return process.Server(LIMIT, command, {self.server_cpu}, port, log, reflects=program.endswith("_answerer"))

    def load_command(self, server, flags):
        command = [self.programs / "load", "--port", server.port, "--suffix", process.ZONE, "--limit", 60, *flags]
        if server.reflects:
            command += ["--rcode", 0, "--answers", 0]
        return [str(part) for part in command]

    def load(self, server, *flags):
        with process.pinned({self.load_cpu}):
            done = subprocess.run(self.load_command(server, flags), capture_output=True, text=True, timeout=90,
                                  check=False)
        if done.returncode == 2 or not done.stdout:
            raise RuntimeError(f"load against {server.name}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def never_used(self, letter="u"):
        """Flags for names that no run asked for before."""
        self.runs += 1
        return ["--order", "unique", "--prefix", f"{letter}{self.runs}-"]

    @contextlib.contextmanager
    def slow_misses(self, server, rate, seconds):
        """Meanwhile, that many queries a second go to the slow upstream."""
        if not rate:
            yield
            return
        flags = [*self.never_used("s"), "--queries", int(rate * seconds), "--rate", rate, "--window", 256]
        with process.pinned({self.load_cpu}):
            misses = subprocess.Popen(self.load_command(server, flags), stdout=subprocess.DEVNULL)
        try:
            yield
        finally:
            misses.terminate()
            misses.wait()


class Fleet:
    """Servers of one configuration, started together and measured in turn."""

    def __init__(self, site, kind, selected, wanted):
        self.site = site
        self.kind = kind
        self.wanted = wanted
        self.servers = {}
        self.limits = {}
        self.failures = {}
        for peer in selected:
            if kind != "tcp" or peer.tcp_upstream:
                self.servers[peer.name] = site.server(peer, tcp_upstream=kind == "tcp")

    def __enter__(self):
        for name, server in list(self.servers.items()):
            try:
                server.start()
            except RuntimeError as error:
                self.failures[name] = str(error)
                del self.servers[name]
        return self

    def __exit__(self, *_):
        for server in (*self.servers.values(), *self.limits.values()):
            server.stop()

    def limit(self, program):
        if program not in self.limits:
            self.limits[program] = self.site.limit(program)
            self.limits[program].start()
        return self.limits[program]

    def participants(self, scenario):
        limit = {LIMIT: self.limit(scenario.limit)} if scenario.limit and LIMIT in self.wanted else {}
        return limit | self.servers

    def warm(self, scenario):
        # Slowly: a forwarder may refuse a burst of misses. dnsdist caches what came over TCP apart.
        every = [*scenario.flags, "--order", "cycle", "--names", scenario.names, "--queries", scenario.names]
        for server in self.servers.values():
            for _ in range(2):
                self.site.load(server, *every, "--connections", 1, "--window", 16, "--rate", 0)

    def measure(self, server, scenario, scale):
        if scenario.kind == "start":
            return self.measure_start(server)
        if scenario.kind == "memory":
            return {"value": server.memory()["Pss"] / 1e6, "rss": server.memory()["Rss"] / 1e6, "problems": []}
        site = self.site
        queries = max(int(scenario.queries * scale), 100)
        flags = [*scenario.flags, "--names", scenario.names, "--queries", queries]
        if scenario.is_miss:
            flags += site.never_used()
        before, upstream_before = server.cpu_seconds(), site.upstream.cpu_seconds()
        with site.slow_misses(server, scenario.misses, 2 + queries / 5000):
            result = site.load(server, *flags)
        server.wait_for_children()
        cpu = server.cpu_seconds() - before
        asked = site.upstream.cpu_seconds() - upstream_before > cpu * UPSTREAM_LIMIT
        answered = result["good"] + result["bad"]
        problems = []
        if result["bad"]:
            problems.append(f"{result['bad']} of {queries} answers are wrong")
        if answered + result["lost"] < queries:
            problems.append(f"only {answered} of {queries} queries done in time")
        elif result["lost"] > queries * LOST_LIMIT:
            problems.append(f"{result['lost']} of {queries} queries lost")
        if asked and scenario.kind == "cpu" and not scenario.is_miss:
            problems.append("the upstream was asked: not all was cached")
        sample = {key: result[key] for key in ("p50_us", "p99_us", "p999_us", "lost", "reconnects")}
        sample["cpu_us"] = cpu * 1e6 / max(answered, 1)
        sample["qps"] = answered / result["seconds"]
        sample["busy"] = cpu / result["seconds"]
        sample["value"] = sample["p99_us" if scenario.kind == "latency" else "cpu_us"]
        return sample | {"problems": problems}

    def measure_start(self, server):
        """A second instance of the same command would want the same port: this one is started again."""
        server.stop()
        server.start()
        return {"value": server.start_seconds * 1e3, "problems": []}
