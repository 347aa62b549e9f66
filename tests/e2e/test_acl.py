"""The acl directive: by address, type and zone, in front of the cache."""

import dns.exception
import pytest

from lab.client import Stream, ask, data, extended_errors, query, rcode
from lab.ours import block

RULES = block("acl secret.test {", "    allow net 127.0.0.10", "    block", "}",
              "acl {", "    filter type AAAA net 127.0.0.0/28", "    drop type TXT",
              "    block net 127.0.0.64/26 ::/0", "}",
              "cache 30", "forward . 127.0.0.2")


def test_each_action(serve, upstream):
    server = serve(RULES)
    assert data(ask("a.secret.test", source="127.0.0.10"))
    for tcp in (False, True):
        blocked = ask("a.secret.test", source="127.0.0.11", edns=0, tcp=tcp)
        assert rcode(blocked) == "REFUSED" and not blocked.answer, "what another client has cached is not for this one"
        assert extended_errors(blocked) == [15]
        filtered = ask("b.test", "AAAA", source="127.0.0.11", edns=0, tcp=tcp)
        assert rcode(filtered) == "NOERROR" and not filtered.answer and extended_errors(filtered) == [17]
    assert rcode(ask("a.secret.test", source="127.0.0.11")) == "REFUSED"
    with pytest.raises(dns.exception.Timeout):
        ask("b.test", "TXT", timeout=0.3)
    assert rcode(ask("b.test", source="127.0.0.64")) == "REFUSED"
    assert rcode(ask("b.test", source="127.0.0.63")) == "NOERROR"
    assert upstream.count() == 2
    assert server.value("coredns_acl_blocked_requests_total", zone="secret.test.") == 3
    assert server.value("coredns_acl_filtered_requests_total", zone=".") == 2
    assert server.value("coredns_acl_dropped_requests_total", zone=".") >= 1
    assert server.value("coredns_acl_allowed_requests_total") == 2


def test_a_dropped_query_does_not_hold_up_its_connection(serve, upstream):
    serve(RULES)
    with Stream() as stream:
        stream.send(query("b.test", "TXT", id=1), query("b.test", id=2))
        assert stream.receive().id == 2


def test_a_reload_changes_who_may_ask(serve, upstream):
    server = serve(block("acl {", "    block", "}", "forward . 127.0.0.2", "reload 30s"))
    assert rcode(ask("a.test")) == "REFUSED"
    server.reload(block("acl {", "    allow net 127.0.0.1", "    block", "}", "forward . 127.0.0.2", "reload 30s"))
    server.wait_log("reload complete")
    assert rcode(ask("a.test")) == "NOERROR"
    assert rcode(ask("a.test", source="127.0.0.9")) == "REFUSED"
