"""A cluster in a box: network namespaces of a pod, its node and the rest of the cluster with the cluster DNS.

    pod ── 10.244.1.0/24 ── node ── 192.168.50.0/24 ── cluster (10.244.2.10, 10.244.2.11: the cluster DNS)

The Service kube-system/kube-dns has 10.96.0.10, served by rules as kube-proxy writes them. Whoever answers tells
by the address: see `WHO`."""

import contextlib
import pathlib
import shutil
import subprocess
import tempfile

from lab import responder
from lab.client import Stream, ask, data
from lab.kube_proxy import KubeProxy
from lab.namespaces import Namespace, kill_inhabitants
from lab.processes import Process
from lab.waiting import wait_until

LOCAL = {4: "169.254.20.10", 6: "fd00:169:254:20::10"}
CLUSTER_DNS = {4: "10.96.0.10", 6: "fd00:10:96::a"}
ENDPOINTS = {4: ("10.244.2.10", "10.244.2.11"), 6: ("fd00:10:244:2::a", "fd00:10:244:2::b")}
POD = {4: "10.244.1.2", 6: "fd00:10:244:1::2"}
NODE = {4: "192.168.50.1", 6: "fd00:192:168:50::1"}
UPSTREAM = "127.0.0.2"  # of the local server: in the node's namespace, so that its answers differ
INTERFACE = "nodelocaldns"

LOCAL_ANSWER, CLUSTER_ANSWER = "192.0.2.1", "198.51.100.1"
WHO = {LOCAL_ANSWER: "local", CLUSTER_ANSWER: "cluster"}
FAMILIES = (4, 6)
# Kinds of nodes: kube-proxy's mode and the iptables backend. To be used as they are: pytest builds a module's node
# again for another object, be it equal.
IPTABLES_NFT, IPTABLES_LEGACY, NFTABLES = ("iptables", "nft"), ("iptables", "legacy"), ("nftables", "nft")


class Responder(Process):
    """lab.responder in a namespace."""

    def __init__(self, space, directory, name, identity4, identity6, addresses):
        super().__init__(responder.command(identity4, identity6, addresses), directory, name)
        self.space = space
        self.addresses = addresses

    def start(self):
        with self.space.inside():
            super().start()
        self.wait_for_sockets([(protocol, one, 53) for one in self.addresses for protocol in ("udp", "tcp")])
        return self


