"""The agent beside a real kube-proxy: its rules name the right chains, hold through what kube-proxy does, and do not
stop it from doing its work."""

import itertools
import signal

import pytest

from kube.cluster import DNS_ENDPOINTS
from lab import ours
from lab.agent import kill
from lab.node import CLUSTER_DNS, FAMILIES, INTERFACE, LOCAL, WHO
from lab.steady import Steady
from lab.waiting import wait_until

METHODS = ("steer", "chain")
WEB = (("web", "TCP", 80),)
WEB_ADDRESS = "10.96.8.8"
AT_HAND = 10  # queries of 50 ms
LIMIT = 200  # seconds for one test: endpoint loss waits for the agent's minute


def flags(method, backend):
    """kube-proxy's mode is found out, as by default."""
    return "--fallback", method, "--iptables-backend", backend


def answers(node):
    """Who answers new flows of the pod: family, protocol → name."""
    return {(family, "tcp" if tcp else "udp"): node.asks(family=family, tcp=tcp)
            for family, tcp in itertools.product(FAMILIES, (False, True))}


def everything(who):
    return {(family, protocol): who for family in FAMILIES for protocol in ("udp", "tcp")}


def wait_for_all(node, who, timeout=10):
    """The agent's word that a server answers comes some milliseconds before its rules believe it."""
    wait_until(lambda: answers(node) == everything(who), timeout, f"{who} for everybody")


def our_rules(node, backend):
    """What is ours in the nat and raw tables and in nftables: lines that name our chain, table or addresses."""
    texts = [node.host.run(f"{program}-{backend}-save", "-t", table)
             for program in ("iptables", "ip6tables") for table in ("nat", "raw")]
    lines = [line for text in texts for line in text.splitlines()
             if line.startswith("-A") and ("NODE-LOCAL-DNS" in line or any(one in line for one in LOCAL.values()))]
    tables = [node.host.run("nft", "-s", "-t", "list", "table", family, "node-local-dns", check=False)
              for family in ("ip", "ip6")]
    return lines, tables


def jumps(proxy, family):
    """Whether our chain leads to kube-proxy's."""
    return any("NODE-LOCAL-DNS" in line and "KUBE-SVC-" in line for line in proxy.rules(family))


@pytest.fixture(params=METHODS)
def method(request):
    return request.param


@pytest.fixture
def web(cluster, proxy):
    """web() makes a Service that has nothing to do with DNS."""
    made = []

    def make():
        made.append(cluster.service("default", "web", [WEB_ADDRESS], WEB, ["10.244.2.77"]))
    yield make
    for one in made:
        one.delete()


@pytest.fixture
def dns_endpoints(cluster, proxy):
    """dns_endpoints([…]) changes those of kube-dns for one test."""
    yield cluster.kube_dns.set_endpoints
    cluster.kube_dns.set_endpoints(DNS_ENDPOINTS)
    for family in FAMILIES:
        proxy.wait_service(CLUSTER_DNS[family], family, timeout=60)


def test_names_of_chains(cluster, proxy):
    """`rules` names chains that kube-proxy made: of kube-dns, and of any Service."""
    ports = (("queries", "UDP", 53), ("queries-tcp", "TCP", 53))
    other = cluster.service("default", "resolver", ["10.96.5.5"], ports, ["10.244.2.10"])
    try:
        proxy.wait_service("10.96.5.5")
        made = {line.split()[0][1:] for line in proxy.rules() if line.startswith(":KUBE-SVC-")}
        for more in ((), ("--dns-service", "default/resolver:queries,queries-tcp")):
            printed = ours.run("rules", "--fallback", "chain", "--kube-proxy-mode", "iptables", "-localip", LOCAL[4],
                               "--cluster-dns", CLUSTER_DNS[4], *more)
            assert printed.returncode == 0, printed.stderr
            named = {word for word in printed.stdout.split() if word.startswith("KUBE-SVC-")}
            assert len(named) == 2
            assert named <= made
            made -= named  # the next names must be others
    finally:
        other.delete()


def test_new_flows(node, proxy, backend, method, run_agent):
    agent = run_agent(*flags(method, backend))
    pid = agent.wait_serving()
    wait_for_all(node, "local")
    with agent.frozen():
        kill(pid)
        assert answers(node) == everything("cluster")
        node.host.ip("link", "delete", INTERFACE)
        assert answers(node) == everything("cluster")
    agent.wait_serving(beside=[pid])
    wait_for_all(node, "local")
    assert proxy.failures() == 0


