"""TCP from the client's side (RFC 7766): pipelining, order, idle connections, bounds."""

import contextlib
import resource
import struct

import pytest

from lab import replies
from lab.client import Stream, ask, data, query, rcode
from lab.fakedns import Later
from lab.ours import block

PLAIN = block("cache 30", "forward . 127.0.0.2")


def test_many_queries_over_one_connection(serve, upstream):
    serve(PLAIN)
    with Stream() as stream:
        for number in range(50):
            stream.send(query(f"n{number % 5}.test", id=number))
            assert stream.receive().id == number


def test_pipelined_queries_are_all_answered(serve, upstream):
    serve(PLAIN)
    with Stream() as stream:
        stream.send(*(query(f"n{number}.test", id=number) for number in range(100)))
        answers = {stream.receive().id for _ in range(100)}
    assert answers == set(range(100))


def test_a_slow_query_does_not_hold_up_the_next(serve, fake):
    """RFC 7766 §6.2.1.1: answers may come out of order."""
    fake("127.0.0.2", lambda seen: Later(0.8 if seen.name == "slow.test." else 0, replies.address(seen.message)))
    serve(PLAIN)
    with Stream() as stream:
        stream.send(query("slow.test", id=1), query("fast.test", id=2), query("fast.test", id=3))
        order = [stream.receive().id for _ in range(3)]
    assert order[2] == 1 and set(order[:2]) == {2, 3}


def test_hits_overtake_a_miss(serve, fake):
    fake("127.0.0.2", lambda seen: Later(0.6 if seen.name == "slow.test." else 0, replies.address(seen.message)))
    serve(PLAIN)
    ask("hit.test")
    with Stream() as stream:
        stream.send(query("slow.test", id=1), *(query("hit.test", id=n) for n in range(2, 12)))
        assert sorted(stream.receive().id for _ in range(10)) == list(range(2, 12))
        assert stream.receive().id == 1


def test_octet_by_octet(serve, upstream):
    serve(PLAIN)
    wire = query("a.test", id=7).to_wire()
    with Stream() as stream:
        for octet in struct.pack("!H", len(wire)) + wire:
            stream.send_octets(bytes([octet]))
        assert stream.receive().id == 7


def test_client_that_leaves_before_the_answer(serve, fake):
    fake("127.0.0.2", lambda seen: Later(0.2, replies.address(seen.message)))
    serve(PLAIN)
    for number in range(20):
        with Stream() as stream:
            stream.send(query(f"n{number}.test"))
    assert data(ask("after.test")) == ["192.0.2.1"]


def test_half_closed_client_still_gets_its_answers(serve, fake):
    """The client has no more questions but reads on."""
    import socket
    fake("127.0.0.2", lambda seen: Later(0.1, replies.address(seen.message)))
    serve(PLAIN)
    with Stream() as stream:
        stream.send(query("a.test", id=1), query("b.test", id=2))
        stream.sock.shutdown(socket.SHUT_WR)
        assert {stream.receive().id, stream.receive().id} == {1, 2}


@pytest.mark.parametrize("octets", [b"\x00\x00", b"\x00\x05abcde"], ids=["empty frame", "short frame"])
def test_frames_too_short_do_not_hurt(serve, upstream, octets):
    serve(PLAIN)
    with Stream() as stream:
        stream.send_octets(octets)
        with contextlib.suppress(OSError, EOFError):
            stream.send(query("a.test", id=1))
            assert stream.receive().id == 1
    assert data(ask("b.test", tcp=True)) == ["192.0.2.1"]


def test_unfinished_frame_then_close(serve, upstream):
    serve(PLAIN)
    for _ in range(20):
        with Stream() as stream:
            stream.send_octets(b"\x00\x40abc")
    assert data(ask("a.test", tcp=True)) == ["192.0.2.1"]


def test_idle_connections_are_closed_by_and_by(serve, upstream):
    """Not at once (the client may have more), but in seconds (RFC 7766 §6.2.3): after an answer, before any
    question, in the middle of one."""
    serve(PLAIN)
    with Stream() as used, Stream() as silent, Stream() as halfway:
        used.send(query("a.test"))
        used.receive()
        halfway.send_octets(b"\x00")
        assert not used.closed_within(1)
        for one in (used, silent, halfway):
            assert one.closed_within(15)


def test_more_connections_than_there_is_room_for(serve, upstream):
    """1,024 a worker and address: beyond that the one that is idle longest gives way to the newcomer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), max(hard, 4096)))
    try:
        server = serve(PLAIN, workers=1)
        with contextlib.ExitStack() as stack:
            streams = [stack.enter_context(Stream()) for _ in range(1300)]
            assert data(ask("a.test")) == ["192.0.2.1"]
            assert data(ask("b.test", tcp=True)) == ["192.0.2.1"]
            streams[-1].send(query("c.test", id=5))
            assert streams[-1].receive().id == 5
            assert streams[0].closed_within(2)
            assert server.value("node_local_dns_tcp_connections_crowded_out_total") >= 1300 - 1024
            assert server.value("process_open_fds") < 1024 + 100
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_client_that_does_not_read_is_bounded(serve, fake):
    """Endless questions, no reading: memory stays bounded and others are served."""
    fake("127.0.0.2", lambda seen: replies.many_addresses(seen.message, 1000))
    server = serve(block("cache 30", "forward . 127.0.0.2 {\n    force_tcp\n}"))
    ask("big.test", tcp=True)
    before = server.value("process_resident_memory_bytes")
    with Stream(timeout=1) as stream:
        with contextlib.suppress(OSError):
            for _ in range(40):
                stream.send(*(query("big.test", id=n) for n in range(200)))  # 8,000 x 16 KB of answers
        assert rcode(ask("big.test", tcp=True)) == "NOERROR"
        assert server.value("process_resident_memory_bytes") - before < 64 << 20
