"""`forward` over TLS: whom it trusts, what it keeps, and what it does when the upstream misbehaves."""

import contextlib
import itertools
import re
import socket
import ssl
import threading

import pytest

from lab import replies
from lab.client import ask, ask_many, data, rcode, timed
from lab.fakedns import Later
from lab.ours import block
from lab.tls import Authority, TlsFakeDns
from lab.unbound import Unbound
from lab.waiting import PATIENCE, wait_until

TO = "127.0.0.2:853"
LABELS = {"proxy_name": "forward", "to": TO, "proto": "tcp-tls"}


@pytest.fixture(scope="module")
def identity(authority):
    return authority.issue("DNS:dns.test", "IP:127.0.0.2")


@pytest.fixture
def secure(netns):
    """secure(context, handler, address) starts a scripted upstream over TLS."""
    started = []

    def start(context, handler=None, address="127.0.0.2"):
        server = TlsFakeDns(address, context, handler)
        started.append(server)
        return server.start()
    yield start
    for server in started:
        server.stop()


@pytest.fixture
def upstream(secure, identity):
    return secure(identity.server_context())


def forward(authority, *options, to="tls://127.0.0.2", name="dns.test", tls=None):
    lines = [f"tls {tls or authority.certificate}"] if authority or tls else []
    lines += [f"tls_servername {name}"] if name else []
    return block(f"forward . {to} {{\n" + "\n".join(f"    {one}" for one in (*lines, *options)) + "\n}")


def test_one_connection_one_handshake_then_reuse(serve, upstream, authority):
    server = serve(forward(authority), workers=1)
    for number in range(20):
        assert data(ask(f"n{number}.test", tcp=number % 2 == 1)) == ["192.0.2.1"]
    assert upstream.connections == 1 and upstream.protocols == ["dot"]
    metrics = server.metrics()
    assert metrics.value("coredns_proxy_conn_cache_misses_total", **LABELS) == 1
    assert metrics.value("coredns_proxy_conn_cache_hits_total", **LABELS) == 19
    assert metrics.value("coredns_forward_requests_total", to=TO) == 20
    assert metrics.value("node_local_dns_upstream_connections", to=TO, proto="tcp-tls") == 1
    assert metrics.value("node_local_dns_upstream_tls_handshakes_total", to=TO, resumed="false") == 1
    assert metrics.series("coredns_proxy_conn_cache_hits_total", to=TO, proto="udp") == []


def test_queries_are_padded_to_blocks(serve, upstream, authority):
    """RFC 8467 §4.1: 128 octets; nothing else about the query changes."""
    serve(forward(authority))
    for name in ("a.test", "a-name-that-is-quite-a-bit-longer.and-has-more-labels.test", f"{'x' * 60}.{'y' * 60}.test"):
        ask(name, do=True)
    assert [len(one.wire) % 128 for one in upstream.queries()] == [0, 0, 0]
    assert all(one.do and [int(option.otype) for option in one.message.options] == [12]
               for one in upstream.queries())


def test_plain_queries_are_not_padded(serve, fake):
    plain = fake("127.0.0.2")
    serve(block("forward . 127.0.0.2"))
    ask("a.test")
    assert plain.queries()[0].message.options == ()


def test_address_is_verified_when_there_is_no_name(serve, secure, authority):
    secure(authority.issue("IP:127.0.0.2").server_context())
    serve(forward(authority, name=None))
    assert data(ask("a.test")) == ["192.0.2.1"]


def test_system_authorities(serve, upstream, authority):
    server = serve(forward(None), environment={"SSL_CERT_FILE": str(authority.certificate)})
    assert data(ask("a.test")) == ["192.0.2.1"]
    assert not server.log_lines("plugin/forward")


def test_a_server_name_of_its_own_for_each(serve, secure, authority):
    one = secure(authority.issue("DNS:one.test").server_context())
    two = secure(authority.issue("DNS:two.test").server_context(), address="127.0.0.3")
    serve(forward(authority, "policy round_robin", name=None,
                  to="tls://127.0.0.2%one.test tls://127.0.0.3%two.test:853"))
    for number in range(6):
        assert data(ask(f"n{number}.test")) == ["192.0.2.1"]
    assert one.count() == two.count() == 3


