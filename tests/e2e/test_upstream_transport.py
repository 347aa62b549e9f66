"""How the upstream is reached: which transport, which connections, from where, and what is believed."""

import threading

import dns.message
import pytest

from lab import replies
from lab.client import ask, ask_many, data, query, rcode, timed
from lab.fakedns import Close, FakeDns, Later
from lab.ours import block
from lab.waiting import wait_until


def forward(*options, to="127.0.0.2"):
    return block(f"forward . {to} {{\n" + "\n".join(f"    {one}" for one in options) + "\n}")


FORCE_TCP = forward("force_tcp")


@pytest.mark.parametrize("options, tcp_client, expected", [
    ([], False, "udp"), ([], True, "tcp"), (["force_tcp"], False, "tcp"), (["force_tcp"], True, "tcp"),
    (["prefer_udp"], False, "udp"), (["prefer_udp"], True, "udp"),
    (["force_tcp", "prefer_udp"], False, "tcp")])
def test_transport(serve, upstream, options, tcp_client, expected):
    serve(forward(*options))
    assert data(ask("a.test", tcp=tcp_client)) == ["192.0.2.1"]
    assert upstream.transports() == {expected: 1}


def test_tcp_connection_is_reused(serve, upstream):
    server = serve(FORCE_TCP, workers=1)
    for number in range(20):
        ask(f"n{number}.test")
    assert upstream.count() == 20
    assert upstream.connections == 1
    metrics = server.metrics()
    where = {"proxy_name": "forward", "to": "127.0.0.2:53", "proto": "tcp"}
    assert metrics.value("coredns_proxy_conn_cache_misses_total", **where) == 1
    assert metrics.value("coredns_proxy_conn_cache_hits_total", **where) == 19


def test_tcp_queries_are_pipelined(serve, fake):
    """Thirty at once share a connection instead of opening thirty."""
    gate = threading.Event()

    def handler(seen):
        gate.wait(10)
        return replies.address(seen.message)
    upstream = fake("127.0.0.2", handler)
    serve(FORCE_TCP, workers=1)
    asking = threading.Thread(target=lambda: results.extend(
        ask_many([(f"n{number}.test",) for number in range(30)], timeout=10)))
    results = []
    asking.start()
    wait_until(lambda: upstream.count() == 30, 5, "all thirty upstream before any answer")
    gate.set()
    asking.join(15)
    assert len(results) == 30 and all(data(one) == ["192.0.2.1"] for one in results)
    assert upstream.connections <= 2


def test_out_of_order_answers_of_the_upstream(serve, fake):
    def handler(seen):
        number = int(seen.name[1:].split(".")[0])
        return Later(0.3 if number % 2 == 0 else 0, replies.address(seen.message, f"192.0.2.{number}"))
    fake("127.0.0.2", handler)
    serve(FORCE_TCP, workers=1)
    answers = ask_many([(f"n{number}.test",) for number in range(20)])
    assert [data(one) for one in answers] == [[f"192.0.2.{number}"] for number in range(20)]


def test_idle_connection_expires(serve, upstream):
    serve(forward("force_tcp", "expire 1s"), workers=1)
    ask("a.test")
    assert upstream.open_connections == 1
    wait_until(lambda: upstream.open_connections == 0, 4, "the idle connection to be closed")
    assert data(ask("b.test")) == ["192.0.2.1"]
    assert upstream.connections == 2


def test_connection_closed_by_the_upstream_while_idle(serve, upstream):
    serve(FORCE_TCP, workers=1)
    for number in range(5):
        assert data(ask(f"n{number}.test")) == ["192.0.2.1"]
        upstream.close_connections()
    assert upstream.connections == 5


def test_connection_closed_on_a_reused_one_is_retried(serve, fake):
    """The upstream closes instead of answering: once more on a fresh connection, unseen by the client."""
    def handler(seen):
        if seen.connection == 1 and seen.name != "first.test.":
            return Close
        return replies.address(seen.message)
    upstream = fake("127.0.0.2", handler)
    serve(FORCE_TCP, workers=1)
    ask("first.test")
    assert data(ask("second.test")) == ["192.0.2.1"]
    assert [one.connection for one in upstream.queries("second.test.")] == [1, 2]


def test_upstream_that_always_closes_is_servfail_in_bounded_time(serve, fake):
    upstream = fake("127.0.0.2", lambda seen: Close)
    serve(FORCE_TCP)
    response, seconds = timed(ask, "a.test", timeout=8)
    assert rcode(response) == "SERVFAIL"
    assert seconds < 6
    assert upstream.count("a.test.") < 200


def test_half_a_frame_then_silence_is_bounded(serve, fake):
    """A handler that answers with a frame too short to be a message."""
    fake("127.0.0.2", lambda seen: b"\x00\x01\x02")
    serve(forward("force_tcp", "read_timeout 300ms", "max_connect_attempts 2"))
    response, seconds = timed(ask, "a.test", timeout=8)
    assert rcode(response) == "SERVFAIL" and seconds < 6


def test_source_address(serve, upstream):
    serve(forward("source_address 127.0.0.77"))
    ask("a.test")
    ask("b.test", tcp=True)
    assert {one.peer[0] for one in upstream.queries()} == {"127.0.0.77"}


