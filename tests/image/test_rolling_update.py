"""The old pod and the new one side by side on a node, as a rolling update with maxSurge has them."""

from lab.node import FAMILIES, INTERFACE, LOCAL, WHO
from lab.steady import Steady


def test_no_query_is_lost(node, run_container, flags):
    old = run_container(*flags, name="old")
    old.wait_healthy()
    with Steady(node.pod, LOCAL[4], WHO) as client, Steady(node.pod, LOCAL[6], WHO) as client6:
        client.wait_for("local", 0, count=20)
        new = run_container(*flags, name="new")
        new.wait_healthy()
        both = client.now()
        client.wait_for("local", both, count=50)
        assert old.main_pid() != new.main_pid()
        assert old.end() == 0
        alone = client.now()
        for one in (client, client6):
            one.wait_for("local", alone, count=50)
        assert INTERFACE in node.links()
        assert new.status()[0] == 0
    for one in (client, client6):
        assert one.counts()["local"] == len(one.queries), one.summary()
    assert new.end() == 0
    assert INTERFACE not in node.links()
    for family in FAMILIES:
        assert node.asks(family=family) == "cluster"