def test_over_tls_and_plain_side_by_side(serve, upstream, authority, fake):
    plain = fake("127.0.0.3")
    serve(forward(authority, "policy round_robin", to="tls://127.0.0.2 127.0.0.3"))
    for number in range(6):
        assert data(ask(f"n{number}.test")) == ["192.0.2.1"]
    assert upstream.count() == 3
    assert plain.transports() == {"udp": 3}


WRONG = {
    "another name": (lambda ours, other: ours.issue("DNS:other.test"), "not valid for dns.test"),
    "common name only": (lambda ours, other: ours.issue(), "not valid for dns.test"),
    "expired": (lambda ours, other: ours.issue("DNS:dns.test", days=-1), "expired or is not yet valid"),
    "unknown authority": (lambda ours, other: other.issue("DNS:dns.test"), "signed by unknown authority"),
}


@pytest.mark.parametrize("case", WRONG)
def test_untrusted(serve, secure, authority, tmp_path, case):
    """Nothing is sent to it; one line in the log however many ask; good again as soon as its certificate is."""
    make, expected = WRONG[case]
    bad = secure(make(authority, Authority(tmp_path, "other")).server_context())
    server = serve(forward(authority, "max_connect_attempts 2", "health_check 100ms"))
    for number in range(4):
        response, seconds = timed(ask, f"n{number}.test", timeout=8)
        assert rcode(response) == "SERVFAIL" and seconds < 3 * PATIENCE
    line, = server.log_lines("plugin/forward: no TLS with")
    assert TO in line and expected in line
    assert bad.queries(probes=True) == []
    assert server.value("node_local_dns_upstream_tls_handshake_failures_total", to=TO) >= 2
    wait_until(lambda: server.value("node_local_dns_upstream_down", to=TO) == 1, 5, "health checks to find it down")
    bad.context = authority.issue("DNS:dns.test").server_context()
    server.wait_log("plugin/forward: TLS with 127.0.0.2:853 works again")
    # Workers pause for a moment after a failed handshake, and a failure is kept for its name: a new one each time.
    names = (f"after{number}.test" for number in itertools.count())
    wait_until(lambda: data(ask(next(names))) == ["192.0.2.1"], 2, "an answer over TLS")


def test_untrusted_gives_way_to_the_next(serve, secure, authority, tmp_path):
    secure(Authority(tmp_path, "other").issue("DNS:dns.test").server_context())
    good = secure(authority.issue("DNS:dns.test").server_context(), address="127.0.0.3")
    serve(forward(authority, "policy sequential", to="tls://127.0.0.2 tls://127.0.0.3"))
    for number in range(5):
        response, seconds = timed(ask, f"n{number}.test")
        assert data(response) == ["192.0.2.1"] and seconds < 1 * PATIENCE
    assert good.count() == 5


def test_upstream_that_speaks_plain_dns(serve, fake, authority):
    """It takes the ClientHello for the beginning of a long message and waits: bounded by read_timeout."""
    plain = fake("127.0.0.2", port=853)
    serve(forward(authority, "max_connect_attempts 2", "read_timeout 500ms"))
    response, seconds = timed(ask, "a.test", timeout=8)
    assert rcode(response) == "SERVFAIL" and seconds < 2 * PATIENCE
    assert plain.queries(probes=True) == []


@contextlib.contextmanager
def listener_that_says(octets, address="127.0.0.2", port=853):
    """Takes TCP connections and says the same to each, if anything."""
    taken = []

    def accept(listener):
        with contextlib.suppress(OSError):
            while True:
                taken.append(listener.accept()[0])
                if octets:
                    taken[-1].sendall(octets)
    with socket.create_server((address, port)) as listener:
        thread = threading.Thread(target=accept, args=(listener,), daemon=True)
        thread.start()
        yield
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(5)
    for one in taken:
        one.close()


