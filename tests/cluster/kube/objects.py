"""Kubernetes objects of the tests: Services of both families, their endpoints, a Node."""

import ipaddress

DISCOVERY = "/apis/discovery.k8s.io/v1beta1/namespaces"
FAMILY = {4: "IPv4", 6: "IPv6"}


def family_of(address):
    return ipaddress.ip_address(address).version


class Service:
    """A Service with cluster IPs and endpoints that the test chooses. `ports` are (name, protocol, port)."""

    def __init__(self, api, namespace, name, cluster_ips, ports):
        self.api = api
        self.namespace = namespace
        self.name = name
        self.cluster_ips = list(cluster_ips)
        self.ports = list(ports)

    def create(self, endpoints):
        families = [FAMILY[family_of(one)] for one in self.cluster_ips]
        self.api.create(f"/api/v1/namespaces/{self.namespace}/services", {
            "metadata": {"name": self.name},
            "spec": {"clusterIP": self.cluster_ips[0], "clusterIPs": self.cluster_ips, "ipFamilies": families,
                     "ipFamilyPolicy": "RequireDualStack" if len(families) == 2 else "SingleStack",
                     "ports": [{"name": name, "protocol": protocol, "port": port}
                               for name, protocol, port in self.ports]}})
        for family in map(family_of, self.cluster_ips):
            self.api.create(f"{DISCOVERY}/{self.namespace}/endpointslices", {
                "metadata": {"name": self._slice(family), "labels": {"kubernetes.io/service-name": self.name}},
                "addressType": FAMILY[family], **self._endpoints(family, endpoints)})
        return self

    def set_endpoints(self, endpoints):
        for family in map(family_of, self.cluster_ips):
            self.api.replace(f"{DISCOVERY}/{self.namespace}/endpointslices/{self._slice(family)}",
                             lambda found, one=family: found.update(self._endpoints(one, endpoints)))

    def delete(self):
        self.api.delete(f"/api/v1/namespaces/{self.namespace}/services/{self.name}")
        for family in map(family_of, self.cluster_ips):
            self.api.delete(f"{DISCOVERY}/{self.namespace}/endpointslices/{self._slice(family)}")

    def _slice(self, family):
        return f"{self.name}-{FAMILY[family].lower()}"

    def _endpoints(self, family, endpoints):
        return {"endpoints": [{"addresses": [one], "conditions": {"ready": True}}
                              for one in endpoints if family_of(one) == family],
                "ports": [{"name": name, "protocol": protocol, "port": port} for name, protocol, port in self.ports]}


def create_node(api, name, addresses):
    """kube-proxy looks up its own address here, and waits half a minute if there is none."""
    api.create("/api/v1/nodes", {"metadata": {"name": name}})
    api.call("PATCH", f"/api/v1/nodes/{name}/status",
             {"status": {"addresses": [{"type": "InternalIP", "address": one} for one in addresses]}},
             "application/strategic-merge-patch+json")
