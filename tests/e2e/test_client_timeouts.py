"""How long clients are waited for and kept waiting: timeouts and cancel."""

import struct

import dns.exception
import pytest

from lab import replies
from lab.client import Stream, ask, query, rcode
from lab.fakedns import Later
from lab.ours import block


def test_idle_and_read(serve, upstream):
    serve(block("timeouts {", "    read 1s", "    idle 3s", "}", "cache 30", "forward . 127.0.0.2"))
    wire = query("a.test").to_wire()
    with Stream() as half, Stream() as idle:
        half.send_octets(struct.pack("!H", len(wire)) + wire[:10])
        idle.send(query("a.test", id=7))
        assert idle.receive().id == 7
        assert half.closed_within(2), "half a query, and no more of it"
        idle.send(query("a.test", id=8))
        assert idle.receive().id == 8
        assert idle.closed_within(5)


def test_a_query_in_time_is_answered_however_slow_the_upstream(serve, fake):
    fake("127.0.0.2", lambda seen: Later(1.5, replies.address(seen.message)))
    serve(block("timeouts {", "    read 1s", "    write 1s", "}", "forward . 127.0.0.2"))
    with Stream() as stream:
        stream.send(query("a.test", id=7))
        assert stream.receive().id == 7


def test_so_many_queries_and_no_more(serve, upstream):
    serve(block("timeouts {", "    maxtcpqueries 3", "}", "cache 30", "forward . 127.0.0.2"))
    with Stream() as stream:
        stream.send(*(query(f"n{number}.test", id=number) for number in range(5)))
        assert sorted(stream.receive().id for _ in range(3)) == [0, 1, 2]
        assert stream.closed_within(1)
    assert rcode(ask("n0.test", tcp=True)) == "NOERROR"


def test_cancel(serve, fake):
    fake("127.0.0.2", lambda seen: Later(0.8 if seen.name == "slow.test." else 0, replies.address(seen.message)))
    server = serve(block("cancel 300ms", "cache 30", "forward . 127.0.0.2"))
    assert rcode(ask("fast.test")) == "NOERROR"
    with Stream() as stream:
        stream.send(query("slow.test", id=1), query("fast.test", id=2))
        assert stream.receive().id == 2
        with pytest.raises(dns.exception.Timeout):
            ask("slow.test", timeout=1.2)
        stream.send(query("slow.test", id=3))
        assert stream.receive().id == 3, "the fetch went on: it is cached now"
    server.wait_value("coredns_cache_entries", 2, type="success")
