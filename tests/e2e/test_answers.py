"""What a client gets: hits, misses, negative answers, TTLs, flags, case."""

import pytest

from lab import replies
from lab.client import ask, data, flags, query, rcode, send, ttls
from lab.fakedns import table
from lab.ours import block
from lab.waiting import wait_until

PLAIN = block("cache 30", "forward . 127.0.0.2")

ZONE = """
@     60 SOA ns host 1 7200 3600 86400 20
@     60 NS ns
ns    60 A 127.0.0.40
www   25 A 192.0.2.7
www   25 AAAA 2001:db8::7
one   60 CNAME two
two   60 CNAME www
dead  60 CNAME nowhere
text  60 TXT "a" "b c"
mail  60 MX 10 www
_x._tcp 60 SRV 1 2 3 www
ent.a.b 60 A 192.0.2.8
*.wild 60 A 192.0.2.9
odd   60 TYPE65280 \\# 3 010203
"""


@pytest.fixture
def real(serve, nsd_once):
    """Our server in front of a real authoritative one."""
    return serve(block("cache 30", "forward . 127.0.0.40"))


@pytest.fixture(scope="module")
def nsd_once(nsd):
    return nsd("127.0.0.40", {"example.test.": ZONE})


def test_miss_then_hit(serve, upstream):
    server = serve(PLAIN)
    first, second = ask("www.example.test"), ask("www.example.test")
    assert data(first) == data(second) == ["192.0.2.1"]
    assert upstream.count() == 1
    metrics = server.metrics()
    assert metrics.value("coredns_cache_requests_total") == 2
    assert metrics.value("coredns_cache_misses_total") == 1
    assert metrics.value("coredns_cache_hits_total", type="success") == 1
    assert metrics.value("coredns_cache_entries", type="success") == 1


def test_hit_over_tcp_of_what_came_over_udp(serve, upstream):
    serve(PLAIN)
    ask("www.example.test")
    assert data(ask("www.example.test", tcp=True)) == ["192.0.2.1"]
    assert upstream.count() == 1


def test_without_cache_every_query_goes_upstream(serve, upstream):
    serve(block("forward . 127.0.0.2"))
    ask("www.example.test")
    ask("www.example.test")
    assert upstream.count() == 2


def test_ttl_is_capped_on_the_miss_and_on_the_hit(serve, upstream):
    serve(PLAIN)
    assert ttls(ask("www.example.test")) == [30]
    assert ttls(ask("www.example.test"))[0] in (29, 30)


def test_ttl_counts_down(serve, fake):
    fake("127.0.0.2", ip="192.0.2.1", ttl=20)
    serve(PLAIN)
    assert ttls(ask("www.example.test")) == [20]
    wait_until(lambda: ttls(ask("www.example.test")) == [19], 3, "TTL 19")
    wait_until(lambda: ttls(ask("www.example.test")) == [18], 3, "TTL 18")


def test_expired_answer_is_fetched_again(serve, fake):
    upstream = fake("127.0.0.2", ip="192.0.2.1", ttl=1)
    serve(block("cache {\n    success 9984 30 0\n}", "forward . 127.0.0.2"))
    ask("www.example.test")
    wait_until(lambda: ask("www.example.test") and upstream.count() == 2, 4, "a second fetch")


def test_minimum_ttl_is_five_seconds_by_default(serve, fake):
    fake("127.0.0.2", ip="192.0.2.1", ttl=0)
    serve(PLAIN)
    assert ttls(ask("www.example.test")) == [5]


def test_ttl_zero_is_not_kept_when_minttl_is_zero(serve, fake):
    upstream = fake("127.0.0.2", ip="192.0.2.1", ttl=0)
    serve(block("cache {\n    success 9984 30 0\n}", "forward . 127.0.0.2"))
    assert ttls(ask("www.example.test")) == [0]
    ask("www.example.test")
    assert upstream.count() == 2


def test_nxdomain(real):
    for _ in range(2):
        response = ask("nope.example.test")
        assert rcode(response) == "NXDOMAIN"
        assert not response.answer
        assert response.authority[0].to_text().startswith("example.test. 20 IN SOA")
    assert real.value("coredns_cache_hits_total", type="denial") == 1
    assert real.value("coredns_cache_entries", type="denial") == 1


def test_nodata(real):
    for _ in range(2):
        response = ask("www.example.test", "TXT")
        assert rcode(response) == "NOERROR"
        assert not response.answer
        assert response.authority[0].ttl == 20
    assert real.value("coredns_cache_hits_total", type="denial") == 1


