"""The modes beside the fallback: transparent (the cluster DNS's own address), notrack (as node-cache), none."""

import os
import signal

import pytest

from lab.agent import kill
from lab.node import CLUSTER_DNS, FAMILIES, INTERFACE, IPTABLES_LEGACY, IPTABLES_NFT, LOCAL, NFTABLES, WHO
from lab.steady import Steady
from lab.waiting import PATIENCE, wait_until

BOTH = [*LOCAL.values(), *CLUSTER_DNS.values()]


def backends(*kinds):
    return pytest.mark.parametrize("node", kinds, indirect=True, ids="-".join, scope="module")


def rules(node):
    """Everything but kube-proxy's."""
    texts = [node.host.run(program) for program in ("iptables-nft-save", "ip6tables-nft-save", "iptables-legacy-save",
                                                    "ip6tables-legacy-save")]
    return [line for text in texts for line in text.splitlines()
            if line.startswith("-A") and "KUBE" not in line]


@backends(IPTABLES_NFT, IPTABLES_LEGACY, NFTABLES)
def test_transparent(node, run_agent):
    """Pods go on asking the Service address; kube-proxy's own rules are the fallback."""
    agent = run_agent("--mode", "transparent", local=BOTH)
    pid = agent.wait_serving()
    for family in FAMILIES:
        node.wait_for("local", family=family, server=CLUSTER_DNS[family])
        assert node.asks(family=family, server=CLUSTER_DNS[family], tcp=True) in ("local", "cluster")
    with Steady(node.pod, CLUSTER_DNS[4], WHO) as client:
        client.wait_for("local", 0, count=20)
        with agent.frozen():
            killed, dead = kill(pid)
            client.wait_for("cluster", dead, count=20)
            for family in FAMILIES:
                for tcp in (False, True):
                    assert node.asks(family=family, tcp=tcp, server=CLUSTER_DNS[family]) == "cluster"
        restarted = client.now()
        agent.wait_serving(beside=[pid])
        client.wait_for("local", client.now(), count=20)
    assert client.lost(0, dead) <= client.queued(killed, dead), client.summary(0, dead)
    assert client.lost(dead, restarted) == 0, client.summary(dead, restarted)
    assert client.lost(restarted) <= 2, client.summary(restarted)
    assert agent.stop() == 0
    assert INTERFACE not in node.links()
    assert node.asks(server=CLUSTER_DNS[4]) == "cluster"


@backends(IPTABLES_NFT)
def test_transparent_hung(node, run_agent):
    agent = run_agent("--mode", "transparent", local=BOTH)
    pid = agent.wait_serving()
    with Steady(node.pod, CLUSTER_DNS[4], WHO) as client:
        client.wait_for("local", 0, count=20)
        hung = client.now()
        os.kill(pid, signal.SIGSTOP)
        agent.wait_serving(beside=[pid])
        client.wait_for("local", client.now(), count=20)
    assert client.silence(hung) < 1.5 * PATIENCE, client.summary(hung)


@backends(IPTABLES_NFT, IPTABLES_LEGACY)
def test_notrack(node, run_agent):
    """node-cache's rules: no fallback while it runs, none of them left behind."""
    before = rules(node)
    agent = run_agent("--mode", "notrack", local=BOTH)
    for space in (node.pod, node.host):
        for family in FAMILIES:
            for tcp in (False, True):
                for address in (LOCAL[family], CLUSTER_DNS[family]):
                    assert node.asks(space, family, tcp, server=address) == "local"
    ours = [line for line in rules(node) if line not in before]
    assert [line for line in ours if "NodeLocal DNS Cache: skip conntrack" in line]
    assert agent.stop() == 0
    assert rules(node) == before
    assert INTERFACE not in node.links()
    assert node.asks(server=CLUSTER_DNS[4]) == "cluster"


@backends(IPTABLES_NFT)
def test_notrack_is_mended(node, run_agent):
    run_agent("--mode", "notrack", local=BOTH)
    before = sorted(rules(node))
    node.host.run("iptables-nft", "-t", "raw", "-F")
    wait_until(lambda: sorted(rules(node)) == before, 2, "the rules to come back")


@backends(IPTABLES_NFT)
def test_none_has_no_rules(node, run_agent):
    before = rules(node), node.host.run("nft", "list", "tables")
    agent = run_agent("--mode", "none")
    assert node.asks() == "local"
    assert (rules(node), node.host.run("nft", "list", "tables")) == before
    kill(agent.wait_serving())
    assert agent.stop() == 0
