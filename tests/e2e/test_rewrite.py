"""The rewrite directive in front of NSD: each client sees its own question answered; upstream sees the other one."""

import dns.edns
import dns.rdataclass
import pytest

from lab import replies
from lab.client import ask, ask_many, data, flags, query, rcode, send, ttls
from lab.ours import block

ZONE = """
@ 60 SOA ns host 1 7200 3600 86400 30
@ 60 NS ns
ns 60 A 127.0.0.41
web 60 A 192.0.2.7
web 60 AAAA 2001:db8::7
alias 60 CNAME web
_http._tcp 60 SRV 1 2 80 web
mail 60 MX 10 web
"""


@pytest.fixture(scope="module")
def zone(nsd):
    return nsd("127.0.0.41", {"internal.test.": ZONE, "other.test.": ZONE.replace("192.0.2.7", "192.0.2.8")})


def nsid_option(data):
    return dns.edns.GenericOption(dns.edns.NSID, data)


def owners(response):
    return {rrset.name.to_text() for rrset in response.answer}


def test_two_names_of_one_service(serve, zone):
    server = serve(block("rewrite name shop.example.org web.internal.test",
                         "rewrite name suffix .apps.example.org .internal.test answer auto",
                         "cache 30", "forward . 127.0.0.41"))
    for name in ("shop.example.org.", "Web.Apps.Example.org.", "web.internal.test."):
        for tcp in (False, True):
            response = ask(name, tcp=tcp, edns=0)
            assert data(response) == ["192.0.2.7"]
            assert owners(response) == {name}
    assert server.value("coredns_cache_entries", type="success") == 1
    response = ask("alias.apps.example.org")
    assert owners(response) == {"alias.apps.example.org.", "web.apps.example.org."}
    response = ask("_http._tcp.apps.example.org", "SRV")
    assert data(response, "SRV") == ["1 2 80 web.apps.example.org."]
    response = ask("mail.apps.example.org", "MX")
    assert data(response, "MX") == ["10 web.apps.example.org."]
    denied = ask("nope.apps.example.org")
    assert rcode(denied) == "NXDOMAIN"
    assert denied.authority[0].name.to_text() == "internal.test."


def test_many_at_once_wait_for_one_answer(serve, fake):
    """Clients of three names meet in one fetch, and each gets its own name."""
    upstream = fake("127.0.0.2", lambda seen: replies.address(seen.message))
    serve(block("rewrite name regex ^n[0-9]+\\.many\\.test\\.$ one.test answer auto", "cache 30",
                "forward . 127.0.0.2"))
    names = [f"n{number}.many.test." for number in range(40)]
    for name, response in zip(names, ask_many([(name,) for name in names])):
        assert owners(response) == {name}
    assert upstream.count("one.test.") == 1


def test_ttl_rcode_type_and_cname(serve, zone):
    serve(block("rewrite continue ttl suffix .internal.test 5-10",
                "rewrite continue rcode exact nope.internal.test NXDOMAIN NOERROR",
                "rewrite continue cname suffix .internal.test .other.test",
                "rewrite type MX AAAA", "cache 30", "forward . 127.0.0.41"))
    assert ttls(ask("web.internal.test")) == [10]
    assert ttls(ask("web.internal.test")) == [10]
    denied = ask("nope.internal.test")
    assert rcode(denied) == "NOERROR" and not denied.answer and denied.authority
    assert data(ask("web.internal.test", "MX"), "AAAA") == ["2001:db8::7"]
    for _ in range(2):
        response = ask("alias.internal.test")
        assert data(response, "CNAME") == ["web.other.test."]
        assert data(response) == ["192.0.2.8"]


def test_options_go_upstream_through_the_cache(serve, fake):
    seen_options = []

    def handler(seen):
        seen_options.append([(int(option.otype), option.to_wire()) for option in seen.message.options])
        return replies.address(seen.message)
    upstream = fake("127.0.0.2", handler)
    serve(block("rewrite edns0 local set 0xffee 0x6162", "cache 30", "forward . 127.0.0.2"))
    for _ in range(2):
        response = ask("a.test", edns=0)
        assert rcode(response) == "NOERROR" and not response.options
    assert ask("a.test").edns == -1
    assert upstream.count() == 1
    assert seen_options == [[(0xffee, b"ab")]]


