"""forward: policies, what happens when upstreams die, health checks, limits."""

import threading

import pytest

from lab import replies
from lab.client import ask, ask_many, data, extended_errors, flags, rcode, timed
from lab.fakedns import Later
from lab.ours import block
from lab.waiting import stays, wait_until

ALL = "127.0.0.2 127.0.0.3 127.0.0.4"


def forward(*options, to=ALL):
    return block(f"forward . {to} {{\n" + "\n".join(f"    {one}" for one in options) + "\n}")


@pytest.fixture
def three(fake):
    return [fake(f"127.0.0.{number}", ip=f"192.0.2.{number}") for number in (2, 3, 4)]


def names(count):
    return [(f"n{number}.test",) for number in range(count)]


def silent(seen):
    return None


# Policies.

def test_sequential_takes_the_first(serve, three):
    serve(forward("policy sequential"))
    for name, in names(10):
        assert data(ask(name)) == ["192.0.2.2"]


def test_round_robin_takes_turns(serve, three):
    serve(forward("policy round_robin"))
    for name, in names(9):
        ask(name)
    assert [one.count() for one in three] == [3, 3, 3]


@pytest.mark.parametrize("options", [[], ["policy random"]], ids=["default", "random"])
def test_random_takes_all(serve, three, options):
    serve(forward(*options))
    for name, in names(60):
        ask(name)
    counts = [one.count() for one in three]
    assert sum(counts) == 60 and min(counts) >= 5


# Death and recovery.

@pytest.mark.parametrize("policy", ["random", "round_robin", "sequential"])
@pytest.mark.parametrize("transport", ["prefer_udp", "force_tcp"])
def test_every_query_is_answered_while_upstreams_die(serve, three, policy, transport):
    serve(forward(f"policy {policy}", transport))
    for index, (name,) in enumerate(names(30)):
        if index == 10:
            three[0].stop()
        if index == 20:
            three[1].stop()
        assert rcode(ask(name)) == "NOERROR"
    assert three[2].count() >= 10


def test_down_after_two_failed_checks_and_back(serve, three):
    first, second, _ = three
    server = serve(forward("policy sequential", "read_timeout 300ms", "health_check 100ms"))
    first.handler = silent
    response, seconds = timed(ask, "a.test")
    assert data(response) == ["192.0.2.3"] and seconds >= 0.25
    server.wait_value("coredns_proxy_healthcheck_failures_total", 2, to="127.0.0.2:53", proxy_name="forward")
    wait_until(lambda: timed(ask, "b.test")[1] < 0.2, 5, "the dead one to be skipped")
    before = first.count()
    for name, in names(5):
        response, seconds = timed(ask, name)
        assert data(response) == ["192.0.2.3"] and seconds < 0.2
    assert first.count() == before
    first.handler = lambda seen: replies.address(seen.message, "192.0.2.2")
    wait_until(lambda: data(ask("c.test")) == ["192.0.2.2"], 5, "the first one's return")
    assert second.count() >= 6


def test_metrics_of_failed_checks_have_both_generations(serve, three):
    three[0].stop()
    server = serve(forward("policy sequential", "health_check 50ms"))
    ask("a.test")
    server.wait_value("coredns_forward_healthcheck_failures_total", 2, to="127.0.0.2:53")
    server.wait_value("coredns_proxy_healthcheck_failures_total", 2, to="127.0.0.2:53", proxy_name="forward")


def test_no_checks_while_all_is_well(serve, three):
    serve(forward("health_check 50ms"))
    for name, in names(5):
        ask(name)
    stays(lambda: not any(one.probes() for one in three), 0.5, "no probes")


def test_checks_end_when_the_upstream_is_back(serve, three):
    first = three[0]
    first.handler = lambda seen: replies.nodata(seen.message) if seen.is_probe else None
    serve(forward("policy sequential", "read_timeout 200ms", "health_check 50ms"))
    ask("a.test")
    wait_until(first.probes, 3, "a probe")
    count = len(first.probes())
    stays(lambda: len(first.probes()) <= count + 1, 0.5, "no more probes")