def test_upstream_that_speaks_something_else(serve, authority):
    with listener_that_says(b"220 mail.test ESMTP\r\n"):
        server = serve(forward(authority, "max_connect_attempts 2"))
        response, seconds = timed(ask, "a.test", timeout=8)
        assert rcode(response) == "SERVFAIL" and seconds < 2 * PATIENCE
        server.wait_log("no TLS with 127.0.0.2:853 .*first record does not look like a TLS handshake")


def test_upstream_that_never_shakes_hands(serve, secure, authority):
    """Bounded like any silence: the next upstream answers, and health checks find the silent one down."""
    good = secure(authority.issue("DNS:dns.test").server_context(), address="127.0.0.3")
    with listener_that_says(b""):
        server = serve(forward(authority, "policy sequential", "read_timeout 500ms", "health_check 100ms",
                               "max_fails 1", to="tls://127.0.0.2 tls://127.0.0.3"))
        response, seconds = timed(ask, "a.test")
        assert data(response) == ["192.0.2.1"] and 0.4 < seconds < 1.5 * PATIENCE
        wait_until(lambda: server.value("node_local_dns_upstream_down", to=TO) == 1, 9, "it to be found down")
        response, seconds = timed(ask, "b.test")
        assert data(response) == ["192.0.2.1"] and seconds < 0.4 * PATIENCE
    assert good.count() == 2


def test_health_checks_go_over_tls(serve, upstream, authority):
    server = serve(forward(authority, "health_check 100ms", "max_fails 1", "read_timeout 300ms"), workers=1)
    ask("a.test")
    upstream.stop()
    assert rcode(ask("b.test", timeout=8)) == "SERVFAIL"
    wait_until(lambda: server.value("node_local_dns_upstream_down", to=TO) == 1, 5, "the upstream to be found down")
    upstream.start()
    wait_until(lambda: server.value("node_local_dns_upstream_down", to=TO) == 0, 5, "the upstream to be found up")
    assert upstream.probes()
    assert data(ask("c.test")) == ["192.0.2.1"]


def test_client_certificate(serve, secure, authority, identity):
    upstream = secure(identity.server_context(clients_of=authority))
    mine = authority.issue("DNS:node.test")
    serve(forward(authority, tls=f"{mine.certificate} {mine.key} {authority.certificate}"))
    assert data(ask("a.test")) == ["192.0.2.1"]
    assert upstream.failures == []


def test_client_certificate_that_is_missing(serve, secure, authority, identity):
    secure(identity.server_context(clients_of=authority))
    server = serve(forward(authority, "max_connect_attempts 2"))
    assert rcode(ask("a.test", timeout=8)) == "SERVFAIL"
    server.wait_log("no TLS with 127.0.0.2:853 .*remote error: tls: .*certificate required")


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_idle_connection_closed_by_the_upstream_and_resumption(serve, secure, authority, identity, newest):
    """The next query opens another connection, unseen by the client, and resumes the session."""
    context = identity.server_context()
    context.maximum_version = newest
    upstream = secure(context)
    server = serve(forward(authority), workers=1)
    for number in range(5):
        assert data(ask(f"n{number}.test")) == ["192.0.2.1"]
        upstream.close_connections()
        wait_until(lambda: upstream.open_connections == 0, 3, "the connection to be closed")
    assert upstream.handshakes == [False, True, True, True, True]
    assert server.value("node_local_dns_upstream_tls_handshakes_total", to=TO, resumed="true") == 4


def test_idle_connection_expires(serve, upstream, authority):
    serve(forward(authority, "expire 1s"), workers=1)
    ask("a.test")
    wait_until(lambda: upstream.open_connections == 0, 4, "the idle connection to be closed")
    assert data(ask("b.test")) == ["192.0.2.1"]
    assert upstream.handshakes == [False, True]


