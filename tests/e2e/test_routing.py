"""Which block and which forward a query goes to."""

import pytest

from lab import replies
from lab.client import ask, data, rcode
from lab.ours import block


@pytest.fixture
def four(fake):
    """Each answers with its own address."""
    return [fake(f"127.0.0.{number}", ip=f"192.0.2.{number}") for number in (2, 3, 4, 5)]


def answered_by(name, **more):
    """The last octet of the address that the answering upstream gives."""
    return [int(one.rsplit(".", 1)[1]) for one in data(ask(name, **more))]


# Blocks.

ZONES = (block("forward . 127.0.0.2")
         + block("forward . 127.0.0.3", zone="example.test:53")
         + block("forward . 127.0.0.4", zone="sub.example.test:53"))


@pytest.mark.parametrize("name, upstream", [
    ("other.test", 2), ("test", 2), ("notexample.test", 2), ("example.test.evil", 2), (".", 2),
    ("example.test", 3), ("a.example.test", 3), ("notsub.example.test", 3), ("A.EXAMPLE.TEST", 3),
    ("sub.example.test", 4), ("a.b.sub.example.test", 4), ("a.SUB.example.TEST", 4),
    (r"a\.example.test", 2), (r"x\.sub.example.test", 3)])
def test_longest_zone_wins(serve, four, name, upstream):
    serve(ZONES)
    assert answered_by(name) == [upstream]


def test_order_of_blocks_does_not_matter(serve, four):
    parts = ZONES.split("}\n")
    serve("}\n".join(reversed(parts[:-1])) + "}\n")
    assert [answered_by(name) for name in ("x.test", "example.test", "sub.example.test")] == [[2], [3], [4]]


def test_one_block_for_several_zones(serve, four):
    serve(block("forward . 127.0.0.2", zone="one.test:53 two.test. three.test:53"))
    assert answered_by("a.one.test") == answered_by("two.test") == answered_by("three.test") == [2]
    assert rcode(ask("four.test")) == "REFUSED"


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_no_block_is_refused(serve, four, tcp):
    server = serve(block("forward . 127.0.0.2", zone="example.test:53"))
    assert rcode(ask("other.test", tcp=tcp)) == "REFUSED"
    assert rcode(ask("a.example.test", tcp=tcp)) == "NOERROR"
    assert server.value("coredns_dns_requests_total", zone="dropped") == 1
    assert server.value("coredns_dns_responses_total", zone="dropped", rcode="REFUSED") == 1


def test_one_zone_two_addresses(serve, four):
    serve(block("cache 30", "forward . 127.0.0.2", bind="127.0.0.1")
          + block("cache 30", "forward . 127.0.0.3", bind="169.254.20.10"), listen=["127.0.0.1", "169.254.20.10"])
    for _ in range(2):
        assert answered_by("a.test", server="127.0.0.1") == [2]
        assert answered_by("a.test", server="169.254.20.10") == [3]


def test_one_zone_two_ports(serve, four):
    serve(block("forward . 127.0.0.2") + block("forward . 127.0.0.3", zone=".:5353"))
    assert answered_by("a.test") == [2]
    assert answered_by("a.test", port=5353) == [3]


def test_blocks_on_different_addresses_do_not_see_each_other(serve, four):
    serve(block("forward . 127.0.0.2", zone="example.test:53", bind="127.0.0.1")
          + block("forward . 127.0.0.3", bind="169.254.20.10"), listen=["127.0.0.1", "169.254.20.10"])
    assert rcode(ask("other.test", server="127.0.0.1")) == "REFUSED"
    assert answered_by("a.example.test", server="169.254.20.10") == [3]


@pytest.mark.parametrize("zone, inside, outside", [
    ("10.0.0.0/8", "4.3.2.10.in-addr.arpa", "4.3.2.11.in-addr.arpa"),
    ("192.0.2.0/24", "9.2.0.192.in-addr.arpa", "9.3.0.192.in-addr.arpa"),
    ("10.1.2.0/23", "9.3.1.10.in-addr.arpa", "9.4.1.10.in-addr.arpa"),
    ("2001:db8::/32", "1." + "0." * 23 + "8.b.d.0.1.0.0.2.ip6.arpa", "1." + "0." * 23 + "9.b.d.0.1.0.0.2.ip6.arpa"),
])
def test_cidr_zones(serve, four, zone, inside, outside):
    serve(block("forward . 127.0.0.2", zone=zone))
    assert answered_by(inside) == [2]
    assert rcode(ask(outside)) == "REFUSED"


