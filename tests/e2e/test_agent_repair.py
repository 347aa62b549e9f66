"""What others break, the agent mends: at once where the kernel reports it, by the next check where it does not."""

import re

import pytest

from lab.kube_proxy import PROGRAM
from lab.node import FAMILIES, INTERFACE, IPTABLES_LEGACY, IPTABLES_NFT, LOCAL
from lab.waiting import wait_until

TABLE = "node-local-dns"
STEER, CHAIN_NFT, CHAIN_LEGACY = KINDS = ("iptables-nft-steer", "iptables-nft-chain", "iptables-legacy-chain")
NODES = {STEER: IPTABLES_NFT, CHAIN_NFT: IPTABLES_NFT, CHAIN_LEGACY: IPTABLES_LEGACY}
REPAIRS = "node_local_dns_repairs_total"


class Rules:
    """The agent's rules as the kernel has them now, and ways to spoil them."""

    def __init__(self, node, method):
        self.node = node
        self.method = method

    def all(self):
        if self.method == "steer":
            return [self.node.host.run("nft", "-s", "-t", "list", "table", ip, TABLE, check=False)
                    for ip in ("ip", "ip6")]
        return [self.saved(family, table) for family in FAMILIES for table in ("nat", "raw")]

    # nftables.

    def nft(self, *words):
        self.node.host.run("nft", *words)

    def nft_rules(self, chain):
        """[(text, handle)] of a chain of the IPv4 table."""
        listing = self.node.host.run("nft", "-a", "-s", "list", "chain", "ip", TABLE, chain)
        return re.findall(r"^\t\t(?!type )(.*) # handle (\d+)$", listing, re.MULTILINE)

    def nft_delete(self, chain, handle):
        self.nft("delete", "rule", "ip", TABLE, chain, "handle", handle)

    # iptables.

    def saved(self, family, table):
        lines = self.node.host.run(PROGRAM[family, self.node.kube_proxy.backend] + "-save", "-t", table).splitlines()
        return [re.sub(r" \[.*", "", line) for line in lines if "NODE-LOCAL-DNS" in line or LOCAL[family] in line]

    def edit(self, family, table, *lines):
        self.node.host.run(PROGRAM[family, self.node.kube_proxy.backend] + "-restore", "--noflush", "--wait", "5",
                           stdin="\n".join([f"*{table}", *lines, "COMMIT", ""]))

    def take(self, family, table, chain, number=0):
        """Deletes one of the rules that are ours in `chain`; returns it as "CHAIN SPEC"."""
        rule = [line for line in self.saved(family, table) if line.startswith(f"-A {chain} ")][number][3:]
        self.edit(family, table, f"-D {rule}")
        return rule


# What spoils the interface.

def interface_deleted(node, _):
    node.host.ip("link", "delete", INTERFACE)


def interface_down(node, _):
    node.host.ip("link", "set", INTERFACE, "down")


def address_removed(node, _):
    node.host.remove_address(LOCAL[4], INTERFACE)


def address_of_ipv6_removed(node, _):
    node.host.remove_address(LOCAL[6], INTERFACE)


# What spoils the nftables table.

def ruleset_flushed(node, rules):
    rules.nft("flush", "ruleset")
    node.kube_proxy.sync()


def table_deleted(_, rules):
    rules.nft("delete", "table", "ip6", TABLE)


def table_flushed(_, rules):
    rules.nft("flush", "table", "ip", TABLE)


def chain_flushed(_, rules):
    rules.nft("flush", "chain", "ip", TABLE, "pods")


def nft_rule_deleted(_, rules):
    rules.nft_delete("pods_udp", rules.nft_rules("pods_udp")[0][1])


def nft_rule_duplicated(_, rules):
    rules.nft("insert", "rule", "ip", TABLE, "pods_udp", rules.nft_rules("pods_udp")[0][0])


def nft_rule_moved(_, rules):
    text, handle = rules.nft_rules("pods_udp")[0]
    rules.nft_delete("pods_udp", handle)
    rules.nft("add", "rule", "ip", TABLE, "pods_udp", text)


