"""Directives that change replies as they leave: loadbalance, minimal, bufsize, header; the cache keeps all."""

import collections

import dns.rrset
import pytest

from lab import replies
from lab.client import ask, data, flags, rcode
from lab.ours import block

ZONE = """
@ 60 SOA ns host 1 7200 3600 86400 30
@ 60 NS ns
ns 60 A 127.0.0.41
web 60 A 10.0.0.1
web 60 A 10.0.0.2
web 60 A 10.1.0.3
alias 60 CNAME web
big 60 TXT "{big}"
""".replace("{big}", '" "'.join("x" * 200 for _ in range(5)))


@pytest.fixture(scope="module")
def zone(nsd):
    return nsd("127.0.0.41", {"shape.test.": ZONE})


def mail(seen):
    """Two MX records, and addresses whose owners are written as pointers into them."""
    response = replies.reply(seen.message, "mx.test. 60 MX 10 mail1.mx.test.", "mx.test. 60 MX 10 mail2.mx.test.",
                             authority=("mx.test. 60 NS mail1.mx.test.",))
    for name, *texts in (("mail1.mx.test.", "10.0.0.7"), ("mail2.mx.test.", "10.0.0.8", "10.0.0.9")):
        response.additional.append(dns.rrset.from_text_list(name, 60, "IN", "A", texts))
    return response


def addresses(response):
    return [item.to_text() for rrset in response.answer if rrset.rdtype == 1 for item in rrset]


def first_addresses(name, times=60, **more):
    return collections.Counter(addresses(ask(name, **more))[0] for _ in range(times))


def test_round_robin_of_cached_answers(serve, zone):
    server = serve(block("loadbalance", "cache 30", "forward . 127.0.0.41"))
    for more in ({}, {"tcp": True}, {"edns": 0}):
        assert set(first_addresses("web.shape.test", **more)) == {"10.0.0.1", "10.0.0.2", "10.1.0.3"}
    for _ in range(20):
        response = ask("alias.shape.test")
        assert [rrset.name.to_text() for rrset in response.answer] == ["alias.shape.test.", "web.shape.test."]
        assert data(response) == ["10.0.0.1", "10.0.0.2", "10.1.0.3"]
    assert server.value("coredns_cache_entries", type="success") == 2


def test_mx_records_and_the_names_that_point_into_them(serve, fake):
    fake("127.0.0.3", mail)
    serve(block("loadbalance round_robin", "cache 30", "forward . 127.0.0.3"))
    first = collections.Counter()
    for _ in range(40):
        response = ask("mx.test", "MX", edns=0)
        assert data(response, "MX") == ["10 mail1.mx.test.", "10 mail2.mx.test."]
        glue = {rrset.name.to_text(): sorted(item.to_text() for item in rrset)
                for rrset in response.additional if rrset.rdtype == 1}
        assert glue == {"mail1.mx.test.": ["10.0.0.7"], "mail2.mx.test.": ["10.0.0.8", "10.0.0.9"]}
        first[[item.exchange.to_text() for rrset in response.answer for item in rrset][0]] += 1
    assert len(first) == 2


def test_preferred_networks(serve, zone):
    serve(block("loadbalance {", "    prefer 10.1.0.0/16 10.0.0.2/32", "}", "cache 30", "forward . 127.0.0.41"))
    for _ in range(10):
        assert addresses(ask("web.shape.test")) == ["10.1.0.3", "10.0.0.2", "10.0.0.1"]


def test_weights_and_their_file(serve, zone, tmp_path):
    weights = tmp_path / "weights"
    weights.write_text("web.shape.test\n10.0.0.1 255\n10.0.0.2 255\n")
    server = serve(block(f"loadbalance weighted {weights} {{", "    reload 200ms", "}", "cache 30",
                         "forward . 127.0.0.41"))
    first = first_addresses("web.shape.test", 200)
    assert first["10.1.0.3"] < 10 and min(first["10.0.0.1"], first["10.0.0.2"]) > 50
    weights.write_text("web.shape.test\n10.0.0.1 0\n")
    server.wait_log(r"plugin/loadbalance: .*weights: line 2: weight '0' is wrong")
    assert first_addresses("web.shape.test", 100)["10.1.0.3"] < 10, "a wrong file changes nothing"
    weights.write_text("web.shape.test\n10.1.0.3 255\n")
    server.wait_log(r"plugin/loadbalance: .*weights: weights read again")
    assert first_addresses("web.shape.test", 100)["10.1.0.3"] > 80


def test_minimal(serve, zone, fake):
    fake("127.0.0.3", mail)
    upstreams = ("cache 30", "forward mx.test 127.0.0.3", "forward . 127.0.0.41", "reload 30s")
    server = serve(block("minimal", *upstreams))
    for more in ({}, {"tcp": True}):
        response = ask("mx.test", "MX", **more)
        assert data(response, "MX") and not response.authority and not response.additional
    denied = ask("nope.shape.test")
    assert rcode(denied) == "NXDOMAIN" and denied.authority
    server.reload(block(*upstreams))
    server.wait_log("reload complete")
    whole = ask("mx.test", "MX", edns=0)
    assert whole.authority and whole.additional, "the cache has kept it"


def test_bufsize(serve, zone, fake):
    offered = []
    fake("127.0.0.3", lambda seen: offered.append(seen.message.payload) or replies.address(seen.message))
    serve(block("bufsize 600", "cache 30", "forward small.test 127.0.0.3", "forward . 127.0.0.41"))
    response = ask("big.shape.test", "TXT", edns=0, payload=4096)
    assert "TC" in flags(response) and not response.answer
    assert data(ask("big.shape.test", "TXT", edns=0, payload=4096, tcp=True), "TXT")
    ask("a.small.test")
    assert offered == [600]


def test_header(serve, zone):
    serve(block("header {", "    response set aa", "    response clear ra", "}", "cache 30", "forward . 127.0.0.41"))
    for _ in range(2):
        got = flags(ask("web.shape.test"))
        assert "AA" in got and "RA" not in got


def test_header_of_queries(serve, fake):
    seen_flags = []
    fake("127.0.0.3", lambda seen: seen_flags.append(int(seen.message.flags)) or replies.address(seen.message))
    server = serve(block("header {", "    query clear rd", "}", "cache 30", "forward . 127.0.0.3", "reload 30s"))
    assert "RD" in flags(ask("a.test"))
    server.reload(block("header {", "    query clear rd", "}", "forward . 127.0.0.3", "reload 30s"))
    server.wait_log("reload complete")
    ask("b.test")
    assert [word & 0x0100 for word in seen_flags] == [0, 0]
