# The servers of the comparison: how each is configured, started on its CPU, and its CPU time read.
import os
import pathlib
import signal
import socket
import subprocess
import time

ZONE = "bench.example"  # not below "test": unbound answers that itself
UPSTREAM = ("127.0.0.2", 5400)
TTL = 86400  # nothing expires during a run
READY_WITHIN = 10.0  # seconds
CLOCK_TICK = os.sysconf("SC_CLK_TCK")


def probe(address, port):
    """True when a DNS server answers there, whatever it answers."""
    query = b"\x4e\x4c\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + b"\x02n0"
    query += b"".join(bytes([len(label)]) + label.encode() for label in ZONE.split(".")) + b"\x00\x00\x01\x00\x01"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.2)
        try:
            sock.connect((address, port))
            sock.send(query)
            reply = sock.recv(1500)
        except OSError:
            return False
    # SERVFAIL comes from a forwarder whose upstream is not up yet.
    return reply[:2] == query[:2] and reply[3] & 0x0F != 2


class Server:
    """One process (and the children it forks), pinned to a CPU."""

    def __init__(self, name, version, command, cpu, address, port, log):
        self.name = name
        self.version = version
        self.command = ["taskset", "-c", str(cpu), *map(str, command)]
        self.address = address
        self.port = port
        self.log = log
        self.process = None

    def start(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + READY_WITHIN
        while not probe(self.address, self.port):
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended at start: exit {self.process.returncode}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} does not answer on {self.address}:{self.port}")
            time.sleep(0.05)

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def children(self):
        found = []
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            try:
                found += (task / "children").read_text().split()
            except OSError:
                continue
        return [int(pid) for pid in found]

    def wait_for_children(self):
        """dnsmasq serves each TCP connection in a process: its CPU time counts once it is gone."""
        deadline = time.monotonic() + 2
        while self.transient_children() and time.monotonic() < deadline:
            time.sleep(0.01)

    def transient_children(self):
        return [] if self.name == "nsd" else self.children()

    def cpu_seconds(self):
        """User and system time of all threads, of live children, and of children that were waited for."""
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended: exit {self.process.returncode}")
        total = sum(thread_seconds(pid) for pid in [self.process.pid, *self.children()])
        # Fields 16 and 17 of stat (proc(5)), counted behind the command's closing parenthesis.
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return total + (int(fields[13]) + int(fields[14])) / CLOCK_TICK


def thread_seconds(pid):
    """The scheduler's own count, in nanoseconds: finer than the clock ticks of stat."""
    total = 0
    try:
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    except OSError:
        pass  # a thread or child that ended meanwhile
    return total / 1e9


def first_line(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=10, check=False)
    return next(iter((done.stdout or done.stderr).splitlines()), "unknown")


def nsd(scratch, names, cpu):
    zone = [f"$TTL {TTL}", f"@ SOA ns.{ZONE}. admin.{ZONE}. 1 7200 3600 1209600 {TTL}", "@ NS ns", "ns A 127.0.0.2"]
    zone += [f"n{i} A 10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}" for i in range(names)]
    (scratch / "zone").write_text("\n".join(zone) + "\n")
    conf = scratch / "nsd.conf"
    conf.write_text(
        f"""server:
  ip-address: {UPSTREAM[0]}@{UPSTREAM[1]}
  server-count: 1
  username: ""
  zonesdir: "{scratch}"
  pidfile: ""
  zonelistfile: "{scratch}/zone.list"
  xfrdfile: ""
  xfrdir: "{scratch}"
  database: ""
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: {ZONE}
  zonefile: "{scratch}/zone"
"""
    )
    command = ["/usr/sbin/nsd", "-d", "-c", conf]
    return Server("nsd", first_line("/usr/sbin/nsd", "-v"), command, cpu, *UPSTREAM, scratch / "nsd.log")


def ours(scratch, program, cpu, port=5301):
    conf = scratch / "Corefile"
    conf.write_text(
        f""".:{port} {{
    bind 127.0.0.1
    errors
    prometheus 127.0.0.1:9153
    cache {TTL} {{
        success 9984 {TTL}
        denial 9984 {TTL}
    }}
    forward . {UPSTREAM[0]}:{UPSTREAM[1]}
}}
"""
    )
    command = [pathlib.Path(program).resolve(), "serve", "--conf", conf, "--workers", "1"]
    version = first_line(program, "--version")
    return Server("node-local-dns", version, command, cpu, "127.0.0.1", port, scratch / "node-local-dns.log")


def unbound(scratch, cpu, port=5302):
    conf = scratch / "unbound.conf"
    # No validation and no root hints: a plain caching forwarder, as the others.
    conf.write_text(
        f"""server:
  interface: 127.0.0.1@{port}
  access-control: 127.0.0.0/8 allow
  num-threads: 1
  module-config: "iterator"
  do-not-query-localhost: no
  do-daemonize: no
  use-syslog: no
  verbosity: 0
  chroot: ""
  username: ""
  directory: "{scratch}"
  pidfile: ""
  msg-cache-size: 16m
  rrset-cache-size: 32m
  incoming-num-tcp: 64
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: {UPSTREAM[0]}@{UPSTREAM[1]}
"""
    )
    version = first_line("/usr/sbin/unbound", "-V")
    command = ["/usr/sbin/unbound", "-d", "-c", conf]
    return Server("unbound", version, command, cpu, "127.0.0.1", port, scratch / "unbound.log")


def dnsmasq(scratch, cpu, port=5303):
    command = ["/usr/sbin/dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--user=root", "--group=root"]
    command += [f"--port={port}", "--listen-address=127.0.0.1", "--bind-interfaces", "--pid-file="]
    command += ["--no-resolv", "--no-hosts", f"--server={UPSTREAM[0]}#{UPSTREAM[1]}"]
    command += ["--cache-size=9984", "--dns-forward-max=1000", "--log-facility=-"]
    version = first_line("/usr/sbin/dnsmasq", "--version")
    return Server("dnsmasq", version, command, cpu, "127.0.0.1", port, scratch / "dnsmasq.log")