def nft_rule_of_others(_, rules):
    rules.nft("insert", "rule", "ip", TABLE, "pods", "udp", "dport", "53", "drop")


# What spoils the chain.

def nat_flushed(node, _):
    node.host.run(PROGRAM[4, node.kube_proxy.backend], "--wait", "5", "-t", "nat", "-F")
    node.kube_proxy.sync()


def own_chain_flushed(_, rules):
    rules.edit(6, "nat", "-F NODE-LOCAL-DNS")


def jump_deleted(_, rules):
    rules.take(4, "nat", "PREROUTING")


def raw_rule_deleted(_, rules):
    rules.take(4, "raw", "OUTPUT")


def jump_duplicated(_, rules):
    rule = rules.take(4, "nat", "PREROUTING")
    rules.edit(4, "nat", f"-A {rule}", f"-A {rule}")


def chain_rules_moved(_, rules):
    """The socket match last: the server would never be asked."""
    rules.edit(4, "nat", f"-A {rules.take(4, 'nat', 'NODE-LOCAL-DNS')}")


def chain_rule_duplicated(_, rules):
    rule = rules.take(6, "nat", "NODE-LOCAL-DNS", 1)
    rules.edit(6, "nat", f"-A {rule}", f"-A {rule}")


def chain_rule_of_others(_, rules):
    rules.edit(4, "nat", "-I NODE-LOCAL-DNS -p udp -j RETURN")


INTERFACE_FAULTS = (interface_deleted, interface_down, address_removed, address_of_ipv6_removed)
FAULTS = {
    STEER: (*INTERFACE_FAULTS, ruleset_flushed, table_deleted, table_flushed, chain_flushed, nft_rule_deleted,
            nft_rule_duplicated, nft_rule_moved, nft_rule_of_others),
    CHAIN_NFT: (interface_deleted, ruleset_flushed, nat_flushed, own_chain_flushed, jump_deleted, raw_rule_deleted,
                jump_duplicated, chain_rules_moved, chain_rule_duplicated, chain_rule_of_others),
    CHAIN_LEGACY: (interface_deleted, nat_flushed, own_chain_flushed, jump_deleted, raw_rule_deleted,
                   jump_duplicated, chain_rules_moved, chain_rule_duplicated, chain_rule_of_others),
}

@pytest.fixture(scope="module")
def mended(request, node, agents_for_tests):
    """(agent, its rules). Only where the kernel reports nothing is it told to look often."""
    method = request.param.split("-")[2]
    with agents_for_tests() as run_agent:
        agent = run_agent("--fallback", method, sync="1s" if request.param == CHAIN_LEGACY else "1h")
        yield agent, Rules(node, method)


@pytest.mark.parametrize(
    ("node", "mended", "spoil"),
    [pytest.param(NODES[kind], kind, fault, id=f"{kind}-{fault.__name__}")
     for kind in KINDS for fault in FAULTS[kind]], indirect=["node", "mended"], scope="module")
def test_mended(node, mended, spoil):
    """The time limit is the promise: a second after the kernel's report, else the next check."""
    agent, rules = mended
    wait_until(lambda: node.asks() == "local", 3, "the local server to answer before")
    before, repairs = rules.all(), agent.value(REPAIRS)
    assert all(before) and node.addresses() == set(LOCAL.values())

    def whole():
        return rules.all() == before and INTERFACE in node.links() and node.addresses() == set(LOCAL.values())
    spoil(node, rules)
    wait_until(whole, 2, f"{spoil.__name__} to be mended; {agent.text()[-2000:]}")
    for family in FAMILIES:
        node.wait_for("local", family=family, timeout=1)
        node.wait_for("local", family=family, timeout=1, tcp=True)
    wait_until(lambda: agent.value(REPAIRS) > repairs, 1,
               f"more than {repairs} repairs in {agent.text()[-2000:]}")
    wait_until(lambda: agent.value(REPAIRS) == len(agent.lines("repaired: ")), 1, "a line for each repair")
