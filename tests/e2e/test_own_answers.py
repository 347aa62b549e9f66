"""Names and types that never go upstream: any, chaos, local; and nsid, which tells who answered."""

import socket

import dns.edns

from lab.client import ask, data, query, rcode, send
from lab.ours import block


def texts(name, source=None):
    response = ask(name, "TXT", cls="CH", source=source)
    return rcode(response), sorted(item.to_text().strip('"') for rrset in response.answer for item in rrset)


def test_any(serve, upstream):
    serve(block("any", "cache 30", "forward . 127.0.0.2"))
    for tcp in (False, True):
        response = ask("a.test", "ANY", tcp=tcp)
        assert data(response, "HINFO") == ['"ANY obsoleted" "See RFC 8482"']
    assert rcode(ask("a.test")) == "NOERROR"
    assert upstream.count() == 1


def test_chaos(serve, upstream):
    server = serve(block("chaos node-7 bert anna", "cache 30", "forward . 127.0.0.2"))
    assert texts("version.bind", "127.0.0.1") == ("REFUSED", []), "the agent's probe"
    assert texts("Version.Server") == ("NOERROR", ["node-7"])
    assert texts("authors.bind") == ("NOERROR", ["anna", "bert"])
    for name in ("hostname.bind", "id.server"):
        assert texts(name) == ("NOERROR", [socket.gethostname()])
    assert texts("other.bind") == ("REFUSED", [])
    assert rcode(ask("version.server", "A", cls="CH")) == "REFUSED"
    assert rcode(ask("version.server", "TXT", cls="HS")) == "REFUSED"
    assert upstream.count() == 0
    assert server.value("coredns_dns_responses_total", plugin="chaos") == 4


def test_local(serve, upstream):
    server = serve(block("debug", "local", "cache 30", "forward . 127.0.0.2"))
    assert data(ask("localhost")) == ["127.0.0.1"]
    assert data(ask("x.localhost", "AAAA"), "AAAA") == ["::1"]
    assert data(ask("localhost.svc.cluster.local")) == ["127.0.0.1"]
    assert data(ask("1.0.0.127.in-addr.arpa", "PTR"), "PTR") == ["localhost."]
    denied = ask("9.0.0.127.in-addr.arpa", "PTR")
    assert rcode(denied) == "NXDOMAIN" and denied.authority[0].name.to_text() == "127.in-addr.arpa."
    assert upstream.count() == 0
    assert server.value("coredns_local_localhost_requests_total") == 2
    server.wait_log(r"plugin/local: x\.localhost\. AAAA from 127\.0\.0\.1")


def test_debug_is_a_log_level_and_ends_with_a_reload(serve, upstream):
    server = serve(block("debug", "local", "forward . 127.0.0.2", "reload 30s"))
    ask("a.localhost")
    server.wait_log(r"plugin/local: a\.localhost\.")
    server.reload(block("local", "forward . 127.0.0.2", "reload 30s"))
    server.wait_log("reload complete")
    ask("b.localhost")
    ask("a.test")
    assert server.log_lines(r"plugin/local: b\.localhost\.") == []


def nsid(response):
    return [option.to_wire() for option in response.options if int(option.otype) == 3]


def test_nsid(serve, upstream):
    server = serve(block("nsid node 7", "cache 30", "forward . 127.0.0.2", "reload 30s"))
    wants = dns.edns.GenericOption(3, b"")
    for _ in range(2):
        assert nsid(send(query("a.test", options=[wants]))) == [b"node 7"]
    assert nsid(send(query("a.test", options=[wants]), tcp=True)) == [b"node 7"]
    assert nsid(send(query("a.test", edns=0))) == [], "only who asks is told"
    assert ask("a.test").edns == -1
    assert all(int(option.otype) != 3 for seen in upstream.seen for option in seen.message.options)
    server.reload(block("nsid", "cache 30", "forward . 127.0.0.2", "reload 30s"))
    server.wait_log("reload complete")
    assert nsid(send(query("a.test", options=[wants]))) == [socket.gethostname().encode()]
