"""What the overlays deploy, in a cluster in a box: with the rendered arguments, Corefile and confinement the program
answers, passes the kubelet's probes, leaves pods the cluster DNS when it dies, and can be cleaned up after."""

import contextlib
import http.client
import json
import socket
import subprocess

import pytest

import pod
import rendered
from lab.agent import kill
from lab.client import ask, data
from lab.metrics import scrape
from lab.node import (CLUSTER_ANSWER, CLUSTER_DNS, ENDPOINTS, LOCAL_ANSWER, NODE, POD, UPSTREAM, WHO, Node, Responder)
from lab.steady import Steady
from lab.waiting import wait_until

EXTERNAL, INTERNAL = "www.example.test", "kubernetes.default.svc.cluster.local"
LOCAL = {4: "169.254.20.10", 6: "fd00:169:254:20::10"}
# In the box the address of the cluster DNS is that of kube-dns-upstream. Of two Services, in transparent mode, the
# second is an endpoint.
UPSTREAMS = {"kube-dns-upstream": CLUSTER_DNS[4], "kube-dns-upstream-ipv6": CLUSTER_DNS[6]}
UPSTREAM_OF_IPV6 = {"kube-dns-upstream": CLUSTER_DNS[6]}
BEHIND_KUBE_DNS = {"kube-dns": CLUSTER_DNS[4], "kube-dns-upstream": ENDPOINTS[4][0]}


@contextlib.contextmanager
def box(kube_proxy):
    node = Node(kube_proxy)
    try:
        node.host.enter()
        yield node
    finally:
        node.close()


@contextlib.contextmanager
def running(directory, manifests, services, **more):
    agent = pod.Pod(directory, manifests, services, **more).start()
    try:
        agent.wait_serving()
        yield agent
        if agent.running():
            assert agent.stop() == 0, agent.text()
    except BaseException:
        print(agent.text())  # pytest shows it
        raise
    finally:
        if agent.running():
            agent.child.kill()
            agent.child.wait()


def answers(space, name, server):
    """By UDP and by TCP."""
    with space.inside():
        return [data(ask(name, server=server, tcp=tcp, timeout=2)) for tcp in (False, True)]


def assert_cluster_names_by_our_server(node, server):
    """The cluster DNS answers, but asked by our server: without it the answer would be the same."""
    def count():
        return scrape("127.0.0.1:9253").value("coredns_dns_requests_total", zone="cluster.local.")
    before = count()
    assert answers(node.pod, INTERNAL, server) == [[CLUSTER_ANSWER]] * 2
    assert count() >= before + 2  # `loop` asks once, too


def http_status(host, port, path):
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def assert_probes(manifests, host):
    """As the kubelet asks: in the container, or at the pod's address."""
    command = manifests.container["startupProbe"]["exec"]["command"]
    assert command[0] == "node-local-dns"
    assert pod.ours.run(*command[1:]).returncode == 0
    for probe in ("livenessProbe", "readinessProbe"):
        request = manifests.container[probe]["httpGet"]
        assert http_status(host, request["port"], request["path"]) == 200, probe


def assert_health(address):
    host, _, port = address.rpartition(":")
    assert http_status(host.strip("[]") or "127.0.0.1", int(port), "/health") == 200


def assert_gone(node, directory, services):
    """The overlay `cleanup` leaves nothing of ours."""
    spec = rendered.overlay("cleanup").one("DaemonSet", "node-local-dns-cleanup")["spec"]["template"]["spec"]
    directory.mkdir()
    done = pod.run_to_end(spec["initContainers"][0], spec["volumes"], directory,
                          {"kube-dns": CLUSTER_DNS[4], **services})
    assert done.returncode == 0, done.stderr
    assert "removed" in done.stdout
    assert node.links() == node.own_links
    everything = node.host.run("nft", "list", "ruleset")
    assert "node-local-dns" not in everything and "NODE-LOCAL-DNS" not in everything, everything
    for family in ("", "6"):
        left = node.host.run(f"ip{family}tables-nft-save")
        assert "NOTRACK" not in left and "socket" not in left, left


