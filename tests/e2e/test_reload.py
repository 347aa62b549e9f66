"""Reload: by signal or by itself, nothing lost, nothing forgotten, nothing broken by a bad file."""

import socket
import threading

import dns.message
import pytest

from lab import replies
from lab.client import Stream, ask, data, query, raw_udp, rcode
from lab.fakedns import Later
from lab.metrics import scrape
from lab.ours import METRICS, block
from lab.waiting import stays, wait_until


def to(number, *directives, **more):
    return block("cache 30", *directives, f"forward . 127.0.0.{number}", **more)


@pytest.fixture
def pair(fake):
    return fake("127.0.0.2", ip="192.0.2.2"), fake("127.0.0.3", ip="192.0.2.3")


def wait_version(server, before):
    """Until the metrics show another configuration digest than `before`."""
    return wait_until(lambda: (now := server.loaded_version()) and now != before and now, 8, "a new configuration")


def test_version_info(serve, pair):
    server = serve(to(2, "reload"))
    found = server.metrics().series("coredns_reload_version_info")
    assert [value for _, value in found] == [1]
    assert found[0][0]["hash"] == "sha512" and len(found[0][0]["value"]) == 128


@pytest.mark.parametrize("name", ["SIGHUP", "SIGUSR1"])
def test_signal(serve, pair, name):
    import signal
    server = serve(to(2))
    assert data(ask("a.test")) == ["192.0.2.2"]
    server.reload(to(3), number=getattr(signal, name))
    wait_until(lambda: data(ask(f"{id(object())}.test")) == ["192.0.2.3"], 8, "the new upstream")


def test_reload_directive_looks_by_itself(serve, pair):
    server = serve(to(2, "reload 2s 1s"))
    before = server.loaded_version()
    server.write(to(3, "reload 2s 1s"))
    wait_version(server, before)
    assert data(ask("fresh.test")) == ["192.0.2.3"]


def test_without_the_reload_directive_the_file_is_not_watched(serve, pair):
    server = serve(to(2))
    before = server.loaded_version()
    server.write(to(3))
    stays(lambda: server.loaded_version() == before, 3.5, "the old configuration", interval=0.2)


def test_imported_file_is_watched_too(serve, pair, tmp_path):
    part = tmp_path / "part"
    part.write_text("forward . 127.0.0.2\n")
    serve(block("reload 2s 1s", f"import {part}"))
    assert data(ask("a.test")) == ["192.0.2.2"]
    part.write_text("forward . 127.0.0.3\n")
    wait_until(lambda: data(ask("b.test")) == ["192.0.2.3"], 8, "the new upstream", interval=0.1)


def test_digest_covers_imported_files(serve, pair, tmp_path):
    """The hash tells which configuration serves: it must change with any part of it, as CoreDNS's does."""
    part = tmp_path / "part"
    part.write_text("forward . 127.0.0.2\n")
    server = serve(block(f"import {part}"))
    before = server.loaded_version()
    part.write_text("forward . 127.0.0.3\n")
    server.reload()
    wait_until(lambda: data(ask(f"{id(object())}.test")) == ["192.0.2.3"], 8, "the new upstream")
    assert server.loaded_version() != before


def test_bad_file_changes_nothing_and_is_counted(serve, pair):
    server = serve(to(2))
    before = server.loaded_version()
    assert server.value("coredns_reload_failed_total") == 0
    assert server.value("node_local_dns_config_last_reload_successful") == 1
    server.reload(".:53 {\n    bind 127.0.0.1\n    forward . nonsense:port:\n}\n")
    server.wait_value("coredns_reload_failed_total", 1)
    assert server.value("node_local_dns_config_last_reload_successful") == 0
    assert server.loaded_version() == before
    assert data(ask("a.test")) == ["192.0.2.2"]
    assert server.log_lines(rf"{server.conf}:3: .*forward")
    server.reload(to(3))
    wait_version(server, before)
    assert server.value("node_local_dns_config_last_reload_successful") == 1
    assert data(ask("b.test")) == ["192.0.2.3"]


def test_address_that_cannot_be_bound_changes_nothing(serve, pair):
    server = serve(to(2))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.8", 53))
        server.reload(to(3, bind="127.0.0.1 127.0.0.8"))
        server.wait_value("coredns_reload_failed_total", 1)
    assert data(ask("a.test")) == ["192.0.2.2"]


def test_cache_survives(serve, pair):
    server = serve(to(2))
    ask("a.test")
    before = server.loaded_version()
    server.reload(to(2, "log"))
    wait_version(server, before)
    assert data(ask("a.test")) == ["192.0.2.2"]
    assert pair[0].count() == 1
    assert server.value("coredns_cache_hits_total") == 1


def test_counters_survive(serve, pair):
    server = serve(to(2))
    for number in range(5):
        ask(f"n{number}.test")
    before = server.loaded_version()
    server.reload(to(2, "log"))
    wait_version(server, before)
    assert server.value("coredns_dns_requests_total") == 5


def test_new_cache_limits_apply(serve, fake):
    fake("127.0.0.2", ip="192.0.2.2", ttl=600)
    server = serve(block("cache 30", "forward . 127.0.0.2"))
    before = server.loaded_version()
    server.reload(block("cache 300", "forward . 127.0.0.2"))
    wait_version(server, before)
    assert ask("a.test").answer[0].ttl == 300