def test_ipv6_upstream(serve, fake):
    upstream = fake("fd00::3")
    serve(forward(to="fd00::3"))
    assert data(ask("a.test")) == ["192.0.2.1"]
    assert data(ask("b.test", tcp=True)) == ["192.0.2.1"]
    assert upstream.transports() == {"udp": 1, "tcp": 1}


def test_upstream_port(serve, fake):
    upstream = fake("127.0.0.2", port=5301)
    server = serve(forward(to="127.0.0.2:5301"))
    ask("a.test")
    assert upstream.count() == 1
    assert server.value("coredns_forward_requests_total", to="127.0.0.2:5301") == 1


def test_ids_and_ports_are_unpredictable(serve, upstream):
    """Not sequential, not the client's, not from one port (RFC 5452 §4)."""
    serve(forward(), workers=1)
    for number in range(60):
        ask(f"n{number}.test", id=number)
    seen = upstream.queries()
    ids = [one.message.id for one in seen]
    assert len(set(ids)) >= 58
    assert sum(1 for a, b in zip(ids, ids[1:]) if abs(a - b) < 16) < 6
    assert sum(1 for number, one in enumerate(ids) if one == number) < 3
    assert len({one.peer[1] for one in seen}) >= 4


def spoofed(change):
    """The upstream sends a wrong answer first and the right one after it."""
    def handler(seen):
        wrong = replies.address(seen.message, "203.0.113.66")
        change(wrong)
        return [wrong, Later(0.05, replies.address(seen.message, "192.0.2.1"))]
    return handler


def wrong_id(message):
    message.id ^= 0x5555


def wrong_name(message):
    message.question = dns.message.make_query("evil.test", "A").question


def wrong_type(message):
    message.question = dns.message.make_query("a.test", "TXT").question


def not_a_response(message):
    message.flags &= 0x7FFF


@pytest.mark.parametrize("change", [wrong_id, wrong_name, wrong_type, not_a_response])
@pytest.mark.parametrize("options", [[], ["force_tcp"]], ids=["udp", "tcp"])
def test_only_the_matching_answer_is_believed(serve, fake, change, options):
    fake("127.0.0.2", spoofed(change))
    serve(forward(*options))
    assert data(ask("a.test", timeout=8)) == ["192.0.2.1"]


def test_mismatched_answers_are_counted(serve, fake):
    fake("127.0.0.2", spoofed(wrong_id))
    server = serve(forward())
    ask("a.test")
    assert server.value("node_local_dns_upstream_mismatched_total", to="127.0.0.2:53") >= 1


def test_garbage_from_the_upstream_is_ignored(serve, fake):
    def handler(seen):
        junk = seen.wire[:2] + b"\x81\x80" + b"\xff" * 40
        return [b"", b"\x00", seen.wire[:2], junk, Later(0.05, replies.address(seen.message))]
    fake("127.0.0.2", handler)
    serve(forward())
    assert data(ask("a.test", timeout=8)) == ["192.0.2.1"]


def test_compression_loop_from_the_upstream(serve, fake):
    def handler(seen):
        header = seen.wire[:2] + b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00"
        question = query("a.test").to_wire()[12:]
        loop = b"\xc0" + bytes([12 + len(question)]) + b"\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x01\x02\x03\x04"
        return header + question + loop
    fake("127.0.0.2", handler)
    serve(forward("read_timeout 300ms", "max_connect_attempts 2"))
    response, seconds = timed(ask, "a.test", timeout=8)
    assert rcode(response) == "SERVFAIL" and seconds < 6


def test_file_as_upstream(serve, fake, tmp_path):
    first, second = fake("127.0.0.2"), fake("127.0.0.3")
    (tmp_path / "resolv.conf").write_text(
        "# comment\nsearch cluster.local\nnameserver 127.0.0.2\nnameserver 127.0.0.3\noptions ndots:5\n")
    serve(block(f"forward . {tmp_path}/resolv.conf {{\n    policy round_robin\n}}"))
    for number in range(6):
        assert data(ask(f"n{number}.test")) == ["192.0.2.1"]
    assert first.count() == second.count() == 3


def test_late_answer_is_not_taken_for_the_next_query(serve, fake):
    """An answer that comes after its time-out must not answer a later question."""
    def handler(seen):
        if seen.name == "slow.test.":
            return Later(0.5, replies.address(seen.message, "203.0.113.1"))
        return replies.address(seen.message, "192.0.2.2")
    fake("127.0.0.2", handler)
    serve(forward("read_timeout 200ms", "max_connect_attempts 1"), workers=1)
    ask_many([("slow.test",)] + [(f"n{number}.test",) for number in range(20)], timeout=8)
    assert data(ask("after.test")) == ["192.0.2.2"]


def test_fake_is_really_down_when_stopped(netns):
    """The lab's promise that the tests of dead upstreams build on."""
    server = FakeDns("127.0.0.99").start()
    server.stop()
    with pytest.raises(OSError):
        ask("a.test", server="127.0.0.99", tcp=True, timeout=1)
