# A server of the comparison as a process: started on its CPU, asked whether it is up, its CPU time and memory read.
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import time

ZONE = "bench.example"  # not below "test": unbound answers that itself
START_WITHIN = 10.0  # seconds
CLOCK_TICK = os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def pinned(cpus):
    """What is started inside runs on these CPUs from its first instruction."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def probe_query():
    query = b"\x4e\x4c\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + b"\x05probe"
    return query + b"".join(bytes([len(p)]) + p.encode() for p in ZONE.split(".")) + b"\x00\x00\x01\x00\x01"


def answers(address, port, within):
    """True when a DNS server answers there within that time; SERVFAIL comes from one whose upstream is not up yet."""
    query = probe_query()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(within)
        try:
            sock.connect((address, port))
            sock.send(query)
            reply = sock.recv(1500)
        except OSError:
            return False
    return reply[:2] == query[:2] and reply[3] & 0x0F != 2


class Server:
    """One process and the children it forks."""

    def __init__(self, name, command, cpus, port, log, address="127.0.0.1", reflects=False):
        self.name = name
        self.command = [str(part) for part in command]
        self.cpus = cpus
        self.port = port
        self.log = log
        self.address = address
        self.reflects = reflects  # sends queries back in place of answers
        self.process = None
        self.start_seconds = None

    def start(self):
        with open(self.log, "ab") as log, pinned(self.cpus):
            begin = time.monotonic()
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        while not answers(self.address, self.port, 0.1):
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended at start: exit {self.process.returncode}")
            if time.monotonic() > begin + START_WITHIN:
                self.stop()
                raise RuntimeError(f"{self.name} does not answer on {self.address}:{self.port}")
            time.sleep(0.0002)
        self.start_seconds = time.monotonic() - begin

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def children(self):
        found = []
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            with contextlib.suppress(OSError):
                found += (task / "children").read_text().split()
        return [int(pid) for pid in found]

    def wait_for_children(self):
        """dnsmasq serves each TCP connection in a process: its CPU time counts once it is gone."""
        deadline = time.monotonic() + 2
        while self.name == "dnsmasq" and self.children() and time.monotonic() < deadline:
            time.sleep(0.01)

    def cpu_seconds(self):
        """User and system time of all threads, of live children, and of children that were waited for."""
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended: exit {self.process.returncode}")
        total = sum(process_seconds(pid) for pid in [self.process.pid, *self.children()])
        # Fields 16 and 17 of stat (proc(5)), counted behind the command's closing parenthesis.
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return total + (int(fields[13]) + int(fields[14])) / CLOCK_TICK

    def memory(self):
        """What the process and its children hold, in bytes: resident, and with shared pages divided among users."""
        total = {"Rss": 0, "Pss": 0}
        for pid in [self.process.pid, *self.children()]:
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                key, _, value = line.partition(":")
                if key in total:
                    total[key] += int(value.split()[0]) * 1024
        return total


def process_seconds(pid):
    """CPU time of all threads, also of those that ended, in the scheduler's nanoseconds and not in clock ticks."""
    # A process's clock has an id made from its pid: MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED) of the kernel.
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0  # a child that ended meanwhile


def tracer(pid):
    """The process that traces this one; 0: none."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("TracerPid:")[2].split()[0])


def first_line(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=10, check=False)
    return next(iter((done.stdout or done.stderr).splitlines()), "unknown").strip()