def test_one_lost_answer_does_not_mark_an_upstream_down(serve, three):
    first = three[0]
    lost = []

    def handler(seen):
        if seen.name == "lost.test." and not lost:
            lost.append(seen)
            return None
        return replies.address(seen.message, "192.0.2.2")
    first.handler = handler
    serve(forward("policy sequential", "read_timeout 200ms"))
    assert data(ask("lost.test")) == ["192.0.2.3"]
    for name, in names(5):
        assert data(ask(name)) == ["192.0.2.2"]


def test_probe_form(serve, three):
    three[0].handler = silent
    serve(forward("policy sequential", "read_timeout 100ms", "health_check 50ms"))
    ask("a.test")
    probe = wait_until(three[0].probes, 3, "a probe")[0]
    assert (probe.name, probe.type, probe.transport) == (".", "NS", "udp")
    assert "RD" in flags(probe.message)


def test_probe_options(serve, three):
    three[0].handler = silent
    serve(forward("policy sequential", "read_timeout 100ms", "health_check 50ms no_rec domain probe.test",
                  "force_tcp"))
    ask("a.test")
    probe = wait_until(lambda: three[0].queries("probe.test."), 3, "a probe")[0]
    assert (probe.type, probe.transport) == ("NS", "tcp")
    assert "RD" not in flags(probe.message)


def test_any_answer_counts_as_healthy(serve, three):
    def handler(seen):
        return replies.failure(seen.message, "REFUSED") if seen.is_probe else None
    three[0].handler = handler
    server = serve(forward("policy sequential", "read_timeout 100ms", "health_check 50ms"))
    ask("a.test")
    wait_until(three[0].probes, 3, "a probe")
    assert server.value("coredns_proxy_healthcheck_failures_total", to="127.0.0.2:53") == 0
    before = three[0].count()
    ask("b.test")
    assert three[0].count() == before + 1


def test_max_fails_zero_never_checks(serve, three):
    three[0].stop()
    server = serve(forward("policy sequential", "max_fails 0", "health_check 50ms"))
    for name, in names(5):
        assert data(ask(name)) == ["192.0.2.3"]
    three[0].start()
    assert data(ask("back.test")) == ["192.0.2.2"]
    assert not three[0].probes()
    assert server.value("coredns_proxy_healthcheck_failures_total") == 0


# Nothing left.

@pytest.mark.parametrize("way, tcp", [("refused", False), ("refused", True), ("silent", False)])
def test_all_dead_is_servfail_with_a_reason_in_bounded_time(serve, three, way, tcp):
    for one in three:
        one.handler = silent
        if way == "refused":
            one.stop()
    serve(forward())
    response, seconds = timed(ask, "a.test", edns=0, tcp=tcp, timeout=10)
    assert rcode(response) == "SERVFAIL"
    assert set(extended_errors(response)) & {22, 23}
    assert seconds < (2 if way == "refused" else 6.5)


def test_all_down_still_tries_one(serve, three):
    for one in three:
        one.handler = silent
    server = serve(forward("read_timeout 100ms", "health_check 50ms"))
    ask("a.test", timeout=8)
    server.wait_value("coredns_proxy_healthcheck_failures_total", 6)
    before = sum(one.count() for one in three)
    ask("b.test", timeout=8)
    assert sum(one.count() for one in three) > before
    assert server.value("coredns_forward_healthcheck_broken_total") >= 1


def test_failfast(serve, three):
    for one in three:
        one.handler = silent
    server = serve(forward("read_timeout 100ms", "health_check 50ms", "failfast_all_unhealthy_upstreams"))
    ask("a.test", timeout=8)
    for number in (2, 3, 4):
        server.wait_value("coredns_proxy_healthcheck_failures_total", 2, to=f"127.0.0.{number}:53")
    before = sum(one.count() for one in three)
    response, seconds = timed(ask, "b.test", edns=0)
    assert rcode(response) == "SERVFAIL" and seconds < 0.3
    assert sum(one.count() for one in three) == before


