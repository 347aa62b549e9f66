"""Network namespaces that the tests make, enter and remove."""

import contextlib
import ctypes
import os
import pathlib
import re
import signal
import subprocess

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
_NAME = re.compile(r"^nld-(\d+)-\d+$")
_made = 0


def _ip(*arguments):
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def _setns(descriptor):
    if _libc.setns(descriptor, CLONE_NEWNET) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


class Namespace:
    """One network namespace with loopback up.

    `enter` moves the calling thread into it. Threads and processes started from there inherit it, and a
    socket stays in the namespace that it was opened in: so fakes, clients and servers need no wrapper."""

    def __init__(self):
        global _made
        _made += 1
        self.name = f"nld-{os.getpid()}-{_made}"
        self._home = None
        _ip("netns", "add", self.name)
        try:
            _ip("-n", self.name, "link", "set", "lo", "up")
        except RuntimeError:
            self.remove()
            raise

    def enter(self):
        self._home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        target = os.open(f"/run/netns/{self.name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _setns(target)
        finally:
            os.close(target)

    def leave(self):
        if self._home is not None:
            _setns(self._home)
            os.close(self._home)
            self._home = None

    @contextlib.contextmanager
    def inside(self):
        """For a few steps of one thread, wherever it was before: a pod's client in a node's test."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        target = os.open(f"/run/netns/{self.name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            _setns(target)
            try:
                yield self
            finally:
                _setns(home)
        finally:
            os.close(target)
            os.close(home)

    def remove(self):
        self.leave()
        kill_inhabitants(self.name)
        _ip("netns", "delete", self.name)

    def run(self, *command, stdin=None, check=True):
        """Runs a command inside to its end; returns its output."""
        with self.inside():
            done = subprocess.run(list(map(str, command)), input=stdin, text=True, capture_output=True, check=False,
                                  timeout=20)
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip()}\n{stdin or ''}")
        return done.stdout

    def sysctl(self, name, value):
        """net.* settings are the namespace's of the writing thread."""
        with self.inside():
            pathlib.Path("/proc/sys", *name.split(".")).write_text(str(value))

    def ip(self, *arguments):
        """Runs ip(8) inside."""
        return _ip("-n", self.name, *arguments)

    def add_address(self, address, device="lo"):
        """An address as a node has it on its dummy interface; IPv6 without duplicate detection, which
        would make it unusable for a second."""
        prefix = "128" if ":" in address else "32"
        nodad = ["nodad"] if ":" in address else []
        self.ip("address", "replace", f"{address}/{prefix}", "dev", device, *nodad)

    def remove_address(self, address, device="lo"):
        self.ip("address", "delete", f"{address}/{'128' if ':' in address else '32'}", "dev", device)

    def join(self, other, name, mine, theirs):
        """A veth pair to `other`; `mine` and `theirs` are addresses with prefix length."""
        self.ip("link", "add", name, "type", "veth", "peer", "name", name, "netns", other.name)
        for space, address in ((self, mine), (other, theirs)):
            nodad = ["nodad"] if ":" in address else []
            space.ip("address", "add", address, "dev", name, *nodad)
            space.ip("link", "set", name, "up")


def kill_inhabitants(name, sparing=()):
    """Ends what was left running inside: a server outlives its agent by design. A namespace with a process
    in it would live on without its name."""
    for pid in map(int, _ip("netns", "pids", name).split()):
        if pid != os.getpid() and pid not in sparing:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def remove_orphans():
    """Removes what a killed run left behind: namespaces named after a process that is gone."""
    for line in _ip("netns", "list").splitlines():
        name = line.split()[0]
        match = _NAME.match(name)
        if match and not os.path.exists(f"/proc/{match.group(1)}"):
            kill_inhabitants(name)
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)
