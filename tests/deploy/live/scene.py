"""A node in a network namespace under load and trouble, scraped by Prometheus: every metric has something to count."""

import contextlib
import os
import pathlib
import signal
import struct
import time

from lab import replies
from lab.agent import SERVER_METRICS, METRICS as AGENT_METRICS, Agent, kill
from lab.client import ask
from lab.fakedns import FakeDns, Later
from lab.node import INTERFACE, LOCAL, Node
from lab.ours import block
from lab.tls import Authority
from lab.waiting import wait_until
from live.exposition import Exposition
from live.load import Load
from live.prometheus import Prometheus, job

UPSTREAM, DEAD = "127.0.0.5", "127.0.0.4"  # the second has no server
BOTH = " ".join(LOCAL.values())
CACHE = "cache 2 {\n    success 64 2 0\n    denial 64 2 0\n    prefetch 1 1m 90%\n    serve_stale\n}"


def corefile(comment, identity, loop=True):
    """Small capacities and TTLs of two seconds: evictions, prefetches and stale answers come soon. The certificate of
    `identity` ends soon, too."""
    def one(zone, *directives):
        return block(*directives, zone=f"{zone}:53", bind=BOTH, metrics=SERVER_METRICS)
    return f"# {comment}\n" + "".join((
        one(".", CACHE, f"forward . {UPSTREAM} {DEAD} {{\n    policy round_robin\n    health_check 100ms\n}}"),
        one("stale.test", "cache 1 {\n    success 64 1 0\n    serve_stale\n}", f"forward . {UPSTREAM}"),
        one("broken.test", f"forward . {DEAD} {{\n    health_check 100ms\n}}"),
        one("limited.test", f"forward . {UPSTREAM} {{\n    max_concurrent 2\n}}"),
        block(f"tls {identity.certificate} {identity.key}", "whoami", zone="tls://tls.test", bind=BOTH,
              metrics=SERVER_METRICS),
        one("loop.test", "loop", f"forward . {LOCAL[4]}") if loop else ""))


def upstream(seen):
    """What the upstream does, by the first letters of the name."""
    message, name = seen.message, seen.name
    if seen.is_probe or name.startswith("popular1.") and seen.type in ("MX", "TXT"):
        return replies.nodata(message)
    if name.startswith("nx"):
        return replies.nxdomain(message)
    if name.startswith("failing"):
        return replies.failure(message)
    if name.startswith("forged"):
        wire = replies.address(message).to_wire()
        other = struct.pack("!H", (message.id + 1) & 0xFFFF) + wire[2:]
        return [other, wire]
    answer = replies.address(message, "2001:db8::1" if seen.type == "AAAA" else "192.0.2.1")
    slow = name.startswith("slow") or ".limited." in name
    return Later(0.12 if slow else 0.004, answer)


class Scene:
    """`with Scene(directory) as scene:`; inside, the calling thread is in the node's namespace."""

    def __init__(self, directory, loop=True):
        self.directory = pathlib.Path(directory)
        self.loop = loop
        self.identity = Authority(self.directory).issue("DNS:tls.test", days=1)
        self._ends = contextlib.ExitStack()
        self.begin = self.end = 0.0

    def __enter__(self):
        with contextlib.ExitStack() as ends:
            self.node = ends.enter_context(contextlib.closing(Node()))
            ends.enter_context(self.node.host.inside())
            ends.callback(FakeDns(UPSTREAM, upstream).start().stop)
            for name, port in (("node_cache.prom", 9301), ("kube_state.prom", 9302)):
                ends.callback(Exposition(name, port).start().stop)
            self.agent = Agent(self.directory, conf=self.corefile("first"), sync="5s").start()
            ends.callback(self.agent.stop)
            self.agent.wait_serving()
            self.prometheus = Prometheus(self.directory, [
                job("kubernetes-service-endpoints", [SERVER_METRICS, AGENT_METRICS], "worker-1", "node-local-dns"),
                job("node-cache", ["127.0.0.1:9301"], "worker-2"),
                job("kube-state-metrics", ["127.0.0.1:9302"])]).start()
            ends.callback(self.prometheus.stop)
            self.load = ends.enter_context(Load(self.node.pod))
            self.begin = time.time()
            self._ends = ends.pop_all()
        return self

    def __exit__(self, *_):
        self._ends.close()

    def corefile(self, comment):
        return corefile(comment, self.identity, self.loop)

    # Trouble.

    def seen(self, expr, timeout=10):
        """Waits until Prometheus knows of it."""
        return wait_until(lambda: self.prometheus.instant(expr, time.time()), timeout, f"Prometheus to see {expr}",
                          interval=0.2)

    def server(self):
        return self.agent.children()[0]

    def crash(self):
        before = self.server()
        kill(before)
        self.agent.wait_serving(beside=(before,))

    def fall_back(self):
        """A server that cannot be started, for as long as it takes to be scraped."""
        self.agent.conf.write_text("broken {\n")
        kill(self.server())
        self.seen("node_local_dns_fallback_active == 1")
        self.agent.conf.write_text(self.corefile("after the fallback"))
        self.agent.wait_serving()
        self.seen("node_local_dns_server_up == 1 and node_local_dns_fallback_active == 0")

    def lose_network(self):
        self.node.host.ip("link", "delete", INTERFACE)
        self.node.host.run("nft", "flush", "table", "ip", "node-local-dns")
        self.seen('node_local_dns_repairs_total{kind="nftables"} > 0 and on () node_local_dns_repairs_total'
                  '{kind="interface"} > 0')

    def reload(self):
        """A file that is refused, then a good one."""
        for text, said in (("broken {\n", "reload failed"), (self.corefile("reloaded"), "reload complete")):
            self.agent.conf.write_text(text)
            os.kill(self.server(), signal.SIGHUP)
            self.agent.wait_log(said)
        self.seen("coredns_reload_failed_total == 1")

    def ask_the_loop(self):
        """Only when it has been found: before, a client's query goes round in hundreds and drowns all else."""
        self.seen('coredns_dns_responses_total{plugin="loop"}')
        for number in range(4):
            with self.node.pod.inside():
                ask(f"a{number}.loop.test", server=LOCAL[4])
            time.sleep(0.7)

    def play(self, rest=6.0):
        """All of it, with time enough between for each to be in two scrapes; then `rest` seconds of load."""
        time.sleep(3)
        for trouble in (self.crash, self.fall_back, self.crash, self.lose_network, self.reload,
                        self.ask_the_loop):
            trouble()
            time.sleep(1.5)
        time.sleep(rest)
        self.end = time.time()
