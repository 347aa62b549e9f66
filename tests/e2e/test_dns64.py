"""The dns64 directive against a real server: AAAA records for clients that have IPv6 only."""

import pytest

from lab.client import ask, data, rcode
from lab.ours import block

ZONE = """@ 60 IN SOA ns hostmaster 1 60 60 60 30
@ 60 IN NS ns
ns 60 IN A 127.0.0.2
v4 60 IN A 192.0.2.33
both 60 IN A 192.0.2.1
both 60 IN AAAA 2001:db8::1
alias 60 IN CNAME v4
text 60 IN TXT "x"
"""


@pytest.fixture(scope="module")
def zone(nsd):
    return nsd("127.0.0.2", {"example.test.": ZONE})


@pytest.fixture
def server(serve, zone):
    return serve(block("dns64", "cache 30", "forward . 127.0.0.2", bind="127.0.0.1 fd00::1"),
                 listen=["127.0.0.1", "fd00::1"])


def test_for_ipv6_clients(server):
    for _ in range(2):  # once from the upstream, once from the cache
        answer = ask("v4.example.test", "AAAA", server="fd00::1")
        assert data(answer, "AAAA") == ["64:ff9b::c000:221"]
        assert answer.answer[0].ttl <= 30
        assert data(ask("alias.example.test", "AAAA", server="fd00::1"), "AAAA") == ["64:ff9b::c000:221"]
    assert data(ask("both.example.test", "AAAA", server="fd00::1"), "AAAA") == ["2001:db8::1"]
    assert data(ask("v4.example.test", "A", server="fd00::1")) == ["192.0.2.33"]
    assert rcode(ask("none.example.test", "AAAA", server="fd00::1")) == "NXDOMAIN"
    text = ask("text.example.test", "AAAA", server="fd00::1")
    assert (rcode(text), text.answer, len(text.authority)) == ("NOERROR", [], 1)
    assert server.value("coredns_dns64_requests_translated_total") == 4


def test_not_for_ipv4_clients(server):
    assert data(ask("v4.example.test", "AAAA"), "AAAA") == []


def test_for_all(serve, zone):
    serve(block("dns64 {\n    prefix 2001:db8:122:344::/64\n    allow_ipv4\n    translate_all\n}",
                "forward . 127.0.0.2"))
    assert data(ask("both.example.test", "AAAA"), "AAAA") == ["2001:db8:122:344:c0:2:100:0"]
