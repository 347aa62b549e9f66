"""A loop under the agent: what is steered to the cluster DNS at the start must not hide it."""

import pytest

from lab import ours
from lab.agent import SERVER_METRICS
from lab.client import ask, rcode
from lab.node import LOCAL
from lab.waiting import wait_until

DETECTED = r"\[(ERROR|FATAL)\].*forwarding loop"


@pytest.mark.parametrize("method", ["steer", "chain"])
def test_to_itself_is_found_after_a_start(node, run_agent, method):
    """/etc/resolv.conf of the node names the node's own cache: the most frequent loop there is."""
    conf = ours.block("loop", "cache 30", f"forward . {LOCAL[4]}", bind=LOCAL[4], metrics=SERVER_METRICS)
    agent = run_agent("--fallback", method, conf=conf, families=(4,), launch=True)
    pid = agent.wait_serving()
    agent.wait_log(DETECTED, timeout=8)
    with node.pod.inside():
        wait_until(lambda: rcode(ask("a.test", server=LOCAL[4], timeout=2)) == "SERVFAIL", 5, "SERVFAIL")
    assert agent.wait_serving() == pid, "a loop is no reason to end"
