"""serve_stale (RFC 8767): old data when the upstream is gone, fresh data as soon as it is back."""

import pytest

from lab import replies
from lab.client import ask, data, extended_errors, rcode, timed, ttls
from lab.fakedns import Later, constant
from lab.ours import block
from lab.waiting import wait_until

STALE_ANSWER = 3
STALE_NXDOMAIN = 19


def stale(option, *, success="success 9984 1 0", denial="denial 9984 1 0", forward=""):
    return block(f"cache {{\n    {success}\n    {denial}\n    servfail 0\n    {option}\n}}",
                 f"forward . 127.0.0.2 {{\n    {forward}\n}}")


def ask_edns(name="a.test", **more):
    return ask(name, edns=0, timeout=8, **more)


def wait_stale(name="a.test", code=STALE_ANSWER):
    """Asks until the answer says that it is stale."""
    return wait_until(lambda: (one := ask_edns(name)) and code in extended_errors(one) and one, 6,
                      "a stale answer")


@pytest.mark.parametrize("option", [
    "serve_stale", "serve_stale 1h", "serve_stale 1h immediate", "serve_stale 1h verify"])
def test_after_the_upstream_s_death(serve, upstream, option):
    server = serve(stale(option))
    assert ttls(ask_edns()) == [1]
    upstream.stop()
    response = wait_stale()
    assert rcode(response) == "NOERROR"
    assert data(response) == ["192.0.2.1"]
    assert ttls(response) == [0]
    assert extended_errors(response) == [STALE_ANSWER]
    assert server.value("coredns_cache_served_stale_total") >= 1


def test_stale_nxdomain(serve, fake):
    upstream = fake("127.0.0.2", lambda seen: replies.nxdomain(seen.message))
    serve(stale("serve_stale"))
    ask_edns()
    upstream.stop()
    response = wait_stale(code=STALE_NXDOMAIN)
    assert rcode(response) == "NXDOMAIN"
    assert response.authority[0].ttl == 0


def test_no_extended_error_without_edns(serve, upstream):
    server = serve(stale("serve_stale"))
    ask("a.test")
    upstream.stop()
    wait_until(lambda: ask("a.test") and server.value("coredns_cache_served_stale_total") > 0, 6, "stale")
    response = ask("a.test")
    assert response.edns == -1 and ttls(response) == [0]


def test_recovery(serve, upstream):
    serve(stale("serve_stale"))
    ask_edns()
    upstream.stop()
    wait_stale()
    upstream.handler = constant("192.0.2.99")
    upstream.start()
    fresh = wait_until(lambda: (one := ask_edns()) and not extended_errors(one) and one, 6, "a fresh answer")
    assert data(fresh) == ["192.0.2.99"] and ttls(fresh) == [1]


def test_immediate_answers_before_it_asks(serve, upstream):
    """A black hole upstream costs the client nothing."""
    serve(stale("serve_stale 1h immediate"))
    ask_edns()
    upstream.handler = lambda seen: None
    wait_stale()
    for _ in range(5):
        response, seconds = timed(ask_edns)
        assert data(response) == ["192.0.2.1"]
        assert seconds < 0.5


def test_immediate_refreshes_behind(serve, upstream):
    """The first expired answer is old, the one after it fresh."""
    serve(stale("serve_stale 1h immediate"))
    ask_edns()
    upstream.handler = constant("192.0.2.99")
    wait_stale()
    wait_until(lambda: data(ask_edns()) == ["192.0.2.99"], 3, "the refreshed answer")


def test_verify_never_shows_old_data_while_the_upstream_answers(serve, upstream):
    serve(stale("serve_stale 1h verify"))
    ask_edns()
    upstream.handler = constant("192.0.2.99")
    answers = []

    def changed():
        answers.append(ask_edns())
        return data(answers[-1]) == ["192.0.2.99"]
    wait_until(changed, 5, "the new answer")
    assert not any(extended_errors(one) for one in answers)


def test_verify_timeout(serve, upstream):
    """A silent upstream holds the client up no longer than that."""
    serve(stale("serve_stale 1h verify 200ms"))
    ask_edns()
    upstream.handler = lambda seen: None
    response = wait_stale()
    assert data(response) == ["192.0.2.1"]
    _, seconds = timed(ask_edns)
    assert seconds < 1.2


def test_verify_takes_the_answer_that_comes_after_its_timeout(serve, upstream):
    """The refresh goes on behind the stale answer and is kept."""
    serve(stale("serve_stale 1h verify 100ms"))
    ask_edns()
    upstream.handler = lambda seen: Later(0.5, replies.address(seen.message, "192.0.2.99"))
    wait_stale()
    wait_until(lambda: data(ask_edns()) == ["192.0.2.99"], 5, "the late answer")


@pytest.mark.parametrize("option", ["serve_stale 1h immediate", "serve_stale 1h verify"])
def test_servfail_of_the_upstream_never_hides_good_data(serve, upstream, option):
    serve(stale(option).replace("servfail 0", "servfail 5s"))
    ask_edns()
    upstream.handler = lambda seen: replies.failure(seen.message)
    wait_stale()
    for _ in range(3):
        response = ask_edns()
        assert rcode(response) == "NOERROR" and data(response) == ["192.0.2.1"]


def test_failed_prefetch_never_hides_good_data(serve, upstream):
    """Neither before the entry expires nor after."""
    serve(stale("serve_stale 1h immediate\n    prefetch 1 1m 90%", success="success 9984 3 0").replace(
        "servfail 0", "servfail 5s"))
    ask_edns()
    upstream.handler = lambda seen: replies.failure(seen.message)
    seen = []

    def stale_now():
        seen.append(ask_edns())
        return STALE_ANSWER in extended_errors(seen[-1])
    wait_until(stale_now, 8, "a stale answer", interval=0.05)
    assert upstream.count() >= 2  # the prefetch was tried
    assert {rcode(one) for one in seen} == {"NOERROR"}


def test_response_ttl(serve, upstream):
    serve(stale("serve_stale 1h immediate 30s"))
    ask_edns()
    upstream.stop()
    assert ttls(wait_stale()) == [30]


def test_not_older_than_its_duration(serve, upstream):
    serve(stale("serve_stale 1s"))
    ask_edns()
    upstream.stop()
    wait_stale()
    wait_until(lambda: rcode(ask_edns()) == "SERVFAIL", 6, "the end of the stale time")


def test_failure_recheck_spares_the_upstream(serve, upstream):
    """After a failed refresh the upstream is left alone for that time."""
    serve(stale("serve_stale 1h immediate 0s 30s"))
    ask_edns()
    upstream.handler = lambda seen: replies.failure(seen.message)
    wait_stale()
    wait_until(lambda: upstream.count() >= 2, 3, "the refresh")
    before = upstream.count()
    for _ in range(20):
        assert data(ask_edns()) == ["192.0.2.1"]
    assert upstream.count() - before <= 1


def test_without_serve_stale_nothing_old_is_served(serve, upstream):
    serve(stale(""))
    ask_edns()
    upstream.stop()
    wait_until(lambda: rcode(ask_edns()) == "SERVFAIL", 6, "the entry to expire")


def test_many_clients_of_a_stale_entry_cause_one_refresh(serve, upstream):
    serve(stale("serve_stale 1h immediate"))
    ask_edns()
    upstream.handler = lambda seen: Later(1.0, replies.address(seen.message))
    wait_stale()
    wait_until(lambda: upstream.count() == 2, 3, "the refresh")
    for _ in range(30):
        ask_edns()
    assert upstream.count() == 2
