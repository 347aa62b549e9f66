"""The cache directive's options: parts, zones, limits, failures."""

from lab import replies
from lab.client import ask, rcode, ttls
from lab.fakedns import Seen
from lab.ours import block
from lab.waiting import wait_until


def cache(*options, head="cache"):
    return head + " {\n" + "\n".join(f"    {option}" for option in options) + "\n}"


def test_only_the_named_zones_are_cached(serve, upstream):
    serve(block("cache 30 example.test", "forward . 127.0.0.2"))
    for _ in range(2):
        ask("a.example.test")
        ask("a.other.test")
    assert upstream.count("a.example.test.") == 1
    assert upstream.count("a.other.test.") == 2


def test_success_ttl_and_denial_ttl_are_apart(serve, fake):
    def handler(seen: Seen):
        return replies.address(seen.message) if seen.name == "a.test." else replies.nxdomain(seen.message)
    fake("127.0.0.2", handler)
    serve(block(cache("success 100 11", "denial 100 7"), "forward . 127.0.0.2"))
    assert ttls(ask("a.test")) == [11]
    assert ask("b.test").authority[0].ttl == 7


def test_capacity_holds_and_evictions_are_counted(serve, upstream):
    server = serve(block(cache("success 64"), "forward . 127.0.0.2"))
    for number in range(100):
        ask(f"n{number}.test")
    metrics = server.metrics()
    entries = metrics.value("coredns_cache_entries", type="success")
    assert 0 < entries <= 64
    assert metrics.value("coredns_cache_evictions_total", type="success") == 100 - entries


def test_capacity_zero_keeps_nothing(serve, fake):
    upstream = fake("127.0.0.2", lambda seen: replies.nxdomain(seen.message))
    serve(block(cache("denial 0 1"), "forward . 127.0.0.2"))
    for _ in range(3):
        assert rcode(ask("nope.test")) == "NXDOMAIN"
    assert upstream.count() == 3


def test_cache_memory_bounds_the_cache(serve, fake):
    fake("127.0.0.2", lambda seen: replies.many_addresses(seen.message, 60))
    server = serve(block("cache 30", "forward . 127.0.0.2 {\n    prefer_udp\n}"), "--cache-memory", "65536")
    for number in range(150):
        ask(f"n{number}.test", tcp=True)
    metrics = server.metrics()
    entries = metrics.value("coredns_cache_entries", type="success")
    assert 0 < entries <= 65536 / 1000
    assert metrics.value("coredns_cache_evictions_total") > 0


def test_disable_denial(serve, fake):
    upstream = fake("127.0.0.2", lambda seen: replies.nxdomain(seen.message))
    serve(block(cache("disable denial"), "forward . 127.0.0.2"))
    for _ in range(2):
        ask("nope.test")
    assert upstream.count() == 2


def test_disable_success_for_a_zone(serve, upstream):
    serve(block(cache("disable success live.test"), "forward . 127.0.0.2"))
    for _ in range(2):
        ask("a.live.test")
        ask("a.other.test")
    assert upstream.count("a.live.test.") == 2
    assert upstream.count("a.other.test.") == 1


def test_keepttl(serve, fake):
    """The neighbour block without it tells that time has passed."""
    fake("127.0.0.2", ip="192.0.2.1", ttl=20)
    serve(block(cache("keepttl"), "forward . 127.0.0.2")
          + block("cache", "forward . 127.0.0.2", bind="127.0.0.3"), listen=["127.0.0.1", "127.0.0.3"])
    ask("a.test")
    ask("a.test", server="127.0.0.3")
    wait_until(lambda: ttls(ask("a.test", server="127.0.0.3")) == [18], 5, "TTL 18")
    assert ttls(ask("a.test")) == [20]


def test_servfail_is_kept_for_five_seconds_by_default(serve, fake):
    upstream = fake("127.0.0.2", lambda seen: replies.failure(seen.message))
    serve(block("cache 30", "forward . 127.0.0.2"))
    for _ in range(3):
        assert rcode(ask("bad.test")) == "SERVFAIL"
    assert upstream.count() == 1


def test_servfail_zero_keeps_none(serve, fake):
    upstream = fake("127.0.0.2", lambda seen: replies.failure(seen.message))
    serve(block(cache("servfail 0"), "forward . 127.0.0.2"))
    for _ in range(3):
        assert rcode(ask("bad.test")) == "SERVFAIL"
    assert upstream.count() == 3


def test_servfail_duration_ends(serve, fake):
    upstream = fake("127.0.0.2", lambda seen: replies.failure(seen.message))
    serve(block(cache("servfail 1s"), "forward . 127.0.0.2"))
    ask("bad.test")
    ask("bad.test")
    assert upstream.count() == 1
    wait_until(lambda: ask("bad.test") and upstream.count() == 2, 4, "a second fetch")


def test_an_answer_for_another_question_is_dropped(serve, fake):
    """RFC 5452: only the answer to what was asked counts, and only that is kept."""
    other = fake("127.0.0.2", lambda seen: replies.address(_renamed(seen.message)))
    server = serve(block("cache 30", "forward . 127.0.0.2 {\n    read_timeout 200ms\n    max_connect_attempts 2\n}"))
    assert rcode(ask("a.test", timeout=8)) == "SERVFAIL"
    assert other.count() >= 1
    assert server.value("coredns_cache_entries", type="success") == 0


def _renamed(message):
    import dns.message
    renamed = dns.message.make_query("evil.test", "A")
    renamed.id = message.id
    return renamed
