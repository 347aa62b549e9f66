"""The hosts directive against a real upstream: file and block, reload of the file, what goes on to forward."""

import os

import pytest

from lab.client import ask, data, flags, rcode, ttls
from lab.ours import block
from lab.waiting import wait_until

ZONE = """@ 60 IN SOA ns hostmaster 1 60 60 60 60
@ 60 IN NS ns
ns 60 IN A 127.0.0.2
up 60 IN A 192.0.2.9
"""


@pytest.fixture(scope="module")
def upstream_zone(nsd):
    return nsd("127.0.0.2", {"example.test.": ZONE})


def test_hosts_before_forward(serve, upstream_zone, tmp_path):
    """As kubespray's file: hosts with fallthrough in a block that forwards."""
    hosts = tmp_path / "hosts"
    hosts.write_text("10.0.0.1 a.example.test alias.example.test\nfd00::9 a.example.test\n")
    server = serve(block("cache 30", "forward . 127.0.0.2", f"hosts {hosts} {{\n    10.0.0.2 b.example.test\n"
                         "    fallthrough\n}"))
    for name, address in (("a", "10.0.0.1"), ("alias", "10.0.0.1"), ("b", "10.0.0.2"), ("up", "192.0.2.9")):
        assert data(ask(f"{name}.example.test")) == [address]
    assert data(ask("a.example.test", "AAAA"), "AAAA") == ["fd00::9"]
    assert rcode(ask("b.example.test", "AAAA")) == "NOERROR"
    assert rcode(ask("none.example.test")) == "NXDOMAIN"
    assert data(ask("1.0.0.10.in-addr.arpa", "PTR"), "PTR") == ["a.example.test.", "alias.example.test."]
    assert server.value("coredns_hosts_entries") == 8
    assert server.value("coredns_hosts_reload_timestamp_seconds") == pytest.approx(os.stat(hosts).st_mtime, abs=1)


def test_the_file_is_read_again(serve, upstream_zone, tmp_path):
    hosts = tmp_path / "hosts"
    hosts.write_text("10.0.0.1 a.example.test\n")
    server = serve(block(f"hosts {hosts} {{\n    reload 100ms\n    ttl 7\n}}"))
    answer = ask("a.example.test")
    assert (data(answer), ttls(answer)) == (["10.0.0.1"], [7])
    assert "AA" in flags(answer)
    fresh = tmp_path / "new"
    fresh.write_text("10.0.0.77 a.example.test\n")
    os.replace(fresh, hosts)
    wait_until(lambda: data(ask("a.example.test")) == ["10.0.0.77"], 5, "the new entry")
    hosts.unlink()
    server.wait_log("read again, 2 entries")
    assert data(ask("a.example.test")) == ["10.0.0.77"]
    assert rcode(ask("b.example.test")) == "SERVFAIL"


def test_a_file_that_is_not_there_yet(serve, tmp_path):
    hosts = tmp_path / "later"
    serve(block(f"hosts {hosts} {{\n    reload 100ms\n    10.0.0.2 b.example.test\n}}"))
    assert data(ask("b.example.test")) == ["10.0.0.2"]
    hosts.write_text("10.0.0.1 a.example.test\n")
    wait_until(lambda: data(ask("a.example.test")) == ["10.0.0.1"], 5, "the file's entries")


def test_two_root_blocks_told_apart_by_bind(serve, upstream_zone):
    """One node-local address answers names of the host itself, the other only forwards."""
    serve(block("hosts {\n    10.0.0.5 only.example.test\n    fallthrough\n}", "forward . 127.0.0.2", bind="127.0.0.1")
          + block("forward . 127.0.0.2", bind="169.254.20.10"), listen=["127.0.0.1", "169.254.20.10"])
    assert data(ask("only.example.test", server="127.0.0.1")) == ["10.0.0.5"]
    assert rcode(ask("only.example.test", server="169.254.20.10")) == "NXDOMAIN"
    for server in ("127.0.0.1", "169.254.20.10"):
        assert data(ask("up.example.test", server=server)) == ["192.0.2.9"]


def test_an_import_glob_that_matches_nothing(serve, upstream_zone, tmp_path):
    """As kubespray and others: a folder of further server blocks that may be empty."""
    serve(f"import {tmp_path}/conf.d/*.server\n" + block("forward . 127.0.0.2", f"import {tmp_path}/none/*.override"))
    assert data(ask("up.example.test")) == ["192.0.2.9"]


def test_many_addresses_at_one_name(serve, tmp_path):
    """Over UDP what does not fit is truncated, over TCP it is whole."""
    hosts = tmp_path / "hosts"
    hosts.write_text("".join(f"10.0.1.{number} many.example.test\n" for number in range(200)))
    serve(block(f"hosts {hosts}"))
    assert "TC" in flags(ask("many.example.test"))
    assert len(data(ask("many.example.test", tcp=True))) == 200