class Node:
    """`node.host`, `node.pod`, `node.cluster` are the namespaces; tests run in the host's."""

    def __init__(self, kube_proxy="iptables", backend="nft"):
        self.directory = tempfile.mkdtemp(prefix="nld-node-")
        self.spaces = []
        self.servers = []
        try:
            self.pod, self.host, self.cluster = (self._space() for _ in range(3))
            self._wire()
            self.own_links = self.links()
            self.kube_proxy = KubeProxy(self.host, kube_proxy, backend, CLUSTER_DNS, ENDPOINTS)
            self.kube_proxy.sync()
            self.cluster_dns = self._server(self.cluster, "cluster-dns", CLUSTER_ANSWER, "2001:db8::c",
                                            ENDPOINTS[4] + ENDPOINTS[6])
            self.upstream = self._server(self.host, "upstream", LOCAL_ANSWER, "2001:db8::1", (UPSTREAM,))
            for server in self.servers:
                server.start()
        except BaseException:
            self.close()
            raise

    def _space(self):
        space = Namespace()
        self.spaces.append(space)
        for scope in ("all", "default"):
            # Duplicate address detection would make a new address useless for a second.
            space.sysctl(f"net.ipv6.conf.{scope}.accept_dad", 0)
            # As strict as a node can be: a packet must come in where its answer would go out.
            space.sysctl(f"net.ipv4.conf.{scope}.rp_filter", 1)
        return space

    def _server(self, space, name, identity4, identity6, addresses):
        server = Responder(space, self.directory, name, identity4, identity6, addresses)
        self.servers.append(server)
        return server

    def _wire(self):
        self.host.sysctl("net.ipv4.ip_forward", 1)
        self.host.sysctl("net.ipv6.conf.all.forwarding", 1)
        self.pod.join(self.host, "pod", f"{POD[4]}/24", "10.244.1.1/24")
        self.cluster.join(self.host, "uplink", "192.168.50.2/24", f"{NODE[4]}/24")
        for space, link, address in ((self.pod, "pod", f"{POD[6]}/64"), (self.host, "pod", "fd00:10:244:1::1/64"),
                                     (self.cluster, "uplink", "fd00:192:168:50::2/64"),
                                     (self.host, "uplink", f"{NODE[6]}/64")):
            space.ip("address", "add", address, "dev", link, "nodad")
        for endpoint in ENDPOINTS[4] + ENDPOINTS[6]:
            self.cluster.add_address(endpoint)
        self.pod.ip("route", "add", "default", "via", "10.244.1.1")
        self.pod.ip("route", "add", "default", "via", "fd00:10:244:1::1")
        self.host.ip("route", "add", "default", "via", "192.168.50.2")
        self.host.ip("route", "add", "default", "via", "fd00:192:168:50::2")
        self.cluster.ip("route", "add", "10.244.1.0/24", "via", NODE[4])
        self.cluster.ip("route", "add", "fd00:10:244:1::/64", "via", NODE[6])

    def close(self):
        for server in self.servers:
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.stop()
        for space in reversed(self.spaces):
            space.remove()
        shutil.rmtree(self.directory, ignore_errors=True)

    # Who answers.

    def asks(self, space=None, family=4, tcp=False, server=None, timeout=0.5, name="who.test"):
        """One question on a fresh socket: "local", "cluster", or "nobody"."""
        with (space or self.pod).inside():
            return who(server or LOCAL[family], tcp=tcp, timeout=timeout, name=name)

    def wait_for(self, expected, space=None, timeout=8.0, **more):
        """Until `expected` answers a new flow."""
        return wait_until(lambda: self.asks(space, **more) == expected, timeout, f"{expected} to answer")

    def stream(self, space=None, family=4, server=None):
        """A TCP connection that stays open."""
        with (space or self.pod).inside():
            return Stream(server or LOCAL[family])

    # The interface, as the agent or a hand makes it.

    def add_interface(self, name=INTERFACE, families=FAMILIES):
        """This kernel has no dummy type; an ifb has no peer and no ARP either."""
        self.host.ip("link", "add", name, "type", "ifb")
        for family in families:
            self.host.add_address(LOCAL[family], name)
        self.host.ip("link", "set", name, "up")

    def reset(self):
        """As before any test: kube-proxy's rules, no others, no interface, no process but the lab's servers."""
        kill_inhabitants(self.host.name, sparing=[server.pid for server in self.servers])
        for link in self.links() - self.own_links:
            self.host.ip("link", "delete", link)
        self.host.run("nft", "flush", "ruleset")
        for program, used in (("iptables-legacy-restore", "ip_tables_names"),
                              ("ip6tables-legacy-restore", "ip6_tables_names")):
            if tables := self._proc_net(used).split():
                self.host.run(program, "--wait", "5", stdin="".join(f"*{table}\nCOMMIT\n" for table in tables))
        self.kube_proxy.sync()

    def _proc_net(self, name):
        with self.host.inside():
            path = pathlib.Path("/proc/thread-self/net", name)
            return path.read_text() if path.exists() else ""

    def links(self):
        return {line.split(": ")[1].split("@")[0] for line in self.host.ip("-o", "link").splitlines()}

    def addresses(self, name=INTERFACE):
        return {line.split()[3].split("/")[0] for line in self.host.ip("-o", "address", "show", "dev", name)
                .splitlines() if " scope link" not in line or "169.254." in line}


def who(server, *, tcp=False, timeout=0.5, name="who.test"):
    """Asks from the namespace of the calling thread."""
    import dns.exception
    try:
        answers = data(ask(name, server=server, tcp=tcp, timeout=timeout))
    except (dns.exception.Timeout, OSError, EOFError):
        return "nobody"
    return WHO.get(answers[0], answers[0]) if answers else "no data"
