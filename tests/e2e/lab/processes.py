"""Child processes: started with their output in a file, ready when their sockets are open, ended by pid."""

import os
import pathlib
import signal
import subprocess

from lab.waiting import PATIENCE, wait_until

SANITIZER_MARKS = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error: ")


class Process:
    """One program. `output` is a file: a pipe that nobody reads would block the child."""

    def __init__(self, command, directory, name, environment=None):
        self.command = [str(word) for word in command]
        self.directory = pathlib.Path(directory)
        self.output = self.directory / f"{name}.log"
        self.environment = environment
        self.child = None

    def start(self):
        with open(self.output, "ab") as sink:
            self.child = subprocess.Popen(
                self.command, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
                env=None if self.environment is None else {**os.environ, **self.environment})
        return self

    @property
    def pid(self):
        return self.child.pid

    def running(self):
        return self.child is not None and self.child.poll() is None

    def text(self):
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    def send_signal(self, number):
        self.child.send_signal(number)

    def wait(self, timeout=10.0):
        return self.child.wait(timeout * PATIENCE)

    def stop(self, number=signal.SIGTERM, timeout=10.0):
        """Ends it and returns the exit code; kills what does not end in time."""
        if self.child is None:
            return None
        if self.running():
            self.child.send_signal(number)
        try:
            return self.wait(timeout)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise

    def wait_for_sockets(self, endpoints, timeout=10.0):
        """Waits until this process (or its children) has every (protocol, address or None, port) open."""
        def ready():
            if not self.running():
                raise RuntimeError(f"{self.command[0]} ended with {self.child.returncode}:\n{self.text()}")
            have = open_sockets(self.pid)
            return all(any(p == protocol and port == n and address in (None, a) for p, a, n in have)
                       for protocol, address, port in endpoints)
        try:
            wait_until(ready, timeout, f"sockets {endpoints} of {self.command[0]}")
        except TimeoutError as error:
            raise TimeoutError(f"{error}\nopen: {open_sockets(self.pid)}\n{self.text()}") from error


def _family(pid):
    yield pid
    try:
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from _family(int(child))


def _inodes(pid):
    found = set()
    try:
        for entry in os.scandir(f"/proc/{pid}/fd"):
            try:
                target = os.readlink(entry.path)
            except OSError:
                continue
            if target.startswith("socket:["):
                found.add(target[8:-1])
    except OSError:
        pass
    return found


def _address(text):
    """The kernel prints addresses as 32-bit words in host order."""
    import ipaddress
    raw = b"".join(bytes.fromhex(text[i:i + 8])[::-1] for i in range(0, len(text), 8))
    return str(ipaddress.ip_address(raw))


def open_sockets(pid):
    """(udp|tcp, address, port) of bound UDP and listening TCP sockets of the process tree; looks only, so
    that no server's counters change."""
    inodes = set().union(*(_inodes(one) for one in _family(pid)))
    found = set()
    for table in ("udp", "udp6", "tcp", "tcp6"):
        try:
            lines = pathlib.Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            listening = fields[3] == ("0A" if table.startswith("tcp") else "07")
            if listening and fields[9] in inodes:
                address, port = fields[1].rsplit(":", 1)
                found.add((table[:3], _address(address), int(port, 16)))
    return found
