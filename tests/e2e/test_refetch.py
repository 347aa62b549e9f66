"""What reaches the upstream: prefetch of popular names, one query for many askers."""

import threading

import pytest

from lab import replies
from lab.client import ask, ask_many, data, rcode, timed
from lab.fakedns import Later
from lab.ours import block
from lab.waiting import stays, wait_until


def prefetching(line):
    return block(f"cache {{\n    success 9984 20 0\n    {line}\n}}", "forward . 127.0.0.2")


def test_popular_name_is_refreshed_before_it_expires(serve, upstream):
    """Twenty seconds of TTL, refresh at 90 % (18 s left): the upstream sees it again after about two."""
    server = serve(prefetching("prefetch 2 1m 90%"))

    def refreshed():
        ask("a.test")
        return upstream.count() == 2

    ask("a.test")
    start = upstream.queries()[0].when
    wait_until(refreshed, 5, "the prefetch", interval=0.05)
    assert 1 < upstream.queries()[1].when - start < 5
    assert server.value("coredns_cache_prefetch_total") == 1


def test_prefetched_answer_is_served(serve, upstream):
    serve(prefetching("prefetch 2 1m 90%"))
    ask("a.test")
    upstream.handler = lambda seen: replies.address(seen.message, "192.0.2.99")
    wait_until(lambda: data(ask("a.test")) == ["192.0.2.99"], 5, "the prefetched answer", interval=0.05)


def test_unpopular_name_is_not_refreshed(serve, upstream):
    server = serve(prefetching("prefetch 10000 1m 90%"))
    stays(lambda: ask("a.test") and upstream.count() == 1, 2.0, "one query upstream", interval=0.1)
    assert server.value("coredns_cache_prefetch_total") == 0


def test_without_prefetch_none(serve, upstream):
    server = serve(block("cache {\n    success 9984 3 0\n}", "forward . 127.0.0.2"))
    stays(lambda: ask("a.test") and upstream.count() == 1, 2.0, "one query upstream", interval=0.1)
    assert server.value("coredns_cache_prefetch_total") == 0


def test_prefetch_does_not_slow_the_client(serve, upstream):
    serve(prefetching("prefetch 1 1m 90%"))
    ask("a.test")
    upstream.handler = lambda seen: Later(1.5, replies.address(seen.message))

    def refreshing():
        response, seconds = timed(ask, "a.test")
        assert data(response) == ["192.0.2.1"] and seconds < 0.5
        return upstream.count() == 2
    wait_until(refreshing, 5, "the prefetch", interval=0.05)
    assert timed(ask, "a.test")[1] < 0.5


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_fifty_askers_one_query(serve, fake, tcp):
    gate = threading.Event()

    def handler(seen):
        gate.wait(10)
        return replies.address(seen.message)
    upstream = fake("127.0.0.2", handler)
    server = serve(block("cache 30", "forward . 127.0.0.2"))
    results = []
    asking = threading.Thread(target=lambda: results.extend(ask_many([("a.test",)] * 50, tcp=tcp, timeout=10)))
    asking.start()
    # All fifty are counted as they arrive: then, and only then, the upstream may answer.
    wait_until(lambda: server.value("coredns_cache_requests_total") == 50, 8, "fifty queries to arrive")
    gate.set()
    asking.join(15)
    assert [data(one) for one in results] == [["192.0.2.1"]] * 50
    assert len({one.id for one in results}) > 1
    assert upstream.count() == 1


def test_askers_of_different_things_are_not_joined(serve, fake):
    upstream = fake("127.0.0.2", lambda seen: Later(0.3, replies.address(seen.message)))
    serve(block("cache 30", "forward . 127.0.0.2"))
    threads = [threading.Thread(target=ask, args=("a.test",), kwargs=more) for more in (
        {}, {"do": True}, {"flags": "RD CD"}, {"type": "TXT"})]
    for one in threads:
        one.start()
    for one in threads:
        one.join(10)
    assert upstream.count() == 4


def test_case_does_not_split_the_askers(serve, fake):
    upstream = fake("127.0.0.2", lambda seen: Later(0.4, replies.address(seen.message)))
    serve(block("cache 30", "forward . 127.0.0.2"))
    names = ["a.test.", "A.test.", "a.TEST.", "A.TEST."]
    answers = ask_many([(name,) for name in names])
    assert [one.question[0].name.to_text() for one in answers] == names
    assert upstream.count() == 1


def test_all_askers_of_a_failing_query_get_servfail(serve, fake):
    upstream = fake("127.0.0.2", lambda seen: Later(0.3, replies.failure(seen.message)))
    serve(block("cache 30", "forward . 127.0.0.2"))
    assert {rcode(one) for one in ask_many([("a.test",)] * 20)} == {"SERVFAIL"}
    assert upstream.count() <= 2


def test_each_asker_gets_the_size_it_can_take(serve, fake):
    """One fetch, answers per client: truncated for plain UDP, whole over TCP."""
    upstream = fake("127.0.0.2", lambda seen: Later(0.4, replies.many_addresses(seen.message, 60)))
    serve(block("cache 30", "forward . 127.0.0.2 {\n    force_tcp\n}"))
    results = {}

    def one(key, **more):
        results[key] = ask("big.test", **more)
    threads = [threading.Thread(target=one, args=args, kwargs=more) for args, more in (
        (("plain",), {}), (("edns",), {"edns": 0}), (("tcp",), {"tcp": True}))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert "TC" in str(results["plain"]) and results["plain"].edns == -1
    assert len(data(results["edns"])) == len(data(results["tcp"])) == 60
    assert results["edns"].edns == 0
    assert upstream.count() == 1