@pytest.mark.parametrize("soa_ttl, minimum, expected", [(60, 20, 20), (12, 60, 12), (60, 60, 25), (9, 9, 9)])
def test_negative_ttl(serve, fake, soa_ttl, minimum, expected):
    """min(SOA TTL, MINIMUM) (RFC 2308 §5), capped by denial's TTL (25)."""
    fake("127.0.0.2", lambda seen: replies.nxdomain(seen.message, soa_ttl, minimum))
    serve(block("cache {\n    denial 9984 25\n}", "forward . 127.0.0.2"))
    assert ask("nope.example.test").authority[0].ttl == expected


def test_negative_ttl_is_at_least_minttl(serve, fake):
    fake("127.0.0.2", lambda seen: replies.nodata(seen.message, 60, 1))
    serve(block("cache {\n    denial 9984 25 3\n}", "forward . 127.0.0.2"))
    assert ask("www.example.test").authority[0].ttl == 3


def test_negative_answer_expires(serve, fake):
    upstream = fake("127.0.0.2", lambda seen: replies.nxdomain(seen.message, 1, 1))
    serve(block("cache {\n    denial 9984 25 0\n}", "forward . 127.0.0.2"))
    ask("nope.example.test")
    ask("nope.example.test")
    assert upstream.count() == 1
    wait_until(lambda: ask("nope.example.test") and upstream.count() == 2, 4, "a second fetch")


def test_cname_chain(real):
    for _ in range(2):
        response = ask("one.example.test")
        assert [rrset.name.to_text() for rrset in response.answer] == [
            "one.example.test.", "two.example.test.", "www.example.test."]
        assert data(response) == ["192.0.2.7"]
        assert max(ttls(response)) <= 60
    assert real.value("coredns_cache_hits_total", type="success") == 1


def test_cname_chain_that_ends_in_nxdomain(real):
    for _ in range(2):
        response = ask("dead.example.test")
        assert rcode(response) == "NXDOMAIN"
        assert data(response, "CNAME") == ["nowhere.example.test."]
    assert real.value("coredns_cache_hits_total", type="denial") == 1


@pytest.mark.parametrize("name, type, expected", [
    ("www", "AAAA", ["2001:db8::7"]),
    ("text", "TXT", ['"a" "b c"']),
    ("mail", "MX", ["10 www.example.test."]),
    ("_x._tcp", "SRV", ["1 2 3 www.example.test."]),
    ("odd", "TYPE65280", ["\\# 3 010203"]),
    ("any.thing.wild", "A", ["192.0.2.9"]),
])
def test_record_types(real, name, type, expected):
    for _ in range(2):
        assert data(ask(f"{name}.example.test", type), type) == expected


def test_empty_non_terminal_is_nodata(real):
    response = ask("a.b.example.test")
    assert rcode(response) == "NOERROR" and not response.answer


def test_answers_equal_the_authority_s(real):
    """Record for record what the authoritative server says, fetched and cached."""
    for name, type in (("example.test", "SOA"), ("example.test", "NS"), ("www.example.test", "A"),
                       ("nope.example.test", "A"), ("www.example.test", "MX"), ("one.example.test", "AAAA")):
        truth = ask(name, type, server="127.0.0.40")
        for _ in range(2):
            ours = ask(name, type)
            assert ours.rcode() == truth.rcode()
            for mine, theirs in ((ours.answer, truth.answer), (ours.authority, truth.authority)):
                assert sorted(map(_without_ttl, mine)) == sorted(map(_without_ttl, theirs))


def _without_ttl(rrset):
    return (rrset.name.to_text().lower(), rrset.rdtype, sorted(item.to_text() for item in rrset))


def test_case_of_the_question_is_preserved(serve, upstream):
    serve(PLAIN)
    for name in ("wWw.ExAmPlE.tEsT.", "WWW.example.TEST.", "www.example.test."):
        assert ask(name).question[0].name.to_text() == name
    assert upstream.count() == 1


def test_upstream_is_asked_in_lower_case(serve, upstream):
    serve(PLAIN)
    ask("WwW.Example.TEST")
    assert upstream.queries()[0].raw_name == "www.example.test."


def test_long_names(serve, upstream):
    serve(PLAIN)
    label = "a" * 63
    name = f"{label}.{label}.{label}.{'b' * 61}."  # 255 octets on the wire
    for _ in range(2):
        assert data(ask(name)) == ["192.0.2.1"]
    assert upstream.count() == 1