def test_max_connect_attempts(serve, three):
    for one in three:
        one.handler = silent
    serve(forward("policy sequential", "read_timeout 100ms", "max_connect_attempts 1", "max_fails 0"))
    response, seconds = timed(ask, "a.test", timeout=8)
    assert rcode(response) == "SERVFAIL" and seconds < 1
    assert [one.count() for one in three] == [1, 0, 0]


# By rcode.

@pytest.mark.parametrize("code", ["SERVFAIL", "REFUSED"])
def test_failover_rcode(serve, three, code):
    three[0].handler = lambda seen: replies.failure(seen.message, code)
    serve(forward("policy sequential", "failover SERVFAIL REFUSED"))
    assert data(ask("a.test")) == ["192.0.2.3"]


def test_without_failover_the_error_passes(serve, three):
    three[0].handler = lambda seen: replies.failure(seen.message)
    serve(forward("policy sequential"))
    assert rcode(ask("a.test")) == "SERVFAIL"
    assert three[1].count() == 0


def test_failover_exhausted_returns_the_last_answer(serve, three):
    for one, code in zip(three, ("SERVFAIL", "SERVFAIL", "REFUSED")):
        one.handler = lambda seen, code=code: replies.failure(seen.message, code)
    serve(forward("policy sequential", "failover SERVFAIL REFUSED"))
    response, seconds = timed(ask, "a.test", timeout=8)
    assert rcode(response) == "REFUSED" and seconds < 1
    assert [one.count() for one in three] == [1, 1, 1]


# Limits.

def test_max_concurrent(serve, fake):
    gate = threading.Event()

    def handler(seen):
        gate.wait(10)
        return replies.address(seen.message)
    upstream = fake("127.0.0.2", handler)
    server = serve(forward("max_concurrent 3", to="127.0.0.2"))
    results = []
    asking = threading.Thread(target=lambda: results.extend(ask_many(names(3), timeout=10)))
    asking.start()
    wait_until(lambda: upstream.count() == 3, 5, "three queries upstream")
    assert rcode(ask("more.test")) == "REFUSED"
    assert server.value("coredns_forward_max_concurrent_rejects_total") == 1
    gate.set()
    asking.join(15)
    assert [rcode(one) for one in results] == ["NOERROR"] * 3
    assert rcode(ask("more.test")) == "NOERROR"


def test_a_slow_upstream_does_not_hold_up_others(serve, fake):
    fake("127.0.0.2", lambda seen: Later(1.0 if seen.name.startswith("slow") else 0, replies.address(seen.message)))
    serve(forward(to="127.0.0.2"), workers=1)
    slow = threading.Thread(target=lambda: ask_many([(f"slow{n}.test",) for n in range(20)], timeout=8))
    slow.start()
    for name, in names(20):
        assert timed(ask, name)[1] < 0.8
    slow.join(10)


def test_metrics_of_requests_and_answers(serve, three):
    three[0].handler = lambda seen: replies.nxdomain(seen.message)
    server = serve(forward("policy sequential"))
    for name, in names(4):
        ask(name)
    metrics = server.metrics()
    to = {"to": "127.0.0.2:53"}
    assert metrics.value("coredns_forward_requests_total", **to) == 4
    assert metrics.value("coredns_forward_responses_total", rcode="NXDOMAIN", **to) == 4
    assert metrics.value("coredns_forward_request_duration_seconds_count", rcode="NXDOMAIN", **to) == 4
    assert metrics.value("coredns_proxy_request_duration_seconds_count", rcode="NXDOMAIN",
                         proxy_name="forward", **to) == 4
