"""The laboratory itself: a real kube-proxy serves the cluster DNS, follows changes, and has the hazard that the
agent must not run into. Needs no agent."""

import pytest

from lab.kube_proxy import service_chain
from lab.node import CLUSTER_DNS, FAMILIES, LOCAL
from lab.waiting import wait_until
from kube.cluster import DNS_ENDPOINTS

WEB = (("web", "TCP", 80),)


@pytest.fixture
def web(cluster, proxy):
    """An unrelated Service, made and deleted by the test."""
    made = []

    def make(address="10.96.7.7"):
        made.append(cluster.service("default", f"web{len(made)}", [address], WEB, ["10.244.2.77"]))
        return made[-1]
    yield make
    for one in made:
        one.delete()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("tcp", (False, True))
def test_the_service_is_served(node, proxy, family, tcp):
    assert node.asks(server=CLUSTER_DNS[family], family=family, tcp=tcp) == "cluster"
    assert node.asks(node.host, server=CLUSTER_DNS[family], family=family, tcp=tcp) == "cluster"


@pytest.mark.parametrize("family", FAMILIES)
def test_chains_have_the_computed_names(proxy, family):
    declared = {line.split()[0][1:] for line in proxy.rules(family) if line.startswith(":KUBE-SVC-")}
    assert {service_chain("dns", "udp"), service_chain("dns-tcp", "tcp")} <= declared


def test_the_mode_is_told(proxy):
    from http.client import HTTPConnection
    connection = HTTPConnection("127.0.0.1", 10249, timeout=5)
    connection.request("GET", "/proxyMode")
    assert connection.getresponse().read() == b"iptables"
    connection.close()


def test_services_come_and_go(proxy, web):
    service = web()
    proxy.wait_service("10.96.7.7")
    service.set_endpoints([])
    proxy.wait_rules(lambda lines: not any("-d 10.96.7.7/" in line and "KUBE-SVC-" in line for line in lines),
                     "the Service without endpoints to lose its rule")


def test_a_jump_to_its_chain_stops_kube_proxy(cluster, node, proxy, backend, web, figure):
    """The hazard of docs/how-it-works.md: why steering names no chain, and why the agent steps aside."""
    chain = service_chain("dns", "udp")
    program = f"iptables-{backend}"
    node.host.run(program, "--wait", "5", "-t", "nat", "-N", "NODE-LOCAL-DNS")
    node.host.run(program, "--wait", "5", "-t", "nat", "-A", "NODE-LOCAL-DNS", "-d", LOCAL[4], "-p", "udp", "-j", chain)
    failed = proxy.failures()
    try:
        cluster.kube_dns.set_endpoints([])
        wait_until(lambda: proxy.failures() > failed, 20, "kube-proxy to fail")
        web()
        seen = proxy.failures()
        wait_until(lambda: proxy.failures() > seen, 60, "kube-proxy to fail again")
        assert not any("-d 10.96.7.7/" in line for line in proxy.rules())
    finally:
        node.host.run(program, "--wait", "5", "-t", "nat", "-F", "NODE-LOCAL-DNS")
        node.host.run(program, "--wait", "5", "-t", "nat", "-X", "NODE-LOCAL-DNS")
        cluster.kube_dns.set_endpoints(DNS_ENDPOINTS)
    proxy.wait_service("10.96.7.7", timeout=60)
    for family in FAMILIES:
        proxy.wait_service(CLUSTER_DNS[family], family)
    figure(f"kube-proxy failed {proxy.failures() - failed} times while the jump was there")