@pytest.mark.parametrize("overlay, kube_proxy, families, services, asked", [
    ("iptables", "iptables", (4,), UPSTREAMS, LOCAL),
    # This kernel has no IPVS: the flag, on rules that serve the same address. tests/vm has the real one.
    ("ipvs", "iptables", (4,), UPSTREAMS, LOCAL),
    ("nftables", "nftables", (4,), UPSTREAMS, LOCAL),
    ("ipv6", "iptables", (6,), UPSTREAM_OF_IPV6, LOCAL),
    ("dual-stack", "nftables", (4, 6), UPSTREAMS, LOCAL),
    ("transparent", "iptables", (4,), BEHIND_KUBE_DNS, CLUSTER_DNS)],
    ids=("iptables", "ipvs", "nftables", "ipv6", "dual-stack", "transparent"))
def test_overlay(binary, tmp_path, overlay, kube_proxy, families, services, asked):
    manifests = rendered.overlay(overlay)
    with box(kube_proxy) as node:
        with running(tmp_path, manifests, services, nameservers=[UPSTREAM]) as agent:
            for family in families:
                # The switch follows the first answer to a probe.
                node.wait_for("local", server=asked[family], name=EXTERNAL)
                assert answers(node.pod, EXTERNAL, asked[family]) == [[LOCAL_ANSWER]] * 2
                assert_cluster_names_by_our_server(node, asked[family])
                wait_until(lambda: http_status(NODE[family], 9353, "/readyz") == 200, 5, "the pod to be ready")
                assert_probes(manifests, NODE[family])
            assert_health(agent.started.environment["HEALTH_ADDRESS"])
            assert agent.status()[0] == 0, "healthy, says `node-local-dns status`"
            with agent.frozen():
                kill(agent.children()[0])
                for family in families:
                    assert answers(node.pod, EXTERNAL, asked[family]) == [[CLUSTER_ANSWER]] * 2
        assert_gone(node, tmp_path / "cleanup", services)


@pytest.mark.parametrize("overlay, services, asked", [("iptables", UPSTREAMS, LOCAL),
                                                      ("transparent", BEHIND_KUBE_DNS, CLUSTER_DNS)],
                         ids=("iptables", "transparent"))
def test_update(binary, tmp_path, overlay, services, asked):
    """maxSurge: the new pod serves beside the old one, then that ends. Pods lose nothing."""
    manifests = rendered.overlay(overlay)
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
    with box("iptables") as node, running(old, manifests, services, nameservers=[UPSTREAM]) as first:
        node.wait_for("local", server=asked[4], name=EXTERNAL)
        with Steady(node.pod, asked[4], WHO, name=EXTERNAL) as client:
            client.wait_for("local", 0, count=20)
            with running(new, manifests, services, nameservers=[UPSTREAM]) as second:
                # Until then the old pod's server answers the new agent's probes: they share the address.
                second.wait_for_sockets([("udp", asked[4], 53), ("tcp", asked[4], 53)])
                assert first.stop() == 0
                client.wait_for("local", client.now(), count=40)
                assert_probes(manifests, NODE[4])
                client.stop()
                assert client.counts()["local"] == len(client.queries), client.summary()


def test_cilium(binary, tmp_path):
    """A pod with addresses of its own, and no right to change the network."""
    manifests = rendered.overlay("cilium")
    with box("iptables") as node:
        upstream = Responder(node.pod, node.directory, "pod-upstream", LOCAL_ANSWER, "2001:db8::1", (UPSTREAM,))
        upstream.start()
        try:
            with node.pod.inside(), running(tmp_path, manifests, {"kube-dns-upstream": ENDPOINTS[4][0]},
                                            nameservers=[UPSTREAM], pod_ips=[POD[4], POD[6]]) as agent:
                for family in (4, 6):
                    assert answers(node.host, EXTERNAL, POD[family]) == [[LOCAL_ANSWER]] * 2
                    assert answers(node.host, INTERNAL, POD[family]) == [[CLUSTER_ANSWER]] * 2
                    wait_until(lambda: http_status(POD[family], 9353, "/readyz") == 200, 5, "the pod to be ready")
                    assert_probes(manifests, POD[family])
                assert_health(":8080")
                assert agent.status()[0] == 0
                assert "nodelocaldns" not in node.pod.ip("link")
        finally:
            upstream.stop()


