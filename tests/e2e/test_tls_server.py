"""tls:// server blocks: DNS over TLS for clients, certificates and their change, bounds."""

import os
import re
import shutil
import socket
import ssl
import struct
import subprocess

import dns.edns
import dns.message
import pytest

from lab import replies
from lab.client import Stream, ask, data, query, timed
from lab.fakedns import Later
from lab.ours import block
from lab.processes import open_sockets
from lab.tls import Authority, TlsStream, tls_ask
from lab.unbound import Unbound
from lab.waiting import PATIENCE, wait_until

SERVER = "tls://127.0.0.1:853"


@pytest.fixture(scope="module")
def identity(authority):
    return authority.issue("DNS:dns.test", "IP:127.0.0.1")


@pytest.fixture
def trusting(authority):
    return authority.client_context()


def listening(identity, *directives, options="", zone="tls://.", more="forward . 127.0.0.2"):
    block_of_options = f" {{\n{options}\n}}" if options else ""
    line = f"tls {identity.certificate} {identity.key}{block_of_options}"
    return block(line, "cache 30", more, *directives, zone=zone)


@pytest.fixture
def secure(serve):
    """Starts our server and waits for its TLS socket."""
    def start(corefile, **more):
        more.setdefault("listen", ())
        server = serve(corefile, **more)
        server.wait_for_sockets([("tcp", "127.0.0.1", 853)])
        return server
    return start


def test_answers_and_counts(secure, upstream, identity, trusting):
    server = secure(listening(identity))
    with TlsStream(trusting) as stream:
        assert stream.sock.selected_alpn_protocol() == "dot"
        assert stream.sock.version() == "TLSv1.3"
        for _ in range(3):
            stream.send(query("a.test"))
            assert data(stream.receive()) == ["192.0.2.1"]
    metrics = server.metrics()
    assert metrics.value("coredns_dns_requests_total", server=SERVER, zone=".", proto="tcp", family="1") == 3
    assert metrics.value("coredns_cache_hits_total", server=SERVER) == 2
    assert metrics.value("node_local_dns_tls_handshakes_total", server=SERVER, resumed="false") == 1
    assert metrics.value("node_local_dns_tcp_connections_total", server=SERVER) == 1
    assert metrics.value("node_local_dns_tls_certificate_expiry_timestamp_seconds", server=SERVER) == ends(trusting)
    assert upstream.transports() == {"tcp": 1}, "as the client's transport, like CoreDNS"


def test_nothing_over_udp(secure, upstream, identity):
    server = secure(listening(identity))
    assert ("udp", "127.0.0.1", 853) not in open_sockets(server.pid)
    assert server.log_lines(r"listening on tls://127\.0\.0\.1:853 \(1 zone\)")