def test_bind_address_added_and_removed(serve, pair):
    server = serve(to(2))
    server.reload(to(2, bind="127.0.0.1 169.254.20.10"))
    server.wait_ready(["127.0.0.1", "169.254.20.10"])
    assert data(ask("a.test", server="169.254.20.10")) == ["192.0.2.2"]
    server.reload(to(2, bind="169.254.20.10"))

    def gone():
        try:
            raw_udp(query("a.test").to_wire(), timeout=0.2)
        except ConnectionRefusedError:
            return True
        return False
    wait_until(gone, 8, "127.0.0.1 to be closed")
    assert data(ask("b.test", server="169.254.20.10")) == ["192.0.2.2"]


def test_block_added_and_removed(serve, pair):
    server = serve(to(2))
    server.reload(to(2) + to(3, zone="example.test:53") + to(3, zone=".:5353"))
    wait_until(lambda: data(ask(f"{id(object())}.example.test")) == ["192.0.2.3"], 8, "the new block")
    assert data(ask("a.test", port=5353)) == ["192.0.2.3"]
    server.reload(to(2))
    wait_until(lambda: data(ask(f"{id(object())}.example.test")) == ["192.0.2.2"], 8, "the block to go")


def test_metrics_address_moves(serve, pair):
    server = serve(to(2))
    server.metrics()
    server.reload(to(2, metrics="127.0.0.1:9253"))
    server.metrics("127.0.0.1:9253")

    def gone():
        try:
            return not scrape(METRICS)
        except OSError:
            return True
    wait_until(gone, 8, "the old address to be closed")


def test_tcp_connection_survives(serve, pair):
    server = serve(to(2))
    with Stream() as stream:
        stream.send(query("a.test", id=1))
        assert data(stream.receive()) == ["192.0.2.2"]
        before = server.loaded_version()
        server.reload(to(3))
        wait_version(server, before)
        stream.send(query("b.test", id=2))
        assert data(stream.receive()) == ["192.0.2.3"]


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_query_in_flight_is_answered(serve, fake, tcp):
    upstream = fake("127.0.0.2", lambda seen: Later(0.7, replies.address(seen.message)))
    server = serve(to(2))
    result = []
    asking = threading.Thread(target=lambda: result.append(ask("slow.test", tcp=tcp)))
    asking.start()
    wait_until(lambda: upstream.count() == 1, 5, "the query upstream")
    before = server.loaded_version()
    server.reload(to(2, "log", bind="127.0.0.1 127.0.0.8"))
    wait_version(server, before)
    asking.join(10)
    assert data(result[0]) == ["192.0.2.1"]


class Asker(threading.Thread):
    """Asks one after another from one socket until told to stop; remembers what was not answered."""

    def __init__(self, number, tcp=False):
        super().__init__(daemon=True)
        self.number, self.tcp = number, tcp
        self.ending = threading.Event()
        self.answered, self.problems = 0, []

    def run(self):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM if self.tcp else socket.SOCK_DGRAM) as sock:
            sock.settimeout(5)
            sock.connect(("127.0.0.1", 53))
            count = 0
            while not self.ending.is_set():
                count += 1
                name = f"hit{count % 7}.test" if count % 2 else f"t{self.number}-{count}.test"
                wire = query(name, id=count & 0xFFFF).to_wire()
                try:
                    sock.send(len(wire).to_bytes(2, "big") + wire if self.tcp else wire)
                    answer = sock.recv(4096)
                    answer = answer[2:] if self.tcp else answer
                    message = dns.message.from_wire(answer)
                    if message.id != count & 0xFFFF or message.rcode() != 0 or not message.answer:
                        self.problems.append(message.to_text())
                    self.answered += 1
                except OSError as error:
                    self.problems.append(f"{name}: {error!r}")
                    return


@pytest.mark.parametrize("change", ["same sockets", "sockets come and go"])
def test_no_query_is_lost_under_load(serve, pair, change):
    """Eight streams, each waiting for every answer, over eight reloads that swap the upstream (and the
    listen addresses)."""
    server = serve(to(2), workers=2)
    streams = [Asker(number) for number in range(8)]
    for one in streams:
        one.start()
    try:
        wait_until(lambda: all(one.answered > 10 for one in streams), 10, "all streams to run")
        for turn in range(8):
            before = server.loaded_version()
            bind = "127.0.0.1" if change == "same sockets" or turn % 2 else "127.0.0.1 127.0.0.8 169.254.20.10"
            server.reload(to(2 + turn % 2, f"log turn{turn}.test", bind=bind))
            wait_version(server, before)
            marks = [one.answered for one in streams]
            wait_until(lambda: all(one.answered > mark + 5 or one.problems for one, mark in zip(streams, marks)),
                       10, "all streams to go on")
    finally:
        for one in streams:
            one.ending.set()
        for one in streams:
            one.join(10)
    problems = [problem for one in streams for problem in one.problems]
    assert not problems, problems[:3]
    assert sum(one.answered for one in streams) > 500


def test_many_signals_at_once(serve, pair):
    server = serve(to(2))
    for _ in range(50):
        server.reload()
    assert data(ask("a.test")) == ["192.0.2.2"]
    before = server.loaded_version()
    server.reload(to(3))
    wait_version(server, before)
    assert data(ask("b.test")) == ["192.0.2.3"]
    assert rcode(ask("c.test")) == "NOERROR"
