"""Who answers, by rule set, kube-proxy's mode, iptables backend, protocol, family and place of the client: with the
server alive, killed, killed with its interface gone, hung, and restarted."""

import itertools
import os
import signal

import pytest

from lab.agent import kill
from lab.client import query
from lab.node import (CLUSTER_ANSWER, CLUSTER_DNS, FAMILIES, INTERFACE, IPTABLES_LEGACY, IPTABLES_NFT, LOCAL, NFTABLES,
                      WHO)
from lab.steady import Steady
from lab.waiting import PATIENCE, wait_until

STEER, CHAIN = ("--fallback", "steer"), ("--fallback", "chain")
KINDS = [(IPTABLES_NFT, STEER), (IPTABLES_LEGACY, STEER), (NFTABLES, STEER), (IPTABLES_NFT, CHAIN),
         (IPTABLES_LEGACY, CHAIN)]
FLOWS = list(itertools.product(FAMILIES, (False, True)))  # family, TCP


def on_nodes(*kinds):
    return pytest.mark.parametrize(
        ("node", "method"), [pytest.param(*kind, id="-".join((*kind[0], kind[1][1]))) for kind in kinds],
        indirect=["node"], scope="module")


def spaces(node, method):
    """Where clients are that have a fallback: the chain has none for the host's own (no socket match in OUTPUT)."""
    return (node.pod, node.host) if method == STEER else (node.pod,)


def answers(node, space, **more):
    """Who answers new flows of each family and protocol."""
    return {(family, "tcp" if tcp else "udp"): node.asks(space, family, tcp, **more) for family, tcp in FLOWS}


def everything(who):
    return {(family, protocol): who for family in FAMILIES for protocol in ("udp", "tcp")}


def everybody_asks(node, who, spaces):
    for space in spaces:
        wait_until(lambda: answers(node, space) == everything(who), 3, f"{who} to answer everybody")


@pytest.fixture
def agent(run_agent, method):
    return run_agent(*method)


@on_nodes(*KINDS)
def test_new_flows(node, agent, method):
    pid = agent.wait_serving()
    everybody_asks(node, "local", (node.pod, node.host))
    with agent.frozen():  # so the rules alone decide
        kill(pid)
        assert answers(node, node.pod) == everything("cluster")
        everybody_asks(node, "cluster", spaces(node, method))
        node.host.ip("link", "delete", INTERFACE)
        assert answers(node, node.pod) == everything("cluster")
        assert node.asks(server=CLUSTER_DNS[4]) == "cluster"
    agent.wait_serving(beside=[pid])
    everybody_asks(node, "local", (node.pod, node.host))


@on_nodes(*KINDS)
def test_interface_lost_while_the_server_lives(node, agent, method):
    """Steering looks for the address, too; the chain sees the socket alone, until the agent has mended it."""
    with agent.frozen():
        node.host.ip("link", "delete", INTERFACE)
        if method == STEER:
            everybody_asks(node, "cluster", (node.pod, node.host))
        else:
            assert node.asks(timeout=0.2) == "nobody"
    everybody_asks(node, "local", (node.pod, node.host))


@on_nodes(*KINDS)
def test_hung_server_is_taken_out(node, agent, method):
    pid = agent.wait_serving()
    with Steady(node.pod, LOCAL[4], WHO) as client:
        client.wait_for("local", 0, count=20)
        hung = client.now()
        os.kill(pid, signal.SIGSTOP)
        fresh = agent.wait_serving(beside=[pid])
        back = client.now()
        client.wait_for("local", back, count=20)
    assert fresh != pid
    assert client.silence(hung) < 1.5 * PATIENCE, client.summary(hung)
    assert client.lost(back) == 0
    assert agent.value("node_local_dns_failovers_total", cause="hang") == 1
    assert agent.value("node_local_dns_server_restarts_total", cause="hang") == 1


@on_nodes(*KINDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_steady_client_through_kill_and_restart(node, agent, method, family):
    """One UDP socket at 200 queries/s: only what is in the server's queue when it dies is lost."""
    pid = agent.wait_serving()
    with Steady(node.pod, LOCAL[family], WHO) as client:
        client.wait_for("local", 0, count=20)
        with agent.frozen():
            killed, dead = kill(pid)
            client.wait_for("cluster", dead, count=20)
        restarted = client.now()
        agent.wait_serving(beside=[pid])
        client.wait_for("local", client.now(), count=20)
    assert client.lost(0, dead) <= client.queued(killed, dead), client.summary(0, dead)
    assert client.lost(dead, restarted) == 0, client.summary(dead, restarted)
    assert client.lost(restarted) <= 2, client.summary(restarted)


@on_nodes(*(kind for kind in KINDS if kind[1] == STEER))
def test_steady_client_of_the_host(node, agent, method):
    """The agent's switch serves those whom no socket match can serve."""
    pid = agent.wait_serving()
    with Steady(node.host, LOCAL[4], WHO) as client:
        client.wait_for("local", 0, count=20)
        killed, _ = kill(pid)
        fresh = agent.wait_serving(beside=[pid])
        back = client.now()
        client.wait_for("local", back, count=20)
    assert client.silence(killed, back) < 1.5 * PATIENCE, client.summary(killed)
    assert client.lost(back) == 0, client.summary(back)
    assert fresh != pid


@on_nodes(*KINDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_tcp_connection_of_the_fallback_survives_the_return(node, agent, family):
    pid = agent.wait_serving()
    with agent.frozen():
        kill(pid)
        stream = node.stream(family=family)
        with stream:
            stream.send(query("before.test"))
            assert CLUSTER_ANSWER in stream.receive().to_text()
            agent.send_signal(signal.SIGCONT)
            agent.wait_serving(beside=[pid])
            node.wait_for("local", family=family, tcp=True)
            for number in range(3):
                stream.send(query(f"after{number}.test"))
                assert CLUSTER_ANSWER in stream.receive().to_text()


@on_nodes(*KINDS)
def test_the_service_address_is_left_alone(node, agent):
    for space, family, tcp in itertools.product((node.pod, node.host), FAMILIES, (False, True)):
        assert node.asks(space, family, tcp, server=CLUSTER_DNS[family]) == "cluster"
