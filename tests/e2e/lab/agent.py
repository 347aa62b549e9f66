"""The node agent under test: `run` with its server, looked at through log, metrics, `status` and /proc."""

import contextlib
import json
import os
import pathlib
import re
import select
import signal
import time

from lab import ours
from lab.metrics import scrape
from lab.node import CLUSTER_DNS, INTERFACE, LOCAL, UPSTREAM
from lab.processes import SANITIZER_MARKS, Process
from lab.waiting import wait_until

METRICS = "127.0.0.1:9353"
SERVER_METRICS = "127.0.0.1:9253"
ANSWERS = r"the DNS server answers, pid (\d+), \d+ ms after its start"


def corefile(addresses):
    return ours.block("cache 30", f"forward . {UPSTREAM}", bind=" ".join(addresses), metrics=SERVER_METRICS)


class Agent(Process):
    """Flags that every test wants are there; `more` adds to them. Runs in the calling thread's namespace."""

    def __init__(self, directory, *more, name="agent", conf=None, families=(4, 6), local=None, sync="1h",
                 interface=INTERFACE, metrics=METRICS, cluster_dns=None,
                 environment=None):
        self.directory = pathlib.Path(directory)
        self.families = families
        self.interface = interface
        self.metrics_at = metrics
        local = [LOCAL[family] for family in families] if local is None else local
        self.conf = self.directory / f"{name}.Corefile"
        self.conf.write_text(corefile(local) if conf is None else conf)
        dns = [CLUSTER_DNS[family] for family in families] if cluster_dns is None else cluster_dns
        self.flags = ["-localip", ",".join(local), "-conf", self.conf, "-interfacename", interface,
                      "-syncinterval", sync, "-metrics-listen-address", metrics]
        self.flags += ["--cluster-dns", ",".join(dns)] if dns else []
        self.flags += list(more)
        super().__init__([ours.BINARY, "run", *self.flags], directory, name, environment)

    # The server that it supervises.

    def children(self):
        with contextlib.suppress(OSError):
            return [int(pid) for pid in
                    pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]
        return []

    def wait_serving(self, beside=(), timeout=10.0):
        """Until a server whose pid is not in `beside` answers probes; returns its pid. Adopted ones count."""
        def serving():
            if not self.running():
                raise RuntimeError(f"the agent ended with {self.child.returncode}:\n{self.text()}")
            pids = [int(pid) for pid in re.findall(ANSWERS, self.text())]
            return pids and pids[-1] not in beside and alive(pids[-1]) and pids[-1]
        return wait_until(serving, timeout, f"a server beside {beside} to answer in:\n{self.text()}")

    # Looking at it.

    def lines(self, pattern):
        return [line for line in self.text().splitlines() if re.search(pattern, line)]

    def wait_log(self, pattern, count=1, timeout=8.0):
        try:
            return wait_until(lambda: (found := self.lines(pattern)) and len(found) >= count and found, timeout,
                              f"{count} log lines like {pattern!r}")
        except TimeoutError as error:
            raise TimeoutError(f"{error} in:\n{self.text()}") from None

    def metrics(self):
        return wait_until(lambda: scrape(self.metrics_at), 5, f"metrics on {self.metrics_at}")

    def value(self, name, /, **labels):
        return self.metrics().value(name, **labels)

    def wait_value(self, name, condition, /, timeout=8.0, **labels):
        return wait_until(lambda: condition(self.value(name, **labels)), timeout, f"{name}{labels}")

    def status(self):
        """(exit code, the JSON object)."""
        done = ours.run("status", "--json", "-interfacename", self.interface)
        return done.returncode, json.loads(done.stdout)

    # Doing things to it.

    @contextlib.contextmanager
    def frozen(self):
        """What the rules do without the agent."""
        self.send_signal(signal.SIGSTOP)
        wait_until(lambda: state(self.pid) == "T", 2, "the agent to stop")
        try:
            yield
        finally:
            self.send_signal(signal.SIGCONT)

    def stop(self, number=signal.SIGTERM, timeout=10.0):
        code = super().stop(number, timeout)
        found = [mark for mark in SANITIZER_MARKS if mark in self.text()]
        assert not found, f"sanitizer report:\n{self.text()}"
        return code


def state(pid):
    """The letter of /proc/PID/stat; "" when there is no such process."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def alive(pid):
    """Whether it may hold sockets: as long as one thread lives, although the first one be a zombie. A pidfd is readable
    once the last has closed its files; a list of /proc/PID/task ends early when a thread dies under it."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        return not select.select([handle], [], [], 0)[0]
    finally:
        os.close(handle)


def kill(pid):
    """SIGKILL; returns (before, after): the time of the signal and a time when its sockets are closed."""
    before = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not alive(pid), 5, f"{pid} to die", interval=0.001)
    return before, time.monotonic()


def command_line(pid):
    return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").decode().split("\0")
