"""The iptables rules of a node-cache that was killed hard: gone after our start, unless it is still there."""

import socket

import pytest

from lab import ours
from lab.node import CLUSTER_DNS, INTERFACE, IPTABLES_LEGACY, IPTABLES_NFT, LOCAL
from lab.waiting import wait_until

SKIP, ALLOW = "NodeLocal DNS Cache: skip conntrack", "NodeLocal DNS Cache: allow DNS traffic"
# Of an address that is not ours.
OTHER = f'-A OUTPUT -d 192.0.2.7/32 -p udp -m udp --dport 53 -m comment --comment "{SKIP}" -j NOTRACK'


def left_by_node_cache(address):
    """Rules as node-cache 1.22 and later writes them: (table, words)."""
    for protocol in ("tcp", "udp"):
        to, of = ["-p", protocol, "-d", address, "--dport", "53"], ["-p", protocol, "-s", address, "--sport", "53"]
        yield from (("raw", ["PREROUTING", *to, "-j", "NOTRACK", "-m", "comment", "--comment", SKIP]),
                    ("filter", ["INPUT", *to, "-j", "ACCEPT", "-m", "comment", "--comment", ALLOW]),
                    ("raw", ["OUTPUT", *of, "-j", "NOTRACK", "-m", "comment", "--comment", SKIP]),
                    ("filter", ["OUTPUT", *of, "-j", "ACCEPT", "-m", "comment", "--comment", ALLOW]),
                    ("raw", ["OUTPUT", *to, "-j", "NOTRACK", "-m", "comment", "--comment", SKIP]))
    for way in (["-d", address, "--dport", "8080"], ["-s", address, "--sport", "8080"]):
        yield "raw", ["OUTPUT", "-p", "tcp", *way, "-j", "NOTRACK", "-m", "comment", "--comment", SKIP]


def leave(node, *addresses):
    program = f"iptables-{node.kube_proxy.backend}"
    for address in addresses:
        for table, words in left_by_node_cache(address):
            node.host.run(program, "-t", table, "-I", *words)
    node.host.run(program, "-t", "raw", "-I", "OUTPUT", "-d", "192.0.2.7/32", "-p", "udp", "--dport", "53",
                  "-m", "comment", "--comment", SKIP, "-j", "NOTRACK")


def theirs(node):
    program = f"iptables-{node.kube_proxy.backend}-save"
    return [line for table in ("raw", "filter") for line in node.host.run(program, "-t", table).splitlines()
            if "NodeLocal DNS Cache" in line]


@pytest.mark.parametrize("node", [IPTABLES_NFT, IPTABLES_LEGACY], indirect=True, ids="-".join, scope="module")
@pytest.mark.parametrize("method", ["steer", "chain"])
def test_gone_after_our_start(node, run_agent, method):
    leave(node, LOCAL[4], CLUSTER_DNS[4])
    assert node.asks(server=CLUSTER_DNS[4]) == "nobody", "what the rules do to pods that ask the Service"
    # As its manifest has it: the Service's address is a local one, too.
    agent = run_agent("--fallback", method, families=(4,), local=[LOCAL[4], CLUSTER_DNS[4]], cluster_dns=["10.96.0.8"],
                      launch=True)
    agent.wait_serving()
    wait_until(lambda: theirs(node) == [OTHER], 2, "those of our addresses to go, and only those")
    assert len(agent.wait_log("removed a rule that node-cache left: iptables (raw|filter) ", 24)) == 24
    assert agent.stop() == 0
    ours.run("cleanup", "-localip", f"{LOCAL[4]},{CLUSTER_DNS[4]}", "--cluster-dns", "10.96.0.8", "-interfacename",
             INTERFACE)
    assert node.asks(server=CLUSTER_DNS[4]) == "cluster"


@pytest.mark.parametrize("node", [IPTABLES_NFT], indirect=True, ids="-".join, scope="module")
def test_not_while_somebody_is_at_the_address(node, run_agent):
    node.add_interface()
    leave(node, LOCAL[4])
    before = theirs(node)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as theirs_still:
        theirs_still.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        theirs_still.bind((LOCAL[4], 53))
        agent = run_agent(families=(4,), launch=True)
        agent.wait_log(f"node-cache's rules .* stay, for another process has a socket at {LOCAL[4]}")
        assert theirs(node) == before
    shown = ours.run("status", "-interfacename", INTERFACE).stdout
    assert "warning: node-cache's rules" in shown
    agent.stop()
    again = run_agent(families=(4,))
    wait_until(lambda: theirs(node) == [OTHER], 2, "those of our address to go")
    again.stop()


@pytest.mark.parametrize("node", [IPTABLES_NFT], indirect=True, ids="-".join, scope="module")
def test_notrack_keeps_them_and_cleanup_removes_them(node, run_agent):
    leave(node, LOCAL[4])
    agent = run_agent("--mode", "notrack", families=(4,), launch=True)
    agent.wait_serving()
    assert not agent.lines("removed a rule that node-cache left")
    agent.send_signal(9)
    agent.child.wait(5)
    node.reset()
    leave(node, LOCAL[4])
    done = ours.run("cleanup", "-localip", LOCAL[4], "--cluster-dns", CLUSTER_DNS[4], "-interfacename", INTERFACE)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("NodeLocal DNS Cache") == 12
    assert theirs(node) == [OTHER]
