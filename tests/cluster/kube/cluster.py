"""The end-to-end suite's node, with a real control plane and a real kube-proxy instead of rules typed in."""

import signal

from kube.control_plane import ControlPlane
from kube.objects import Service, create_node
from kube.proxy import KubeProxy
from lab.node import CLUSTER_DNS, ENDPOINTS, FAMILIES, NODE, Node
from lab.waiting import wait_until

BACKENDS = ("nft", "legacy")
DNS_PORTS = (("dns", "UDP", 53), ("dns-tcp", "TCP", 53))
DNS_ENDPOINTS = [*ENDPOINTS[4], *ENDPOINTS[6]]


class Cluster:
    """`cluster.node` is lab.node.Node; `cluster.proxy` the kube-proxy that runs now, if one does."""

    def __init__(self, programs):
        self.programs = programs
        self.proxy = None
        self.node = Node("none")
        try:
            self.plane = ControlPlane(programs, self.node.host, NODE[4])
        except BaseException:
            self.node.close()
            raise
        self.api = self.plane.api
        self.kube_dns = Service(self.api, "kube-system", "kube-dns", [CLUSTER_DNS[4], CLUSTER_DNS[6]], DNS_PORTS)

    def start(self):
        self.node.host.enter()
        self.plane.start()
        create_node(self.api, "node", [NODE[4], NODE[6]])
        # The apiserver makes kube-system itself, some seconds after it is ready.
        wait_until(self._has_kube_system, 30, "the namespace kube-system")
        self.kube_dns.create(DNS_ENDPOINTS)
        return self

    def _has_kube_system(self):
        names = [one["metadata"]["name"] for one in self.api.call("GET", "/api/v1/namespaces")["items"]]
        return "kube-system" in names

    def close(self):
        self.stop_proxy()
        self.plane.stop()
        self.node.close()

    # kube-proxy

    def start_proxy(self, backend, **more):
        """Returns when it has written the Service kube-dns for both families."""
        self.proxy = KubeProxy(self.programs, self.plane, self.node.host, backend, **more).start()
        for family in FAMILIES:
            self.proxy.wait_service(CLUSTER_DNS[family], family)
        return self.proxy

    def stop_proxy(self, number=signal.SIGTERM):
        if self.proxy is not None:
            self.proxy.stop(number)
            self.proxy = None

    # Between tests

    def flush(self):
        """No rules of anybody in the node's namespace."""
        self.node.host.run("nft", "flush", "ruleset")
        for family in ("ip", "ip6"):
            # Only tables that are there: asking for others would make them.
            tables = self.node.host.run("cat", f"/proc/net/{family}_tables_names", check=False).split()
            if tables:
                self.node.host.run(f"{family}tables-legacy-restore", "--wait", "5",
                                   stdin="".join(f"*{table}\nCOMMIT\n" for table in tables))

    def service(self, namespace, name, cluster_ips, ports, endpoints):
        """A further Service, for one test."""
        return Service(self.api, namespace, name, cluster_ips, ports).create(endpoints)