def test_stub_domains(binary, tmp_path):
    """The ConfigMap kube-dns is read, as node-cache reads it."""
    with box("iptables") as node:
        maps = {"kube-dns": {"stubDomains": json.dumps({"corp.test": [ENDPOINTS[4][1]]})}}
        with running(tmp_path, rendered.overlay("iptables"), UPSTREAMS, nameservers=[UPSTREAM], config_maps=maps):
            node.wait_for("local", name=EXTERNAL)
            assert answers(node.pod, "git.corp.test", LOCAL[4]) == [[CLUSTER_ANSWER]] * 2


def test_service_comes_late(binary, tmp_path):
    """Without the address of kube-dns-upstream the container ends and says why: the kubelet starts it again, with the
    address if the Service is there by then."""
    with box("iptables"):
        agent = pod.Pod(tmp_path, rendered.overlay("iptables"), {}, nameservers=[UPSTREAM]).start()
        try:
            assert agent.wait() != 0
        finally:
            agent.stop()
        assert "KUBE_DNS_UPSTREAM_SERVICE_HOST" in agent.text()


def test_beside_node_cache(binary, tmp_path):
    """It holds port 9353 without SO_REUSEPORT: our pod serves, but its HTTP probes get no answer of ours, so a rollout
    with maxSurge would wait for ever. Hence the component replace-node-cache."""
    with box("iptables") as node, socket.create_server(("0.0.0.0", 9353)):
        with running(tmp_path, rendered.overlay("iptables"), UPSTREAMS, nameservers=[UPSTREAM]) as agent:
            node.wait_for("local", name=EXTERNAL)
            agent.wait_log("cannot listen on .*9353.*Address already in use: trying again")


NODE_CACHE = """{zone}:53 {{
    errors
    cache 30
    reload
    loop
    bind {addresses}
    forward . {upstream}
    prometheus :9253
{health}}}
"""


@pytest.mark.parametrize("overlay, services, asked", [("ipvs", UPSTREAMS, LOCAL),
                                                      ("transparent", BEHIND_KUBE_DNS, CLUSTER_DNS)],
                         ids=("ipvs", "transparent"))
def test_with_the_corefile_of_node_cache(binary, tmp_path, overlay, services, asked):
    """As it stands in a cluster after its installation, in ipvs and in iptables mode: the first rollout keeps it."""
    addresses = " ".join(dict.fromkeys((LOCAL[4], asked[4])))
    text = NODE_CACHE.format(zone="cluster.local", addresses=addresses, health=f"    health {LOCAL[4]}:8080\n",
                             upstream="__PILLAR__CLUSTER__DNS__ {\n            force_tcp\n    }")
    text += NODE_CACHE.format(zone=".", addresses=addresses, health="", upstream="__PILLAR__UPSTREAM__SERVERS__")
    with box("iptables") as node:
        with running(tmp_path, rendered.overlay(overlay), services, nameservers=[UPSTREAM],
                     config_maps={"node-local-dns": {"Corefile": text}}):
            node.wait_for("local", server=asked[4], name=EXTERNAL)
            assert answers(node.pod, EXTERNAL, asked[4]) == [[LOCAL_ANSWER]] * 2
            assert_cluster_names_by_our_server(node, asked[4])
            assert_health(f"{LOCAL[4]}:8080")


def test_confinement(tmp_path):
    """The means of these tests: capabilities and the read-only root hold for what they start."""
    security = {"securityContext": {"runAsUser": 0, "readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False,
                                    "capabilities": {"drop": ["ALL"], "add": ["NET_RAW"]}}}
    started = pod.command(security, [], {}, tmp_path, ["192.0.2.53"], [])
    started[-1:] = ["sh", "-c", "grep -E '^(CapPrm|NoNewPrivs)' /proc/self/status; cat /etc/resolv.conf; "
                    "for one in /etc/x /x /run/x; do true >$one; done; true >/run/xtables.lock && echo lock"]
    done = subprocess.run(list(map(str, started)), capture_output=True, text=True, check=False, timeout=10)
    assert done.stdout.split() == ["CapPrm:", f"{1 << 13:016x}", "NoNewPrivs:", "1", "nameserver", "192.0.2.53", "lock"]
    assert done.stderr.count("Read-only file system") == 3, done.stderr
