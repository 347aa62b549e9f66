"""EDNS(0), RFC 6891: when OPT is there, what it says, how big answers may be."""

import dns.edns
import dns.flags
import dns.message
import pytest

from lab import replies
from lab.client import ask, data, extended_errors, flags, query, rcode, send
from lab.ours import block

PLAIN = block("cache 30", "forward . 127.0.0.2")
FORTY = 40  # A records: about 700 octets


def many(count):
    return lambda seen: replies.many_addresses(seen.message, count)


@pytest.mark.parametrize("again", [False, True], ids=["miss", "hit"])
def test_opt_in_the_answer_iff_in_the_query(serve, upstream, again):
    serve(PLAIN)
    for number, edns in enumerate((None, 0)):
        if again:
            ask(f"n{number}.test", edns=edns)
        assert ask(f"n{number}.test", edns=edns).edns == (-1 if edns is None else 0)


def test_no_opt_upstream_does_not_matter(serve, fake):
    """An old upstream that ignores EDNS: the client still gets its OPT."""
    def handler(seen):
        seen.message.use_edns(-1)
        return replies.address(seen.message)
    fake("127.0.0.2", handler)
    serve(PLAIN)
    response = ask("a.test", edns=0)
    assert response.edns == 0 and data(response) == ["192.0.2.1"]


@pytest.mark.parametrize("version", [1, 2, 255])
@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_badvers(serve, upstream, version, tcp):
    serve(PLAIN)
    response = ask("a.test", edns=version, tcp=tcp)
    assert rcode(response) == "BADVERS"
    assert response.edns == 0
    assert not response.answer
    assert upstream.count() == 0


def test_unknown_options_are_ignored_and_not_echoed(serve, upstream):
    serve(PLAIN)
    for _ in range(2):
        response = ask("a.test", options=[dns.edns.GenericOption(65001, b"hello"),
                                          dns.edns.GenericOption(65002, b"")])
        assert rcode(response) == "NOERROR" and data(response) == ["192.0.2.1"]
        assert not [one for one in response.options if one.otype in (65001, 65002)]


@pytest.mark.parametrize("code, octets", [(10, b"12345678"), (11, b""), (12, b"\0" * 64), (3, b"")],
                         ids=["cookie", "keepalive", "padding", "nsid"])
def test_hop_by_hop_options_stay_here(serve, upstream, code, octets):
    serve(PLAIN)
    tcp = code == 11  # RFC 7828: over TCP only
    assert rcode(ask("a.test", options=[dns.edns.GenericOption(code, octets)], tcp=tcp)) == "NOERROR"
    assert code not in [int(one.otype) for one in upstream.queries()[0].message.options]


def test_reserved_flag_bits_are_not_echoed(serve, upstream):
    serve(PLAIN)
    message = query("a.test", edns=0)
    message.ednsflags = dns.flags.DO | 0x4000 | 0x0001
    assert send(message).ednsflags == dns.flags.DO


@pytest.mark.parametrize("again", [False, True], ids=["miss", "hit"])
def test_do_is_copied(serve, upstream, again):
    serve(PLAIN)
    for number, do in enumerate((True, False)):
        if again:
            ask(f"n{number}.test", edns=0, do=do)
        assert bool(ask(f"n{number}.test", edns=0, do=do).ednsflags & dns.flags.DO) == do


def test_upstream_gets_our_own_opt(serve, upstream):
    """Size 1232 (the DNS flag day's), version 0, whatever the client said."""
    serve(PLAIN)
    ask("a.test", edns=0, payload=4096)
    ask("b.test")
    for seen in upstream.queries():
        assert seen.message.edns == 0
        assert seen.message.payload == 1232


@pytest.mark.parametrize("again", [False, True], ids=["miss", "hit"])
@pytest.mark.parametrize("edns, payload, whole", [
    (None, 0, False), (0, 0, False), (0, 512, False), (0, 600, False), (0, 1232, True)])
def test_udp_size_is_honoured(serve, fake, again, edns, payload, whole):
    fake("127.0.0.2", many(FORTY))
    serve(PLAIN)
    message = query("big.test", edns=edns, payload=payload)
    if again:
        send(message)
    response = send(message)
    assert len(response.to_wire(max_size=65535)) <= max(512, payload)
    assert ("TC" in flags(response)) == (not whole)
    assert response.edns == (-1 if edns is None else 0)
    assert rcode(response) == "NOERROR"
    if whole:
        assert len(data(response)) == FORTY


def test_whole_over_tcp_after_truncation(serve, fake):
    upstream = fake("127.0.0.2", many(FORTY))
    serve(PLAIN)
    assert "TC" in flags(ask("big.test"))
    response = ask("big.test", tcp=True)
    assert len(data(response)) == FORTY and "TC" not in flags(response)
    assert upstream.count() == 1


def test_truncation_never_cuts_a_record(serve, fake):
    """Whatever the size asked for, what arrives parses and its OPT is there."""
    fake("127.0.0.2", many(80))
    serve(PLAIN)
    for payload in range(512, 1232, 37):
        response = ask("big.test", edns=0, payload=payload)
        assert "TC" in flags(response) and response.edns == 0
        assert len(response.to_wire(max_size=65535)) <= payload


def test_extended_errors_of_the_upstream_pass_to_edns_clients(serve, fake):
    blocked = dns.edns.EDEOption(dns.edns.EDECode.BLOCKED, "by policy")
    fake("127.0.0.2", lambda seen: replies.nxdomain(seen.message, options=[blocked]))
    serve(PLAIN)
    for _ in range(2):
        assert extended_errors(ask("blocked.test", edns=0)) == [15]
        assert ask("blocked.test").edns == -1


@pytest.mark.parametrize("code", ["FORMERR", "NOTIMP"])
def test_upstream_that_does_not_know_edns(serve, fake, code):
    """Asked once more without OPT, and remembered."""
    def handler(seen):
        if seen.message.edns >= 0:
            plain = dns.message.from_wire(seen.wire)
            plain.use_edns(-1)
            return replies.failure(plain, code)
        return replies.address(seen.message)
    upstream = fake("127.0.0.2", handler)
    serve(PLAIN, workers=1)
    assert data(ask("a.test", edns=0)) == ["192.0.2.1"]
    assert [one.message.edns for one in upstream.queries()] == [0, -1]
    assert data(ask("b.test", edns=0)) == ["192.0.2.1"]
    assert [one.message.edns for one in upstream.queries("b.test.")] == [-1]