def test_kdig(secure, upstream, identity, authority):
    """Knot's client: strict authentication, padding, several queries."""
    secure(listening(identity))
    done = subprocess.run(
        ["kdig", f"+tls-ca={authority.certificate}", "+tls-hostname=dns.test", "+padding", "@127.0.0.1", "-p", "853",
         "a.test", "A", "b.test", "AAAA"], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0 and "192.0.2.1" in done.stdout, done.stdout + done.stderr
    assert done.stdout.count("status: NOERROR") == 2
    assert re.search(r"TLS session \(TLS1\.3\)", done.stdout)
    assert re.search(r"Received 468 B", done.stdout), done.stdout


def test_unbound_as_client(secure, upstream, identity, authority, tmp_path):
    """Another resolver that forwards to us with strict authentication."""
    server = secure(listening(identity))
    unbound = Unbound(tmp_path, "127.0.0.5", {}, options=[
        f'tls-cert-bundle: "{authority.certificate}"', "tls-upstream: yes", 'forward-zone:', '  name: "test."',
        "  forward-addr: 127.0.0.1@853#dns.test"])
    unbound.start()
    try:
        assert data(ask("a.test", server="127.0.0.5")) == ["192.0.2.1"]
    finally:
        unbound.stop()
    assert server.value("node_local_dns_tls_handshakes_total", server=SERVER) >= 1


def test_pipelined_and_out_of_order(secure, fake, identity, trusting):
    fake("127.0.0.2", lambda seen: Later(0.5 if seen.name == "n0.test." else 0, replies.address(seen.message)))
    secure(listening(identity))
    with TlsStream(trusting) as stream:
        stream.send(*(query(f"n{number}.test", id=number) for number in range(100)))
        order = [stream.receive().id for _ in range(100)]
    assert sorted(order) == list(range(100)) and order[-1] == 0


def dns_answers(wire):
    """ANCOUNT: to parse that many records takes seconds."""
    return struct.unpack("!H", wire[6:8])[0]


def test_large_answers(secure, fake, identity, trusting):
    """64 KB, more than a TLS record; many of them before any is read."""
    fake("127.0.0.2", lambda seen: replies.many_addresses(seen.message, 3000))
    secure(listening(identity))
    with TlsStream(trusting) as stream:
        stream.send(*(query("big.test", id=number) for number in range(15)))
        assert {dns_answers(stream.receive_octets()) for _ in range(15)} == {3000}


def test_padding_answers_padding(secure, upstream, identity, trusting):
    """RFC 8467 §4.1: multiples of 468 octets, for clients that pad; RFC 7830 §4: for nobody else."""
    secure(listening(identity))
    padded = query("a.test", options=[dns.edns.GenericOption(12, b"\0" * 32)])
    with TlsStream(trusting) as stream:
        stream.send(padded)
        first = stream.receive_octets()
        stream.send(query("a.test", edns=0))
        second = stream.receive_octets()
        stream.send(query("a.test"))
        third = stream.receive_octets()
    assert len(first) == 468 and len(second) < 100 and len(third) < 100
    assert [int(option.otype) for option in dns.message.from_wire(first).options] == [12]
    assert data(dns.message.from_wire(first)) == ["192.0.2.1"]


def test_plain_tcp_does_not_pad(secure, upstream, identity):
    secure(listening(identity) + block("cache 30", "forward . 127.0.0.2", metrics=None), listen=("127.0.0.1",))
    assert len(ask("a.test", tcp=True, options=[dns.edns.GenericOption(12, b"\0" * 32)]).to_wire()) < 100


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_resumption(secure, upstream, identity, authority, newest):
    """Tickets are good with every worker, and after a reload that leaves the certificate as it is."""
    context = authority.client_context(newest=newest)
    server = secure(listening(identity), workers=2)

    def session_after(session=None):
        with TlsStream(context, session=session) as stream:
            stream.send(query("a.test"))
            assert data(stream.receive()) == ["192.0.2.1"]
            assert stream.handshake_was_resumed() == (session is not None)
            return stream.sock.session
    session = session_after()
    for _ in range(6):
        session = session_after(session)
    server.reload(listening(identity, "loop"))
    server.wait_log("reload complete")
    session_after(session)
    assert server.value("node_local_dns_tls_handshakes_total", server=SERVER, resumed="true") == 7


@pytest.mark.parametrize("policy, without, stranger, good", [
    ("nocert", True, True, True), ("request", True, True, True), ("require", False, True, True),
    ("verify_if_given", True, False, True), ("require_and_verify", False, False, True)])
def test_client_auth(secure, upstream, identity, authority, tmp_path, policy, without, stranger, good):
    corefile = listening(identity, options=f"client_auth {policy}").replace(
        f"{identity.key}", f"{identity.key} {authority.certificate}")
    server = secure(corefile)

    def accepted(of_client):
        try:
            return data(tls_ask(authority.client_context(of_client), query("a.test"))) == ["192.0.2.1"]
        except (OSError, EOFError):
            return False
    assert accepted(None) == without
    assert accepted(Authority(tmp_path, "other").issue("DNS:node.test")) == stranger
    assert accepted(authority.issue("DNS:node.test")) == good
    refused = [without, stranger, good].count(False)
    server.wait_value("node_local_dns_tls_handshake_failures_total", refused, server=SERVER)


def serial_seen(context):
    with TlsStream(context) as stream:
        return stream.sock.getpeercert()["serialNumber"]


def ends(context):
    """When the certificate ends that a client sees."""
    with TlsStream(context) as stream:
        return ssl.cert_time_to_seconds(stream.sock.getpeercert()["notAfter"])


def test_reload_with_a_new_certificate(secure, upstream, authority, trusting, tmp_path):
    """Open connections go on, new ones see the new certificate; a wrong one changes nothing."""
    certificate, key = tmp_path / "tls.crt", tmp_path / "tls.key"

    def install(identity):
        shutil.copy(identity.certificate, certificate)
        shutil.copy(identity.key, key)
        identity.certificate, identity.key = certificate, key
        return identity
    corefile = listening(install(authority.issue("DNS:dns.test")))
    server = secure(corefile)
    before = serial_seen(trusting)
    with TlsStream(trusting) as stream:
        install(authority.issue("DNS:dns.test", days=3))
        server.reload()
        server.wait_log("reload complete")
        after = serial_seen(trusting)
        assert after != before
        assert server.value("node_local_dns_tls_certificate_expiry_timestamp_seconds", server=SERVER) == ends(trusting)
        stream.send(query("a.test"))
        assert data(stream.receive()) == ["192.0.2.1"]
    key.write_text("no key\n")
    server.reload()
    server.wait_log(r"reload failed.*Corefile:\d+: tls: KEY holds no private key")
    assert serial_seen(trusting) == after


def test_a_changed_certificate_file_is_noticed(secure, upstream, authority, trusting, tmp_path):
    """By `reload`, without a change of the Corefile."""
    first, second = authority.issue("DNS:dns.test"), authority.issue("DNS:dns.test")
    certificate, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    shutil.copy(first.certificate, certificate)
    shutil.copy(first.key, key)
    corefile = listening(first, "reload 2s 1s").replace(str(first.certificate), str(certificate)).replace(
        str(first.key), str(key))
    server = secure(corefile)
    before = serial_seen(trusting)
    shutil.copy(second.certificate, certificate)
    shutil.copy(second.key, key)
    wait_until(lambda: serial_seen(trusting) != before, 10, f"the new certificate in:\n{server.text()}", 0.2)


def test_a_key_that_only_root_may_read(secure, upstream, identity, trusting, tmp_path):
    """The server gives up root's right to read everything: said at the start, not when a reload fails."""
    own, foreign = tmp_path / "own.key", tmp_path / "foreign.key"
    for path in (own, foreign):
        shutil.copy(identity.key, path)
        path.chmod(0o600)
    corefile = listening(identity).replace(str(identity.key), str(own))
    server = secure(corefile)
    server.reload()
    server.wait_log("reload complete")
    assert not server.log_lines("a reload will fail")
    assert server.stop() == 0

    os.chown(foreign, 65534, 65534)
    server = secure(listening(identity).replace(str(identity.key), str(foreign)))
    server.wait_log(re.escape(str(foreign)) + ".*a reload will fail")
    server.reload()
    server.wait_log("reload failed.*" + re.escape(str(foreign)))
    assert data(tls_ask(trusting, query("a.test"))) == ["192.0.2.1"]


def test_slow_handshakes_are_bounded_and_hold_up_nobody(secure, upstream, identity, trusting):
    server = secure(listening(identity), workers=1)
    silent = [Stream(port=853) for _ in range(20)]
    halfway = Stream(port=853)
    halfway.send_octets(b"\x16\x03\x01\x02\x00\x01")  # the beginning of a ClientHello
    answer, seconds = timed(tls_ask, trusting, query("a.test"))
    assert data(answer) == ["192.0.2.1"] and seconds < 1 * PATIENCE
    assert not silent[0].closed_within(0.5)
    for one in (*silent, halfway):
        assert one.closed_within(4 * PATIENCE)
        one.sock.close()
    server.wait_value("node_local_dns_tls_handshake_failures_total", 21, server=SERVER)


@pytest.mark.parametrize("octets", [b"\x00\x1d" + query("a.test", id=1).to_wire(), b"GET / HTTP/1.1\r\n\r\n",
                                    b"\x16\x03\x01\xff\xff" + b"\xff" * 100, b"\x80\x2e\x01" + b"\0" * 60],
                         ids=["plain DNS", "HTTP", "too long a record", "SSLv2"])
def test_no_handshake_no_service(secure, upstream, identity, trusting, octets):
    secure(listening(identity), workers=1)
    with TlsStream(trusting) as bystander, Stream(port=853) as stream:
        stream.send_octets(octets)
        received = b""
        stream.sock.settimeout(5 * PATIENCE)
        try:
            while part := stream.sock.recv(1000):
                received += part
        except ConnectionError:
            pass
        assert received == b"" or received[:1] == b"\x15", "an alert at most"
        bystander.send(query("a.test"))
        assert data(bystander.receive()) == ["192.0.2.1"]


def test_a_malformed_record_costs_that_connection_only(secure, upstream, identity, trusting):
    secure(listening(identity), workers=1)
    with TlsStream(trusting) as bystander, TlsStream(trusting) as broken:
        for stream in (bystander, broken):
            stream.send(query("a.test"))
            stream.receive()
        with socket.socket(fileno=os.dup(broken.sock.fileno())) as raw:
            raw.sendall(b"\x17\x03\x03\x00\x20" + b"\x5a" * 32)
        broken.sock.settimeout(5 * PATIENCE)
        with pytest.raises((OSError, EOFError)):
            broken.receive()
        bystander.send(query("a.test"))
        assert data(bystander.receive()) == ["192.0.2.1"]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_versions_are_refused(secure, upstream, identity, authority):
    context = authority.client_context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    secure(listening(identity))
    with pytest.raises(OSError):
        TlsStream(context)


def test_half_closed_client_still_gets_its_answers(secure, fake, identity, trusting):
    fake("127.0.0.2", lambda seen: Later(0.3, replies.address(seen.message)))
    secure(listening(identity))
    with TlsStream(trusting) as stream:
        stream.send(query("a.test", id=1), query("b.test", id=2))
        socket.socket.shutdown(stream.sock, socket.SHUT_WR)
        assert {stream.receive().id, stream.receive().id} == {1, 2}


def test_stop_answers_what_was_asked(secure, fake, identity, trusting):
    fake("127.0.0.2", lambda seen: Later(0.5, replies.address(seen.message)))
    server = secure(listening(identity))
    with TlsStream(trusting) as stream, Stream(port=853):  # and one in the middle of its handshake
        stream.send(query("a.test", id=9))
        wait_until(lambda: server.value("coredns_forward_requests_total") == 1, 5, "the query to be on its way")
        _, seconds = timed(server.stop)
        assert stream.receive().id == 9
        assert stream.sock.recv(1) == b"", "close_notify: without it Python would raise"
        assert seconds < 3 * PATIENCE


def test_a_port_changes_between_plain_and_tls(secure, upstream, identity, trusting):
    """By reload; the port never has two meanings."""
    plain = listening(identity, zone="dns://.:853")
    server = secure(listening(identity))
    assert data(tls_ask(trusting, query("a.test"))) == ["192.0.2.1"]
    server.reload(plain)
    server.wait_log("reload complete")
    assert data(ask("a.test", tcp=True, port=853)) == ["192.0.2.1"]
    assert data(ask("a.test", port=853)) == ["192.0.2.1"]
    server.reload(listening(identity))
    server.wait_log("reload complete", count=2)
    assert data(tls_ask(trusting, query("a.test"))) == ["192.0.2.1"]
    assert ("udp", "127.0.0.1", 853) not in open_sockets(server.pid)


def test_one_block_for_plain_and_tls(secure, upstream, identity, trusting):
    server = secure(listening(identity, zone="dns://. tls://."), listen=("127.0.0.1",))
    assert data(ask("a.test")) == ["192.0.2.1"]
    assert data(tls_ask(trusting, query("a.test"))) == ["192.0.2.1"]
    assert upstream.count() == 1, "one cache"
    for label in ("dns://127.0.0.1:53", SERVER):
        assert server.value("coredns_dns_requests_total", server=label) == 1