@pytest.mark.parametrize("cached", [[], ["cache 30"]], ids=["no cache", "cache"])
def test_the_upstream_is_asked_for_its_name(serve, fake, cached):
    """Who asks us for a name gets the upstream's with the answer that it gave; a client's own question ends here."""
    asked = []

    def handler(seen):
        asked.append(any(option.otype == dns.edns.NSID for option in seen.message.options))
        return replies.address(seen.message, options=[nsid_option(b"upstream-7")] if asked[-1] else ())
    fake("127.0.0.2", handler)
    serve(block("rewrite edns0 nsid set", *cached, "forward . 127.0.0.2", zone="asked.test:53")
          + block("rewrite ttl suffix test 5", *cached, "forward . 127.0.0.2"))
    assert [option.data for option in ask("a.asked.test", options=[nsid_option(b"")]).options] == [b"upstream-7"]
    assert asked == [True]
    if cached:
        assert not ask("a.asked.test", options=[nsid_option(b"")]).options
    assert not ask("b.asked.test", edns=0).options
    assert not ask("c.test", options=[nsid_option(b"")]).options
    assert asked == [True, True, False]


def test_our_own_name_goes_before_the_upstreams(serve, fake):
    fake("127.0.0.2", lambda seen: replies.address(seen.message, options=[nsid_option(b"upstream-7")]))
    serve(block("nsid node-1", "rewrite edns0 nsid set", "forward . 127.0.0.2"))
    assert [option.data for option in ask("a.test", options=[nsid_option(b"")]).options] == [b"node-1"]


def test_a_cname_rule_asks_the_whole_server(serve, fake):
    """The new target is of another block, with rules of its own."""
    fake("127.0.0.2", lambda seen: replies.reply(seen.message, f"{seen.name} 60 CNAME web.prod.test.",
                                                 "web.prod.test. 60 A 192.0.2.1"))
    inside = fake("127.0.0.3", ip="10.96.0.1")
    server = serve(block("rewrite cname suffix .prod.test .cluster.local", "cache 30", "forward . 127.0.0.2")
                   + block("rewrite name exact web.cluster.local web.default.svc.cluster.local", "cache 30",
                           "forward . 127.0.0.3", zone="cluster.local:53"))
    for _ in range(2):
        response = ask("shop.test")
        assert data(response, "CNAME") == ["web.cluster.local."]
        assert data(response) == ["10.96.0.1"]
    assert [seen.name for seen in inside.seen] == ["web.default.svc.cluster.local."]
    assert server.value("coredns_dns_requests_total", zone="cluster.local.") == 0


def test_a_class_that_becomes_another(serve, upstream):
    serve(block("rewrite class CH IN", "cache 30", "forward . 127.0.0.2"))
    message = query("a.test", cls="CH")
    response = send(message)
    assert rcode(response) == "NOERROR" and response.question[0].rdclass == dns.rdataclass.CH
    assert rcode(ask("a.test", cls="HS")) == "REFUSED"
    assert upstream.count("a.test.") == 1


def test_changes_of_a_reload_count_at_once(serve, zone):
    server = serve(block("rewrite name a.test web.internal.test", "cache 30", "forward . 127.0.0.41", "reload 30s"))
    assert data(ask("a.test")) == ["192.0.2.7"]
    server.reload(block("rewrite name a.test web.other.test", "cache 30", "forward . 127.0.0.41", "reload 30s"))
    server.wait_log("reload complete")
    assert data(ask("a.test")) == ["192.0.2.8"]
    assert "AD" not in flags(ask("a.test", do=True))


def test_a_name_that_is_none_is_servfail_and_an_error_line(serve, upstream):
    server = serve(block("rewrite name prefix a. .", "forward . 127.0.0.2"))
    assert rcode(ask("a.test")) == "SERVFAIL"
    server.wait_log(r"plugin/errors: 2 a\.test\. A: invalid name after rewrite: \.test\.")
    assert upstream.count() == 0
