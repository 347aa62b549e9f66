"""An upstream that truncates: the whole answer comes over TCP, halves are never kept."""

import pytest

from lab import replies
from lab.client import ask, data, flags, rcode
from lab.ours import block

COUNT = 120  # about 2,000 octets


def honest(seen):
    if seen.transport == "udp":
        return replies.truncated(seen.message)
    return replies.many_addresses(seen.message, COUNT)


@pytest.mark.parametrize("options", ["", "prefer_udp"])
def test_truncated_answer_is_fetched_over_tcp(serve, fake, options):
    upstream = fake("127.0.0.2", honest)
    serve(block("cache 30", f"forward . 127.0.0.2 {{\n    {options}\n}}"))
    response = ask("big.test", edns=0, payload=4096)
    assert len(data(response)) == COUNT and "TC" not in flags(response)
    assert upstream.transports() == {"udp": 1, "tcp": 1}


def test_the_whole_answer_is_kept(serve, fake):
    upstream = fake("127.0.0.2", honest)
    serve(block("cache 30", "forward . 127.0.0.2"))
    assert "TC" in flags(ask("big.test"))
    for _ in range(2):
        assert len(data(ask("big.test", tcp=True))) == COUNT
    assert upstream.transports() == {"udp": 1, "tcp": 1}


def test_prefer_udp_for_a_tcp_client(serve, fake):
    upstream = fake("127.0.0.2", honest)
    serve(block("cache 30", "forward . 127.0.0.2 {\n    prefer_udp\n}"))
    assert len(data(ask("big.test", tcp=True))) == COUNT
    assert [one.transport for one in upstream.queries()] == ["udp", "tcp"]


def test_truncated_answer_without_tcp_upstream_passes_but_is_not_kept(serve, fake):
    def handler(seen):
        return replies.truncated(seen.message, f"{seen.name} 60 A 192.0.2.1")
    upstream = fake("127.0.0.2", handler, tcp=False)
    server = serve(block("cache 30", "forward . 127.0.0.2"))
    for _ in range(2):
        response = ask("big.test")
        assert rcode(response) == "NOERROR" and "TC" in flags(response)
    assert upstream.count() == 2
    assert server.value("coredns_cache_entries") == 0


def test_large_answers_over_force_tcp(serve, fake):
    fake("127.0.0.2", lambda seen: replies.many_addresses(seen.message, 3000))
    serve(block("cache 30", "forward . 127.0.0.2 {\n    force_tcp\n}"))
    for _ in range(2):
        assert len(data(ask("huge.test", tcp=True))) == 3000
    assert "TC" in flags(ask("huge.test", edns=0, payload=1232))
