# The servers of the comparison and how each is configured: a plain caching forwarder with one thread.
import dataclasses
import pathlib
import shlex
from collections.abc import Callable

import process

UPSTREAM = ("127.0.0.2", 5400)
CAPACITY = 131_072  # names; more than the bench fills in
NODE_ADDRESS = "169.254.20.10"
TTL = 86400  # nothing expires during a run


@dataclasses.dataclass(frozen=True)
class Place:
    """Where one instance runs: its directory, its port, and how it reaches the upstream."""

    directory: pathlib.Path
    port: int
    tcp_upstream: bool = False
    workers: int | None = None  # how many, in a comparison of their numbers; else one
    budget: int | None = None  # bytes for the cache
    capacity: int = CAPACITY
    agent: bool = False  # the node agent and its server

    @property
    def address(self):
        return NODE_ADDRESS if self.agent else "127.0.0.1"

    @property
    def upstream(self):
        return f"{UPSTREAM[0]}:{UPSTREAM[1]}"


@dataclasses.dataclass(frozen=True)
class Peer:
    name: str
    version: str
    command: Callable[[Place], list]
    fleets: frozenset = frozenset({"small", "large", "tcp"})

    def fits(self, fleet):
        return fleet in self.fleets


def write(place, name, text):
    path = place.directory / name
    path.write_text(text)
    return path


def corefile(place):
    return write(
        place,
        "Corefile",
        f""".:{place.port} {{
    bind {place.address}
    errors
    loop
    prometheus 127.0.0.1:{place.port + 4000}
    cache {TTL} {{
        success {place.capacity} {TTL}
        denial {place.capacity} {TTL}
    }}
    forward . {place.upstream} {{
        {"force_tcp" if place.tcp_upstream else "prefer_udp"}
        max_concurrent 10000
    }}
}}
""",
    )


def ours(program):
    program = pathlib.Path(program).resolve()

    def command(place):
        if place.agent:
            return [program, "run", "--localip", NODE_ADDRESS, "--conf", corefile(place), "--workers", 1]
        line = [program, "serve", "--conf", corefile(place), "--workers", place.workers or 1]
        # Without a budget for it, the default would push out some of 100,000 names or none: that is not the question.
        return [*line, "--cache-memory", place.budget or 256 << 20]

    every = frozenset({"small", "large", "tcp", "workers", "workers_4", "budget", "agent", "huge"})
    return Peer("node-local-dns", process.first_line(program, "--version"), command, every)


def given(text):
    """--peer NAME=COMMAND, with {port}, {upstream}, {corefile} and {directory} in the command."""
    name, equals, template = text.partition("=")
    if not equals or not name or not shlex.split(template):
        raise ValueError(f"--peer: NAME=COMMAND, not '{text}'")

    def command(place):
        values = {"port": place.port, "upstream": place.upstream, "directory": place.directory}
        values["corefile"] = corefile(place)
        return [part.format(**values) for part in shlex.split(template)]

    # Only a Corefile is written for it here, so only what reads one can be told about TCP.
    fleets = {"small", "large"} | ({"tcp"} if "{corefile}" in template else set())
    return Peer(name, template, command, frozenset(fleets))


def unbound():
    def command(place):
        # No validation and no root hints: a plain caching forwarder, as the others.
        conf = f"""server:
  interface: 127.0.0.1@{place.port}
  access-control: 127.0.0.0/8 allow
  num-threads: 1
  module-config: "iterator"
  do-not-query-localhost: no
  do-daemonize: no
  use-syslog: no
  verbosity: 0
  chroot: ""
  username: ""
  directory: "{place.directory}"
  pidfile: ""
  msg-cache-size: 64m
  rrset-cache-size: 128m
  incoming-num-tcp: 64
  tcp-upstream: {"yes" if place.tcp_upstream else "no"}
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: {UPSTREAM[0]}@{UPSTREAM[1]}
"""
        return ["/usr/sbin/unbound", "-d", "-c", write(place, "unbound.conf", conf)]

    return Peer("unbound", process.first_line("/usr/sbin/unbound", "-V"), command)


def dnsmasq():
    def command(place):
        line = ["/usr/sbin/dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--user=root", "--group=root"]
        line += [f"--port={place.port}", "--listen-address=127.0.0.1", "--bind-interfaces", "--pid-file="]
        line += ["--no-resolv", "--no-hosts", f"--server={UPSTREAM[0]}#{UPSTREAM[1]}"]
        return line + [f"--cache-size={CAPACITY}", "--dns-forward-max=1000", "--log-facility=-"]

    return Peer("dnsmasq", process.first_line("/usr/sbin/dnsmasq", "--version"), command, frozenset({"small", "large"}))


def knot_resolver():
    def command(place):
        # Answers that it keeps as whole packets (NXDOMAIN) it asks for again after min_ttl, whatever TTL they have.
        transport = "policy.add(policy.all(policy.FLAGS({'TCP'})))" if place.tcp_upstream else ""
        conf = f"""net.listen('127.0.0.1', {place.port}, {{ kind = 'dns' }})
modules.unload('ta_update')
modules.unload('ta_signal_query')
modules.unload('priming')
modules.unload('detect_time_skew')
modules.unload('detect_time_jump')
trust_anchors.remove('.')
cache.open(256 * MB, 'lmdb://{place.directory}')
cache.min_ttl(3600)
net.tcp_pipeline(1000)
{transport}
policy.add(policy.all(policy.FORWARD('{UPSTREAM[0]}@{UPSTREAM[1]}')))
"""
        return ["/usr/sbin/kresd", "-n", "-q", "-c", write(place, "kresd.conf", conf), place.directory]

    return Peer("knot-resolver", process.first_line("/usr/sbin/kresd", "--version"), command)


def dnsdist():
    def command(place):
        conf = f"""setLocal('127.0.0.1:{place.port}')
setACL('127.0.0.0/8')
setSecurityPollSuffix('')
newServer({{ address = '{place.upstream}', tcpOnly = {"true" if place.tcp_upstream else "false"} }})
getPool(''):setCache(newPacketCache({CAPACITY}, {{ maxTTL = {TTL} }}))
"""
        path = write(place, "dnsdist.conf", conf)
        return ["/usr/bin/dnsdist", "--supervised", "--disable-syslog", "-C", path]

    return Peer("dnsdist", process.first_line("/usr/bin/dnsdist", "--version"), command)


def debian():
    return [unbound(), dnsmasq(), knot_resolver(), dnsdist()]
