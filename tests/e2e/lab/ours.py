"""The program under test."""

import os
import pathlib
import re
import signal
import subprocess

from lab.metrics import scrape
from lab.processes import SANITIZER_MARKS, Process
from lab.waiting import PATIENCE, wait_until

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
BINARY = pathlib.Path(os.environ.get(
    "NLD_BINARY", pathlib.Path(os.environ.get("NLD_BUILD", REPOSITORY / "build")) / "node-local-dns"))
METRICS = "127.0.0.1:9153"


def block(*directives, zone=".:53", bind="127.0.0.1", metrics=METRICS):
    """A server block with what every test wants: an address, errors, and metrics to look at."""
    lines = [f"{zone} {{"]
    lines += [f"    bind {bind}"] if bind else []
    lines += ["    errors"]
    lines += [f"    prometheus {metrics}"] if metrics else []
    lines += [f"    {line}" for one in directives for line in one.splitlines()]
    return "\n".join(lines) + "\n}\n"


def run(*arguments, timeout=20, environment=None, cwd=None):
    """Runs one command to its end."""
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, check=False,
                          timeout=timeout * PATIENCE, cwd=cwd,
                          env=None if environment is None else {**os.environ, **environment})


class Server(Process):
    """`serve` with a Corefile that the test owns. `listen` are the DNS sockets that mean "started"."""

    def __init__(self, corefile, *arguments, directory, name="ours", listen=("127.0.0.1",), port=53,
                 workers=2, conf=True, environment=None):
        self.conf = pathlib.Path(directory) / f"{name}.Corefile"
        if corefile is not None:
            self.conf.write_text(corefile)
        command = [BINARY, "serve"]
        command += ["--conf", self.conf] if conf else []
        command += ["--workers", workers, *arguments]
        super().__init__(command, directory, name, environment)
        self.listen = listen
        self.port = port

    def start(self):
        super().start()
        self.wait_ready()
        return self

    def launch(self):
        """Starts without waiting: for servers that are meant to fail."""
        return super().start()

    def wait_ready(self, addresses=None):
        wanted = self.listen if addresses is None else addresses
        self.wait_for_sockets([(protocol, one, self.port) for one in wanted for protocol in ("udp", "tcp")])

    # Looking at it.

    def log_lines(self, pattern=None):
        lines = self.text().splitlines()
        return lines if pattern is None else [line for line in lines if re.search(pattern, line)]

    def wait_log(self, pattern, count=1, timeout=8.0):
        """Waits for `count` lines that match and returns them."""
        return wait_until(lambda: (found := self.log_lines(pattern)) and len(found) >= count and found,
                          timeout, f"{count} log lines like {pattern!r} in:\n{self.text()}")

    def metrics(self, endpoint=METRICS):
        return wait_until(lambda: scrape(endpoint), 5, f"metrics on {endpoint}")

    def value(self, name, /, **labels):
        return self.metrics().value(name, **labels)

    def wait_value(self, name, at_least, /, timeout=8.0, **labels):
        return wait_until(lambda: self.value(name, **labels) >= at_least, timeout,
                          f"{name}{labels} >= {at_least}")

    # Changing it.

    def write(self, corefile):
        """Replaces the file in one step, as a ConfigMap mount does."""
        fresh = self.conf.with_suffix(".new")
        fresh.write_text(corefile)
        os.replace(fresh, self.conf)

    def loaded_version(self):
        """The configuration's digest as metrics show it."""
        return sorted(labels["value"] for labels, _ in self.metrics().series("coredns_reload_version_info"))

    def reload(self, corefile=None, number=signal.SIGHUP):
        """Rewrites the file, if given, and signals; does not wait for the effect."""
        if corefile is not None:
            self.write(corefile)
        self.send_signal(number)

    def stop(self, number=signal.SIGTERM, timeout=10.0):
        code = super().stop(number, timeout)
        found = [mark for mark in SANITIZER_MARKS if mark in self.text()]
        assert not found, f"sanitizer report:\n{self.text()}"
        return code
