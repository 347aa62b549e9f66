"""The cluster in a box measures right: rules written by hand show the losses and the rescues that NETWORK.md has
measured. Needs none of our code; the local server is the lab's own."""

import signal

import pytest

from lab.kube_proxy import service_chain
from lab.node import CLUSTER_DNS, IPTABLES_LEGACY, IPTABLES_NFT, LOCAL, LOCAL_ANSWER, NFTABLES, WHO, Responder
from lab.steady import Steady

CHAIN = f"""*nat
:NODE-LOCAL-DNS - [0:0]
-A PREROUTING -d {LOCAL[4]}/32 -p udp -m udp --dport 53 -j NODE-LOCAL-DNS
-A NODE-LOCAL-DNS -m socket -j RETURN
-A NODE-LOCAL-DNS -d {LOCAL[4]}/32 -j KUBE-MARK-MASQ
-A NODE-LOCAL-DNS -d {LOCAL[4]}/32 -p udp -j {service_chain("dns", "udp")}
COMMIT
"""
UNTRACKED = f"""*raw
-A PREROUTING -d {LOCAL[4]}/32 -p udp -m udp --dport 53 -m socket --nowildcard -j NOTRACK
-A OUTPUT -s {LOCAL[4]}/32 -p udp -m udp --sport 53 -j NOTRACK
COMMIT
"""
STEER = f"""table ip by-hand {{
  set steered {{ type ipv4_addr . inet_service; flags dynamic,timeout; timeout 1m; size 1024; }}
  chain steer {{ type filter hook prerouting priority -310;
    ip daddr {LOCAL[4]} udp dport 53 socket wildcard 0 notrack accept
    ip daddr {LOCAL[4]} udp dport 53 update @steered {{ ip saddr . udp sport }} ip daddr set {CLUSTER_DNS[4]}
  }}
  chain answer {{ type filter hook postrouting priority 300;
    ip saddr {CLUSTER_DNS[4]} udp sport 53 ip daddr . udp dport @steered ip saddr set {LOCAL[4]}
  }}
  chain untrack {{ type filter hook output priority -310; ip saddr {LOCAL[4]} udp sport 53 notrack; }}
}}
"""
IPTABLES = IPTABLES_NFT, IPTABLES_LEGACY
ALL = *IPTABLES, NFTABLES


def on_nodes(*kinds):
    return pytest.mark.parametrize("node", kinds, indirect=True, ids="-".join)


@pytest.fixture(autouse=True)
def clean(node):
    """Each test begins with the interface and kube-proxy's rules."""
    node.add_interface()
    yield
    node.reset()


@pytest.fixture
def local(node):
    """The server on the link-local address."""
    server = Responder(node.host, node.directory, "local", LOCAL_ANSWER, "2001:db8::1", (LOCAL[4],)).start()
    yield server
    if server.running():
        server.send_signal(signal.SIGKILL)
        server.wait()


def apply(node, *texts):
    """iptables-restore or nft input, by hand."""
    for text in texts:
        if text.startswith("*"):
            node.kube_proxy.restore(4, text)
        else:
            node.host.run("nft", "-f", "-", stdin=text)


def kill(server):
    """(before, after): the time of the signal and a time when its sockets are closed."""
    before = Steady.now()
    server.send_signal(signal.SIGKILL)
    server.wait()
    return before, Steady.now()


@on_nodes(*ALL)
@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_service_address_leads_to_the_cluster_dns(node, family, tcp):
    for space in (node.pod, node.host):
        assert node.asks(space, family, tcp, server=CLUSTER_DNS[family]) == "cluster"


@on_nodes(*ALL)
def test_without_rules_a_dead_server_is_silence(node, local):
    assert node.asks() == "local"
    kill(local)
    assert node.asks(timeout=0.2) == "nobody"


@on_nodes(*IPTABLES)
def test_chain_alone_loses_the_steady_client(node, local):
    """The trap of NETWORK.md §1: connection tracking pins the socket to the dead server."""
    apply(node, CHAIN)
    with Steady(node.pod, LOCAL[4], WHO) as client:
        client.wait_for("local", 0, count=20)
        _, dead = kill(local)
        node.wait_for("cluster")  # a new socket is served,
        client.wait_for("", dead, count=100)  # the steady one is not,
        assert client.counts(dead)["cluster"] == 0
        node.host.run("conntrack", "-D", "-p", "udp", "--orig-dst", LOCAL[4])  # until tracking forgets it
        client.wait_for("cluster", client.now())


@pytest.mark.parametrize(("node", "rules"), [
    pytest.param(kind, rules, id="-".join(kind) + f"-{name}") for name, rules, kinds in
    (("chain", (CHAIN, UNTRACKED), IPTABLES), ("steer", (STEER,), ALL)) for kind in kinds], indirect=["node"])
def test_untracked_flows_lose_nothing(node, local, rules):
    apply(node, *rules)
    with Steady(node.pod, LOCAL[4], WHO) as client:
        client.wait_for("local", 0, count=20)
        killed, dead = kill(local)
        client.wait_for("cluster", dead, count=20)
        local.start()
        back = client.now()
        client.wait_for("local", back, count=20)
    assert client.lost(0, dead) <= client.queued(killed, dead)
    assert client.lost(dead) == 0, client.summary(dead)


@on_nodes(*IPTABLES[:1])
def test_a_hung_server_swallows_everything(node, local):
    apply(node, STEER)
    local.send_signal(signal.SIGSTOP)
    assert node.asks(timeout=0.3) == "nobody"
    kill(local)
    assert node.asks() == "cluster"


@on_nodes(*IPTABLES[:1])
def test_a_lost_interface_blinds_while_the_server_lives(node, local):
    apply(node, STEER)
    node.host.ip("link", "delete", "nodelocaldns")
    assert node.asks(timeout=0.3) == "nobody"
    kill(local)
    assert node.asks() == "cluster"
