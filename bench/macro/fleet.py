# The servers that run beside each other for some scenarios, the upstream behind them, and the load they get.
import contextlib
import json
import subprocess

import peers
import process
import report
import scenarios

SLOW = 50  # milliseconds that the upstream takes for names that begin with s


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

    def server(self, peer, **place):
        port = next(self.ports)
        directory = self.scratch / f"{peer.name}-{port}"
        directory.mkdir()
        place = peers.Place(directory, port, **place)
        return process.Server(peer.name, peer.command(place), self.cpus_of(place.workers), port,
                              self.scratch / f"{peer.name}.log", place.address)

    def cpus_of(self, workers):
        return {self.server_cpu} if workers is None else {self.server_cpu, self.load_cpu}

    def limit(self, program, workers=None):
        port = next(self.ports)
        command = [self.programs / f"limit_{program}", f"127.0.0.1:{port}"]
        if workers:
            command.append(workers)
        if program.endswith("_relay"):
            command.append(f"{peers.UPSTREAM[0]}:{peers.UPSTREAM[1]}")
        log = self.scratch / f"limit_{program}.log"
        return process.Server(report.LIMIT, command, self.cpus_of(workers), port, log, reflects="_answerer" in program)

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


# Numbers of workers that a fleet compares.
WORKERS = {"workers": (1, 2), "workers_4": (1, 4)}
HUGE = {"capacity": 1 << 20, "budget": 1 << 30}


class Pair:
    """The same server with one worker and with several, each free to use both CPUs."""

    def __init__(self, servers):
        self.servers = servers

    def __iter__(self):
        return iter(self.servers)

    def start(self):
        for server in self.servers:
            server.start()

    def stop(self):
        for server in self.servers:
            server.stop()


class Fleet:
    """Servers of one configuration, started together and measured in turn."""

    def __init__(self, site, kind, selected, wanted):
        self.site = site
        self.kind = kind
        self.wanted = wanted
        self.servers = {}
        self.limits = {}
        self.failures = {}
        self.warmed = set()
        for peer in selected:
            if peer.fits(kind):
                self.servers[peer.name] = self.build(peer)

    def build(self, peer):
        if self.kind in WORKERS:
            return Pair([self.site.server(peer, workers=count) for count in WORKERS[self.kind]])
        if self.kind == "huge":
            return self.site.server(peer, **HUGE)
        if self.kind == "budget":
            return self.site.server(peer, budget=scenarios.BUDGET, capacity=HUGE["capacity"])
        return self.site.server(peer, tcp_upstream=self.kind == "tcp", agent=self.kind == "agent")

    def __enter__(self):
        try:
            for name, server in list(self.servers.items()):
                self.start(name, server)
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self, name, server):
        """A peer that does not start is left out; ours is what the run is for."""
        try:
            server.start()
        except RuntimeError as error:
            server.stop()
            if name == report.OURS:
                raise
            self.failures[name] = str(error)
            del self.servers[name]

    def __exit__(self, *_):
        for server in (*self.servers.values(), *self.limits.values()):
            server.stop()

    def limit(self, program):
        if program not in self.limits:
            if self.kind in WORKERS:
                self.limits[program] = Pair([self.site.limit(program, count) for count in WORKERS[self.kind]])
            else:
                self.limits[program] = self.site.limit(program)
            self.limits[program].start()
        return self.limits[program]

    def participants(self, scenario):
        limit = {report.LIMIT: self.limit(scenario.limit)} if scenario.limit and report.LIMIT in self.wanted else {}
        return limit | self.servers

    def warm(self, scenario):
        """Asks for every name of the scenario, unless one before it did."""
        # dnsdist caches what came over TCP apart.
        state = (scenario.names, "--tcp" in scenario.flags, "--prefix" in scenario.flags)
        if state in self.warmed:
            return
        self.warmed.add(state)
        # Slowly: a forwarder may refuse a burst of misses.
        every = [*scenario.flags, "--order", "cycle", "--names", scenario.names, "--queries", scenario.names]
        for server in self.each():
            for _ in range(2):
                self.site.load(server, *every, "--connections", 1, "--window", 16, "--rate", 0)

    def each(self):
        for server in self.servers.values():
            yield from server if isinstance(server, Pair) else [server]
