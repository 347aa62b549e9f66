"""Forwarding loops: found at the start, said, and not fed."""

import threading

import pytest

from lab.client import ask, data, rcode
from lab.ours import block
from lab.waiting import stays, wait_until

SELF = block("loop", "forward . 127.0.0.1")
DETECTED = r"\[(ERROR|FATAL)\].*[Ll]oop"


def test_to_itself(serve):
    server = serve(SELF)
    line = server.wait_log(DETECTED)[0]
    assert '"."' in line or "zone ." in line, line
    assert rcode(ask("a.test")) == "SERVFAIL"
    assert server.running()


def test_the_message_says_what_to_do(serve):
    server = serve(SELF)
    text = "\n".join(server.wait_log(DETECTED))
    assert "forward" in text or "resolv.conf" in text, text


def test_between_two_servers(serve):
    first = serve(block("loop", "forward . 127.0.0.3"))
    second = serve(block("loop", "forward . 127.0.0.1", bind="127.0.0.3", metrics="127.0.0.3:9153"),
                   listen=["127.0.0.3"])
    wait_until(lambda: first.log_lines(DETECTED) or second.log_lines(DETECTED), 15, "the loop to be found")
    wait_until(lambda: rcode(ask("a.test", timeout=8)) == "SERVFAIL", 10, "SERVFAIL")


def test_only_its_zone_is_closed(serve, upstream):
    server = serve(block("loop", "forward . 127.0.0.1", zone="bad.test:53")
                   + block("loop", "forward . 127.0.0.2"))
    line = server.wait_log(DETECTED)[0]
    assert "bad.test" in line
    assert rcode(ask("a.bad.test")) == "SERVFAIL"
    assert data(ask("a.good.test")) == ["192.0.2.1"]
    assert len(server.log_lines(DETECTED)) == 1


@pytest.mark.abnormal_exit
def test_loop_exit(serve):
    server = serve(SELF, "--loop-exit", launch=True)
    assert server.wait() != 0
    assert server.log_lines(DETECTED)


def test_loop_exit_without_a_loop(serve, upstream):
    server = serve(block("loop", "forward . 127.0.0.2"), "--loop-exit")
    wait_until(lambda: upstream.queries(type="HINFO", probes=True), 8, "the probe")
    assert data(ask("a.test")) == ["192.0.2.1"]
    stays(server.running, 0.5)


def test_the_probe(serve, upstream):
    """One HINFO question for a random name below the zone; another 2 s later, and then no more."""
    server = serve(block("loop", "forward . 127.0.0.2", zone="example.test:53"))
    probe = wait_until(lambda: upstream.queries(type="HINFO", probes=True), 8, "the probe")[0]
    labels = probe.name.split(".")
    assert labels[-3:] == ["example", "test", ""] and len(labels) == 5
    assert labels[0].isdigit() and labels[1].isdigit()
    stays(lambda: len(upstream.queries(type="HINFO", probes=True)) == 1, 1.0, "no second probe so soon")
    wait_until(lambda: len(upstream.queries(type="HINFO", probes=True)) == 2, 4, "the second probe")
    stays(lambda: len(upstream.queries(type="HINFO", probes=True)) == 2, 3.0, "no third probe")
    assert not server.log_lines(DETECTED)


def test_dead_upstream_is_no_loop(serve):
    server = serve(block("loop", "forward . 127.0.0.2"))
    stays(lambda: not server.log_lines(DETECTED), 1.0, "no loop message")
    assert server.running()


def test_clients_cannot_fake_a_loop(serve, upstream):
    """HINFO questions of others, many, and at once."""
    server = serve(block("loop", "forward . 127.0.0.2"))
    threads = [threading.Thread(target=ask, args=(f"{n}.{n}.", "HINFO")) for n in range(20)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(10)
    assert data(ask("a.test")) == ["192.0.2.1"]
    assert not server.log_lines(DETECTED)


def test_repaired_by_a_reload(serve, upstream):
    server = serve(SELF)
    server.wait_log(DETECTED)
    server.reload(block("loop", "forward . 127.0.0.2"))
    wait_until(lambda: rcode(ask(f"{id(object())}.test")) == "NOERROR", 8, "answers after the repair")
