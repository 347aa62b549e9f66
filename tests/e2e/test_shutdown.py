"""Ending: drained, in time, with exit code 0."""

import signal
import socket
import threading

import dns.message
import pytest

from lab import replies
from lab.client import Stream, ask, data, query, timed
from lab.fakedns import Later
from lab.metrics import http_get
from lab.ours import block
from lab.waiting import PATIENCE, wait_until

PLAIN = block("cache 30", "forward . 127.0.0.2")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_with_zero(serve, upstream, number):
    server = serve(PLAIN)
    ask("a.test")
    code, seconds = timed(server.stop, number)
    assert code == 0 and seconds < 2
    assert not server.log_lines(r"\[ERROR\]")


def test_right_after_the_start(serve, upstream):
    server = serve(PLAIN)
    assert server.stop() == 0


def test_nothing_listens_afterwards(serve, upstream):
    server = serve(PLAIN)
    server.stop()
    with socket.socket() as sock, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
        sock.bind(("127.0.0.1", 53))
        datagram.bind(("127.0.0.1", 53))


def burst(count, name):
    """Sends `count` queries without reading, from one connected socket."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    sock.settimeout(3)
    sock.connect(("127.0.0.1", 53))
    for number in range(count):
        sock.send(query(name(number), id=number).to_wire())
    return sock


def collect(sock, count):
    """The ids answered until `count` are there or silence."""
    ids = set()
    try:
        while len(ids) < count:
            ids.add(dns.message.from_wire(sock.recv(4096)).id)
    except OSError:
        pass
    sock.close()
    return ids


def test_queries_sent_before_the_signal_are_answered(serve, upstream):
    """Cached ones, still in the socket's queue when the signal comes."""
    server = serve(PLAIN)
    ask("a.test")
    sock = burst(120, lambda number: "a.test")
    server.send_signal(signal.SIGTERM)
    assert collect(sock, 120) == set(range(120))
    assert server.wait() == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_queries_that_wait_for_the_upstream_are_answered(serve, fake, workers):
    upstream = fake("127.0.0.2", lambda seen: Later(0.4, replies.address(seen.message)))
    server = serve(PLAIN, workers=workers)
    sock = burst(60, lambda number: f"n{number}.test")
    wait_until(lambda: upstream.count() == 60, 5, "all sixty upstream")
    server.send_signal(signal.SIGTERM)
    assert collect(sock, 60) == set(range(60))
    assert server.wait() == 0


def test_tcp_queries_that_wait_are_answered(serve, fake):
    upstream = fake("127.0.0.2", lambda seen: Later(0.4, replies.address(seen.message)))
    server = serve(PLAIN)
    with Stream() as stream:
        stream.send(*(query(f"n{number}.test", id=number) for number in range(20)))
        wait_until(lambda: upstream.count() == 20, 5, "all twenty upstream")
        server.send_signal(signal.SIGTERM)
        assert {stream.receive().id for _ in range(20)} == set(range(20))
        assert stream.closed_within(5)
    assert server.wait() == 0


def test_idle_tcp_clients_do_not_delay_the_end(serve, upstream):
    server = serve(PLAIN)
    with Stream() as silent, Stream() as used:
        used.send(query("a.test"))
        used.receive()
        code, seconds = timed(server.stop)
        assert code == 0 and seconds < 3
        assert silent.closed_within(1) and used.closed_within(1)


def test_silent_upstream_does_not_delay_the_end_for_long(serve, fake):
    upstream = fake("127.0.0.2", lambda seen: None)
    server = serve(PLAIN)
    with burst(5, lambda number: f"n{number}.test"):
        wait_until(lambda: upstream.count() >= 5, 5, "the queries upstream")
        code, seconds = timed(server.stop)
    assert code == 0 and seconds < 5 * PATIENCE


def test_lameduck(serve, upstream):
    """For that time it still serves, says it is healthy, and says it is not ready."""
    server = serve(block("health 127.0.0.1:8080 {\n    lameduck 2s\n}", "ready 127.0.0.1:8181",
                         "forward . 127.0.0.2"))
    wait_until(lambda: http_get("127.0.0.1:8181", "/ready")[0] == 200, 5, "ready")
    ending = []
    waiter = threading.Thread(target=lambda: ending.append(timed(server.stop)))
    waiter.start()
    wait_until(lambda: http_get("127.0.0.1:8181", "/ready")[0] == 503, 1.5, "not ready")
    assert data(ask("a.test")) == ["192.0.2.1"]
    assert http_get("127.0.0.1:8080", "/health")[0] == 200
    assert server.running()
    waiter.join(10)
    code, seconds = ending[0]
    assert code == 0 and 1.8 <= seconds < 5
