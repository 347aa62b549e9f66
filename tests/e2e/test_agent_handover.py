"""Two agents on one node, as a rolling update with maxSurge has them for a while."""

import contextlib
import os
import pathlib
import signal
import time

from lab.agent import kill
from lab.metrics import http_get
from lab.node import INTERFACE, LOCAL, WHO
from lab.steady import Steady
from lab.waiting import stays, wait_until

TABLES = ("ip", "ip6")


def table(node, family="ip"):
    return node.host.run("nft", "-s", "-t", "list", "table", family, "node-local-dns")


def pair(run_agent):
    first = run_agent()
    second = run_agent(metrics="127.0.0.1:9354")
    return first, second


def test_second_adopts_first_leaves_last_removes(node, run_agent):
    first = run_agent()
    pid = first.wait_serving()
    before = [table(node, family) for family in TABLES]
    with Steady(node.pod, LOCAL[4], WHO) as client, Steady(node.pod, LOCAL[6], WHO) as client6, \
            Steady(node.host, LOCAL[4], WHO) as host:
        client.wait_for("local", 0, count=20)
        second = run_agent(metrics="127.0.0.1:9354")
        other = second.wait_serving()
        assert other != pid
        assert [table(node, family) for family in TABLES] == before
        assert not second.lines("repaired: ") and not first.lines("repaired: ")
        both = client.now()
        client.wait_for("local", both, count=20)

        assert first.stop() == 0
        assert INTERFACE in node.links() and node.addresses() == set(LOCAL.values())
        assert [table(node, family) for family in TABLES] == before
        alone = client.now()
        for one in (client, client6, host):
            one.wait_for("local", alone, count=20)
    for one in (client, client6, host):
        assert one.counts()["local"] == len(one.queries), one.summary()
    assert second.stop() == 0
    assert INTERFACE not in node.links()
    assert node.asks() == "cluster"


def test_dead_server_of_one_is_covered_by_the_other(node, run_agent):
    """Both servers share the address: the clients of the dead one go on with the other."""
    first, second = pair(run_agent)
    with Steady(node.pod, LOCAL[4], WHO) as client, Steady(node.host, LOCAL[4], WHO) as host:
        client.wait_for("local", 0, count=20)
        pid = first.wait_serving()
        killed, dead = kill(pid)
        first.wait_serving(beside=[pid])
        client.wait_for("local", client.now(), count=20)
    assert client.lost(0, dead) <= client.queued(killed, dead)
    assert client.lost(dead) == 0, client.summary(dead)
    assert client.counts()["cluster"] == 0
    assert host.lost(dead) == 0, host.summary(dead)
    assert second.value("node_local_dns_server_restarts_total") == 0


def test_killed_agent_beside_a_living_one(node, run_agent):
    first, second = pair(run_agent)
    with Steady(node.pod, LOCAL[4], WHO) as client:
        client.wait_for("local", 0, count=20)
        kill(first.pid)
        assert second.stop() == 0
        client.wait_for("local", client.now(), count=20)  # the server that the dead one left
    assert client.lost() == 0, client.summary()


def test_successor_after_an_orderly_end(node, run_agent):
    """Stop, then start: the cluster DNS serves in between and nothing is lost."""
    first = run_agent()
    with Steady(node.pod, LOCAL[4], WHO) as client:
        client.wait_for("local", 0, count=20)
        assert first.stop() == 0
        client.wait_for("cluster", client.now(), count=20)
        run_agent()
        client.wait_for("local", client.now(), count=20)
    assert client.lost() == 0, client.summary()


def test_repairs_of_two_agents_do_not_fight(node, run_agent):
    first, second = pair(run_agent)
    before = table(node)
    node.host.run("nft", "flush", "chain", "ip", "node-local-dns", "pods")
    wait_until(lambda: table(node) == before, 2, "the repair")
    wait_until(lambda: first.lines("repaired: ") or second.lines("repaired: "), 2, "one of them to tell")
    stays(lambda: table(node) == before, 0.3, "the mended table")
    node.wait_for("local")


def stop_at_its_start(agent):
    """SIGSTOP for the agent's server before it answers: it takes longer to start than we to look.

    But for a busy machine: one that was too fast, and has its workers, is killed, and the agent starts another.
    """
    deadline = time.monotonic() + 20
    too_fast = set()
    while time.monotonic() < deadline:
        for pid in set(agent.children()) - too_fast:  # iptables and nft are among them
            with contextlib.suppress(OSError):
                if b"\0serve\0" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGSTOP)
                    if len(list(pathlib.Path(f"/proc/{pid}/task").iterdir())) == 1:
                        return pid
                    os.kill(pid, signal.SIGKILL)
                    too_fast.add(pid)
    raise TimeoutError("no server was started that could be stopped in time")


def test_the_server_of_the_other_pod_does_not_answer_for_ours(node, run_agent):
    """Both share the address, so half of the second agent's probes reach the first one's server."""
    run_agent()
    second = run_agent(metrics="127.0.0.1:9354", launch=True)
    pid = stop_at_its_start(second)
    before = len(second.lines("the DNS server answers"))
    stays(lambda: len(second.lines("the DNS server answers")) == before, 1.5, "the second to be no server")
    code, report = http_get("127.0.0.1:9354", "/readyz")
    assert code == 503 and "DNS server: starting" in report
    os.kill(pid, signal.SIGCONT)
    assert second.wait_serving() == pid
