"""In front of a validating resolver: signatures pass, AD and CD mean what they mean, bogus stays bogus."""

import pytest

from lab.client import ask, data, extended_errors, flags, rcode
from lab.knot import Knot
from lab.ours import block
from lab.unbound import Unbound

ZONE = """
@ 60 SOA ns host 1 7200 3600 86400 30
@ 60 NS ns
ns 60 A 127.0.0.41
www 60 A 192.0.2.7
"""


@pytest.fixture(scope="module")
def resolver(netns, tmp_path_factory):
    """Unbound, which trusts example.test's keys, and for bogus.test keys that are not that zone's."""
    folder = tmp_path_factory.mktemp("dnssec")
    servers = []
    try:
        good = Knot(folder, "127.0.0.41", "example.test.", ZONE, "good")
        servers.append(good.start())
        bogus = Knot(folder, "127.0.0.43", "bogus.test.", ZONE, "bogus")
        servers.append(bogus.start())
        wrong = [line.replace("example.test.", "bogus.test.") for line in good.keys()]
        unbound = Unbound(folder, "127.0.0.42", {"example.test.": "127.0.0.41", "bogus.test.": "127.0.0.43"},
                          good.keys() + wrong)
        servers.append(unbound.start())
        yield unbound
    finally:
        for server in reversed(servers):
            server.stop()


@pytest.fixture
def ours(serve, resolver):
    return serve(block("cache 30", "forward . 127.0.0.42"))


def test_signatures_only_for_those_who_ask(ours):
    for _ in range(2):
        assert data(ask("www.example.test", do=True), "RRSIG")
        assert not data(ask("www.example.test"), "RRSIG")
        assert data(ask("www.example.test")) == ["192.0.2.7"]


def test_ad(ours):
    for _ in range(2):
        assert "AD" in flags(ask("www.example.test", do=True))
        assert "AD" in flags(ask("www.example.test", flags="RD AD"))
        assert "AD" not in flags(ask("www.example.test", flags="RD"))


def test_denial_is_proven(ours):
    for _ in range(2):
        response = ask("nope.example.test", do=True)
        assert rcode(response) == "NXDOMAIN" and "AD" in flags(response)
        kinds = {rrset.rdtype for rrset in response.authority}
        assert {6, 46, 47} <= kinds  # SOA, RRSIG, NSEC
        plain = ask("nope.example.test")
        assert {rrset.rdtype for rrset in plain.authority} == {6}


def test_bogus_is_servfail_with_the_resolver_s_reason(ours):
    for _ in range(2):
        response = ask("www.bogus.test", edns=0)
        assert rcode(response) == "SERVFAIL"
        assert extended_errors(response) and extended_errors(response)[0] in (6, 9, 10)


def test_checking_disabled_shows_it(ours):
    assert rcode(ask("www.bogus.test")) == "SERVFAIL"
    for _ in range(2):
        response = ask("www.bogus.test", flags="RD CD")
        assert rcode(response) == "NOERROR" and data(response) == ["192.0.2.7"]
    assert rcode(ask("www.bogus.test")) == "SERVFAIL"