def test_queries_are_pipelined_and_answers_come_in_any_order(serve, secure, authority, identity):
    gate = threading.Event()

    def handler(seen):
        number = int(seen.name[1:].split(".")[0])
        gate.wait(10)
        return Later(0.2 if number % 2 == 0 else 0, replies.address(seen.message, f"192.0.2.{number}"))
    upstream = secure(identity.server_context(), handler)
    serve(forward(authority, "read_timeout 5s"), workers=1)
    results = []
    asking = threading.Thread(target=lambda: results.extend(
        ask_many([(f"n{number}.test",) for number in range(60)], timeout=10)))
    asking.start()
    wait_until(lambda: upstream.count() == 60, 8, "all sixty upstream before any answer")
    gate.set()
    asking.join(15)
    assert [data(one) for one in results] == [[f"192.0.2.{number}"] for number in range(60)]
    assert upstream.connections == 1


def test_large_answers(serve, secure, authority, identity):
    """More than a TLS record holds."""
    secure(identity.server_context(), lambda seen: replies.many_addresses(seen.message, 3000))
    serve(forward(authority), workers=1)
    assert len(data(ask("a.test", tcp=True))) == 3000


def test_a_malformed_record_costs_that_connection_only(serve, upstream, authority):
    serve(forward(authority), workers=1)
    assert data(ask("a.test")) == ["192.0.2.1"]
    upstream.break_connections()
    wait_until(lambda: upstream.open_connections == 0, 3, "the connection to be closed")
    assert data(ask("b.test")) == ["192.0.2.1"]
    assert upstream.connections == 2


def test_reload_keeps_the_connection_and_new_authorities_count(serve, upstream, authority, tmp_path):
    server = serve(forward(authority), workers=1)
    ask("a.test")
    server.reload(forward(authority, "prefer_udp"))
    server.wait_log("reload complete")
    ask("b.test")
    assert upstream.connections == 1
    server.reload(forward(Authority(tmp_path, "other"), "max_connect_attempts 2"))
    server.wait_log("reload complete", count=2)
    assert rcode(ask("c.test", timeout=8)) == "SERVFAIL"
    server.wait_log("signed by unknown authority")


def test_stop_ends_tls_connections_properly(serve, upstream, authority):
    server = serve(forward(authority), workers=1)
    ask("a.test")
    assert server.stop() == 0
    wait_until(lambda: upstream.open_connections == 0, 3, "the connection to end")


@pytest.mark.parametrize("line, message", [
    ("tls {tmp}/nothing.pem", "forward: tls: cannot read file '{tmp}/nothing.pem': No such file"),
    ("tls {tmp}/empty.pem", "forward: tls: CA holds no certificate"),
    ("tls {tmp}/empty.pem {key} {ca}", "forward: tls: CERT holds no certificate"),
    ("tls {ca} {key} {ca}", "forward: tls: KEY does not belong to the first certificate of CERT")])
@pytest.mark.abnormal_exit
def test_wrong_files(serve, authority, identity, tmp_path, line, message):
    (tmp_path / "empty.pem").write_text("nothing\n")
    values = {"tmp": tmp_path, "ca": authority.certificate, "key": identity.key}
    server = serve(forward(None, line.format(**values)), launch=True)
    assert server.wait() == 1
    assert re.search(r"Corefile:\d+: " + re.escape(message.format(**values)), server.text()), server.text()


def test_unbound_as_upstream(serve, nsd, netns, authority, identity, tmp_path):
    nsd("127.0.0.9", {"example.test.": "@ 60 IN SOA ns host 1 7200 3600 86400 60\n@ IN NS ns\nns IN A 127.0.0.9\n"
                                      "www 60 IN A 192.0.2.80\n"})
    unbound = Unbound(tmp_path, "127.0.0.2", {"example.test.": "127.0.0.9"}, name="dot",
                      options=[f"tls-service-key: {identity.key}", f"tls-service-pem: {identity.certificate}",
                               "interface: 127.0.0.2@853"])
    unbound.start()
    try:
        server = serve(forward(authority), workers=1)
        unbound.wait_for_sockets([("tcp", "127.0.0.2", 853)])
        assert data(ask("www.example.test")) == ["192.0.2.80"]
        assert rcode(ask("nothing.example.test")) == "NXDOMAIN"
        assert server.value("node_local_dns_upstream_tls_handshakes_total", to=TO) == 1
        assert not server.log_lines("plugin/forward")
    finally:
        unbound.stop()