def test_odd_octets_in_names(serve, upstream):
    serve(PLAIN)
    for name in (r"a\000b.example.test.", r"a\.b.example.test.", "*.example.test.", r"\200\255.example.test."):
        for _ in range(2):
            assert ask(name).question[0].name.to_text() == query(name).question[0].name.to_text()
    assert upstream.count() == 4


def test_root(serve, fake):
    fake("127.0.0.2", lambda seen: replies.reply(seen.message, ". 100 NS a.root-servers.net."))
    serve(PLAIN)
    assert data(ask(".", "NS"), "NS") == ["a.root-servers.net."]
    assert data(ask(".", "NS"), "NS") == ["a.root-servers.net."]


@pytest.mark.parametrize("again", [False, True], ids=["miss", "hit"])
class TestFlags:
    """Each on a miss and on a hit."""

    @staticmethod
    def get(again, name="www.example.test", **more):
        if again:
            ask(name, **more)
        return ask(name, **more)

    def test_recursion_desired_is_copied(self, serve, upstream, again):
        serve(PLAIN)
        assert {"QR", "RD", "RA"} <= flags(self.get(again, flags="RD"))
        assert "RD" not in flags(self.get(again, flags=""))

    def test_id_is_copied(self, serve, upstream, again):
        serve(PLAIN)
        for number in (0, 1, 0x1234, 0xFFFF):
            assert self.get(again, f"n{number}.test", id=number).id == number

    def test_ad_only_when_asked_for(self, serve, fake, again):
        fake("127.0.0.2", lambda seen: replies.address(seen.message, flags=("RA", "AD")))
        serve(PLAIN)
        assert "AD" not in flags(self.get(again, "a.test", flags="RD"))
        assert "AD" in flags(self.get(again, "b.test", flags="RD AD"))
        assert "AD" in flags(self.get(again, "c.test", flags="RD", do=True))

    def test_ad_is_not_invented(self, serve, upstream, again):
        serve(PLAIN)
        assert "AD" not in flags(self.get(again, flags="RD AD"))

    def test_cd_is_copied(self, serve, upstream, again):
        serve(PLAIN)
        assert "CD" in flags(self.get(again, flags="RD CD"))
        assert "CD" not in flags(self.get(again, flags="RD"))
        assert "TC" not in flags(self.get(again))


def test_cd_reaches_the_upstream_and_is_cached_apart(serve, upstream):
    serve(PLAIN)
    for wanted in ("RD", "RD CD", "RD", "RD CD"):
        ask("www.example.test", flags=wanted)
    seen = upstream.queries()
    assert len(seen) == 2
    assert ["CD" in flags(one.message) for one in seen] == [False, True]


def test_do_and_non_do_are_cached_apart(serve, upstream):
    serve(PLAIN)
    for do in (False, True, False, True):
        ask("www.example.test", do=do)
    assert [one.do for one in upstream.queries()] == [False, True]


def test_types_are_cached_apart(serve, fake):
    upstream = fake("127.0.0.2", table({
        ("a.test.", "A"): lambda q: replies.address(q, "192.0.2.1"),
        ("a.test.", "AAAA"): lambda q: replies.address(q, "2001:db8::1")}))
    serve(PLAIN)
    for _ in range(2):
        assert data(ask("a.test", "A")) == ["192.0.2.1"]
        assert data(ask("a.test", "AAAA"), "AAAA") == ["2001:db8::1"]
    assert upstream.count() == 2


def test_error_codes_pass_and_are_not_kept(serve, fake):
    upstream = fake("127.0.0.2", lambda seen: replies.failure(seen.message, seen.name.split(".")[0].upper()))
    serve(PLAIN)
    for code in ("REFUSED", "NOTIMP"):
        for _ in range(2):
            assert rcode(ask(f"{code}.test")) == code
        assert upstream.count(f"{code.lower()}.test.") >= 2


def test_whoami_tells_the_client_s_address(serve, netns):
    serve(block("whoami"))
    response = send(query("anything.test"), source="127.0.0.5")
    assert rcode(response) == "NOERROR"
    texts = [rrset.to_text() for rrset in response.additional]
    assert any(" IN A 127.0.0.5" in text for text in texts), texts
    assert any(text.startswith("_udp.anything.test.") and " IN SRV " in text for text in texts), texts


def test_a_block_that_nobody_answers_is_servfail(serve):
    serve(block("cache 30"))
    assert rcode(ask("www.example.test")) == "SERVFAIL"