def test_caches_of_blocks_are_apart(serve, four):
    """A name cached by one block is not an answer of the other."""
    serve(block("cache 30", "forward . 127.0.0.2", bind="127.0.0.1")
          + block("cache 30", "forward . 127.0.0.3", bind="127.0.0.8"), listen=["127.0.0.1", "127.0.0.8"])
    ask("a.test", server="127.0.0.1")
    assert answered_by("a.test", server="127.0.0.8") == [3]
    assert four[0].count() == four[1].count() == 1


# Forwards inside a block.

def test_first_matching_forward(serve, four):
    serve(block("forward lab.example.test 127.0.0.2", "forward example.test 127.0.0.3", "forward . 127.0.0.4"))
    assert answered_by("a.lab.example.test") == [2]
    assert answered_by("a.example.test") == [3]
    assert answered_by("a.test") == [4]


def test_order_of_forwards_is_theirs(serve, four):
    """As CoreDNS: a parent written first takes everything below it."""
    serve(block("forward . 127.0.0.4", "forward lab.example.test 127.0.0.2"))
    assert answered_by("a.lab.example.test") == [4]


def test_forward_of_another_zone_is_servfail(serve, four):
    serve(block("forward example.test 127.0.0.2"))
    assert rcode(ask("a.other.test")) == "SERVFAIL"


def test_except(serve, four):
    serve(block("forward . 127.0.0.2 {\n    except lab.example.test other.test\n}", "forward . 127.0.0.3"))
    assert answered_by("a.example.test") == [2]
    assert answered_by("lab.example.test") == answered_by("a.LAB.example.test") == answered_by("x.other.test") == [3]
    assert answered_by("notlab.example.test") == [2]


def test_except_without_another_forward(serve, four):
    serve(block("forward . 127.0.0.2 {\n    except lab.test\n}"))
    assert rcode(ask("a.lab.test")) == "SERVFAIL"
    assert four[0].count() == 0


def test_next(serve, four):
    four[0].handler = lambda seen: replies.nxdomain(seen.message)
    four[1].handler = lambda seen: replies.failure(seen.message, "REFUSED")
    serve(block("cache 30", "forward . 127.0.0.2 {\n    next NXDOMAIN\n}",
                "forward . 127.0.0.3 {\n    next REFUSED SERVFAIL\n}", "forward . 127.0.0.4"))
    for _ in range(2):
        assert answered_by("a.test") == [4]
    assert [one.count() for one in four] == [1, 1, 1, 0]


def test_next_only_for_its_rcodes(serve, four):
    four[0].handler = lambda seen: replies.failure(seen.message)
    serve(block("forward . 127.0.0.2 {\n    next NXDOMAIN\n}", "forward . 127.0.0.3"))
    assert rcode(ask("a.test")) == "SERVFAIL"
    assert four[1].count() == 0


def test_next_without_a_next_forward_is_ignored(serve, four):
    four[0].handler = lambda seen: replies.nxdomain(seen.message)
    serve(block("forward . 127.0.0.2 {\n    next NXDOMAIN\n}", "whoami"))
    assert rcode(ask("a.test")) == "NXDOMAIN"


def test_next_on_nodata(serve, four):
    four[0].handler = lambda seen: replies.nodata(seen.message)
    serve(block("forward . 127.0.0.2 {\n    next_on_nodata\n}", "forward . 127.0.0.3"))
    assert answered_by("a.test") == [3]


def test_forward_to_a_cidr(serve, four):
    serve(block("forward 10.0.0.0/8 127.0.0.2", "forward . 127.0.0.3"))
    assert answered_by("4.3.2.10.in-addr.arpa") == [2]
    assert answered_by("4.3.2.11.in-addr.arpa") == [3]
