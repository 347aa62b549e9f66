"""The laboratory itself: its servers answer, its namespaces are apart. Needs none of our code."""

import socket

import pytest

from lab import replies
from lab.client import Stream, ask, data, flags, query, raw_udp, rcode
from lab.fakedns import Close, FakeDns, Later
from lab.knot import Knot
from lab.metrics import Metrics
from lab.namespaces import Namespace
from lab.unbound import Unbound

ZONE = """
@ 60 SOA ns host 1 7200 3600 86400 30
@ 60 NS ns
ns 60 A 127.0.0.2
www 60 A 192.0.2.7
"""


def test_loopback_of_a_namespace_is_its_own(netns):
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 53))
        sock.listen()
        other = Namespace()
        try:
            other.join(netns, "lab0", "10.9.0.1/24", "10.9.0.2/24")
            assert "10.9.0.2" in netns.ip("address", "show", "dev", "lab0")
        finally:
            other.remove()
        with socket.create_connection(("127.0.0.1", 53), timeout=1):
            pass


def test_nsd_answers(nsd):
    nsd("127.0.0.40", {"example.test.": ZONE})
    assert data(ask("www.example.test", server="127.0.0.40")) == ["192.0.2.7"]
    assert rcode(ask("nope.example.test", server="127.0.0.40", tcp=True)) == "NXDOMAIN"


def test_unbound_validates_what_knot_signs(netns, tmp_path):
    knot = Knot(tmp_path, "127.0.0.41", "example.test.", ZONE)
    unbound = None
    try:
        knot.start()
        unbound = Unbound(tmp_path, "127.0.0.42", {"example.test.": "127.0.0.41"}, knot.keys()).start()
        response = ask("www.example.test", server="127.0.0.42", do=True)
        assert data(response) == ["192.0.2.7"]
        assert "AD" in flags(response)
    finally:
        for server in (unbound, knot):
            if server is not None:
                server.stop()


def test_fake_answers_records_and_stops(fake):
    server = fake("127.0.0.43", ip="192.0.2.9")
    assert data(ask("a.test", server="127.0.0.43")) == ["192.0.2.9"]
    assert data(ask("b.test", server="127.0.0.43", tcp=True)) == ["192.0.2.9"]
    assert server.transports() == {"udp": 1, "tcp": 1}
    assert server.count("a.test.", "A") == 1
    server.stop()
    with pytest.raises(OSError):
        raw_udp(query("a.test").to_wire(), "127.0.0.43")
    server.start()
    assert data(ask("a.test", server="127.0.0.43")) == ["192.0.2.9"]


def test_fake_misbehaves_on_demand(fake):
    def handler(seen):
        return {"drop.test.": None, "close.test.": Close, "late.test.": Later(0.05, replies.failure(seen.message)),
                "junk.test.": b"\x00"}[seen.name]
    fake("127.0.0.44", handler)
    assert raw_udp(query("drop.test").to_wire(), "127.0.0.44", timeout=0.1) is None
    assert raw_udp(query("junk.test").to_wire(), "127.0.0.44") == b"\x00"
    assert rcode(ask("late.test", server="127.0.0.44")) == "SERVFAIL"
    with Stream("127.0.0.44") as stream:
        stream.send(query("close.test"))
        assert stream.closed_within(2)


def test_fake_counts_connections(fake):
    server = fake("127.0.0.45")
    with Stream("127.0.0.45") as stream:
        stream.send(query("a.test", id=1), query("b.test", id=2))
        assert {stream.receive().id, stream.receive().id} == {1, 2}
        assert server.connections == server.open_connections == 1
        server.close_connections()
        assert stream.closed_within(2)


def test_fake_serves_ipv6(netns):
    server = FakeDns("fd00::3").start()
    try:
        assert data(ask("a.test", server="fd00::3")) == ["192.0.2.1"]
    finally:
        server.stop()


def test_metrics_text_is_understood():
    metrics = Metrics('# TYPE a counter\na{x="1",y="q\\"z"} 2\na{x="2",y=""} 3\nb 1e3\n')
    assert metrics.value("a") == 5
    assert metrics.value("a", x="2") == 3
    assert metrics.value("b") == 1000
    assert metrics.types == {"a": "counter"}
    assert metrics.label_names("a") == {"x", "y"}