@pytest.mark.parametrize("family", FAMILIES)
def test_steady_client_through_kill_and_restart(node, proxy, backend, method, family, run_agent, figure):
    """One UDP socket at 200 queries/s: only what was in the dying server's queue is lost."""
    agent = run_agent(*flags(method, backend))
    pid = agent.wait_serving()
    with Steady(node.pod, LOCAL[family], WHO) as client:
        client.wait_for("local", 0, count=20)
        with agent.frozen():
            killed, dead = kill(pid)
            over = client.wait_for("cluster", dead, count=20)
        restarted = client.now()
        agent.wait_serving(beside=[pid])
        back = client.wait_for("local", restarted, count=20)
    # tests/e2e judges exactly; three more programs on this node make a dying server's queue longer.
    assert client.lost(0, dead) <= client.queued(killed, dead) + AT_HAND, client.summary(0, dead)
    assert client.lost(dead, restarted) == 0, client.summary(dead, restarted)
    assert client.lost(restarted) <= 2, client.summary(restarted)
    figure(f"{client.summary()}; first cluster answer {over * 1000:.0f} ms after the kill, first local answer "
           f"{back * 1000:.0f} ms after the agent went on")


def test_last_endpoint_gone_and_another_service(node, proxy, backend, method, web, dns_endpoints, run_agent, figure):
    """kube-proxy deletes the chains of a Service without endpoints: nothing of ours may keep it from that."""
    agent = run_agent(*flags(method, backend))
    failed = proxy.failures()
    with Steady(node.pod, LOCAL[4], WHO) as client:
        client.wait_for("local", 0, count=20)
        begin = client.now()
        dns_endpoints([])
        for family in FAMILIES:
            proxy.wait_rules(lambda lines, one=CLUSTER_DNS[family]: not any(
                f"-d {one}/" in line and "KUBE-SVC-" in line for line in lines),
                             "kube-proxy to forget the endpoints", family, timeout=60)
        gone = client.now()
        web()
        proxy.wait_service(WEB_ADDRESS, timeout=60)
        there = client.now()
    during = proxy.failures() - failed
    figure(f"endpoints gone from the rules after {gone - begin:.1f} s, new Service {there - gone:.1f} s after it was "
           f"made, kube-proxy failed {during} times; client: {client.summary()}")
    if method == "steer":
        assert during == 0
    assert client.lost(begin) == 0, client.summary(begin)  # the local server has other upstreams
    # With endpoints again, the fallback is whole again.
    dns_endpoints(DNS_ENDPOINTS)
    for family in FAMILIES:
        proxy.wait_service(CLUSTER_DNS[family], family, timeout=60)
    if method == "chain":
        # It stayed away for a minute, so that kube-proxy, which tries again each 30 s by default, was sure to succeed.
        wait_until(lambda: all(jumps(proxy, family) for family in FAMILIES), 90,
                   "our chain to lead to its chains again")
    pid = agent.wait_serving()
    with agent.frozen():
        kill(pid)
        wait_for_all(node, "cluster")


def test_kube_proxy_restart_and_resync(cluster, node, proxy, backend, method, run_agent, figure):
    """Killed, started again, made to write everything again: our rules stay as they are, no query is lost."""
    agent = run_agent(*flags(method, backend))
    before = our_rules(node, backend)
    with Steady(node.pod, LOCAL[4], WHO) as client:
        client.wait_for("local", 0, count=20)
        begin = client.now()
        proxy.stop(signal.SIGKILL)
        proxy.start()
        wait_until(lambda: proxy.syncs() >= len(FAMILIES), 30, "the new kube-proxy to write its rules")
        seen = proxy.syncs()
        proxy.ask_for_resync()
        wait_until(lambda: proxy.syncs() > seen, 60, "a full resync")
        end = client.now()
        client.wait_for("local", end, count=20)  # so that what was asked before is answered
        pid = agent.wait_serving()
        with agent.frozen():
            kill(pid)
            wait_for_all(node, "cluster")
        agent.wait_serving(beside=[pid])
    assert client.lost(begin, end) == 0, client.summary(begin, end)
    assert our_rules(node, backend) == before
    assert proxy.failures() == 0
    figure(f"during restart and resync: {client.summary(begin, end)}")


def test_stop_and_cleanup_leave_kube_proxy_alone(node, proxy, backend, method, run_agent):
    def counted_out():
        return [line for line in proxy.rules() if line.startswith("-A")]
    before = counted_out()
    agent = run_agent(*flags(method, backend))
    assert agent.stop() == 0
    assert answers(node) == everything("cluster")
    done = ours.run("cleanup", *agent.flags[:2], "-interfacename", INTERFACE)
    assert done.returncode == 0, done.stderr
    assert counted_out() == before
