"""Packets that are no query: each class gets its answer (or silence) and is counted; nothing breaks."""

import os
import random
import struct

import dns.message
import dns.rcode
import pytest

from lab.client import Stream, ask, data, query, raw_udp
from lab.ours import block

CORE = block("cache 30", "forward . 127.0.0.2")
ID = 0x4D5A


def header(flags=0x0100, qd=1, an=0, ns=0, ar=0, id=ID):
    return struct.pack("!6H", id, flags, qd, an, ns, ar)


QUESTION = b"\x01a\x04test\x00\x00\x01\x00\x01"
PLAIN = header() + QUESTION


def opt(rdata=b"", owner=b"\x00", size=1232, ttl=0):
    return owner + struct.pack("!HHIH", 41, size, ttl, len(rdata)) + rdata


def opcode(number):
    return 0x0100 | number << 11


SILENT = {
    "empty": (b"", None),
    "one octet": (b"\x00", "too_short"),
    "eleven octets": (header()[:11], "too_short"),
    "response": (header(0x8100) + QUESTION, "response"),
    "response without a question": (header(0x8180, qd=0), "response"),
    "response with another opcode": (header(0x8100 | 4 << 11) + QUESTION, "response"),
}

ANSWERED = {
    "iquery": (header(opcode(1)) + QUESTION, "NOTIMP", "opcode"),
    "status": (header(opcode(2)) + QUESTION, "NOTIMP", "opcode"),
    "opcode 3": (header(opcode(3)) + QUESTION, "NOTIMP", "opcode"),
    "notify": (header(opcode(4)) + QUESTION, "NOTIMP", "opcode"),
    "update": (header(opcode(5)) + QUESTION, "NOTIMP", "opcode"),
    "dso": (header(opcode(6), qd=0), "NOTIMP", "opcode"),
    "opcode 15": (header(opcode(15)) + QUESTION, "NOTIMP", "opcode"),
    "header only, opcode update": (header(opcode(5), qd=0), "NOTIMP", "opcode"),
    "no question": (header(qd=0), "FORMERR", "question_count"),
    "no question, with OPT": (header(qd=0, ar=1) + opt(), "FORMERR", "question_count"),
    "two questions": (header(qd=2) + QUESTION + QUESTION, "FORMERR", "question_count"),
    "65535 questions": (header(qd=65535) + QUESTION, "FORMERR", "question_count"),
    "question missing": (header(), "FORMERR", "question"),
    "question cut in the name": (header() + QUESTION[:3], "FORMERR", "question"),
    "question cut in the class": (header() + QUESTION[:-1], "FORMERR", "question"),
    "label of 64": (header() + b"\x40" + b"a" * 64 + b"\x00\x00\x01\x00\x01", "FORMERR", "question"),
    "label type 0x80": (header() + b"\x80a\x00\x00\x01\x00\x01", "FORMERR", "question"),
    "name of 256 octets": (header() + (b"\x3f" + b"a" * 63) * 3 + b"\x3e" + b"a" * 62 + b"\x00\x00\x01\x00\x01",
                           "FORMERR", "question"),
    "pointer to itself": (header() + b"\xc0\x0c\x00\x01\x00\x01", "FORMERR", "question"),
    "pointer to the header": (header() + b"\xc0\x00\x00\x01\x00\x01", "FORMERR", "question"),
    "pointer beyond the end": (header() + b"\xff\xff\x00\x01\x00\x01", "FORMERR", "question"),
    "label, then pointer to it": (header() + b"\x01a\xc0\x0c\x00\x01\x00\x01", "FORMERR", "question"),
    "record missing": (header(ar=1) + QUESTION, "FORMERR", "records"),
    "record cut": (header(ar=1) + QUESTION + opt()[:-1], "FORMERR", "records"),
    "record with RDLENGTH too big": (header(an=1) + QUESTION + b"\x00" + struct.pack("!HHIH", 1, 1, 0, 99),
                                     "FORMERR", "records"),
    "record whose owner loops": (header(ar=1) + QUESTION + b"\xc0\x18" + struct.pack("!HHIH", 1, 1, 0, 0),
                                 "FORMERR", "records"),
    "trailing octet": (PLAIN + b"\x00", "FORMERR", "records"),
    "trailing octets after OPT": (header(ar=1) + QUESTION + opt() + b"junk", "FORMERR", "records"),
    "65535 records": (header(an=65535) + QUESTION, "FORMERR", "records"),
    "two OPT": (header(ar=2) + QUESTION + opt() + opt(), "FORMERR", "edns"),
    "OPT with an owner": (header(ar=1) + QUESTION + opt(owner=b"\x01a\x00"), "FORMERR", "edns"),
    "option cut": (header(ar=1) + QUESTION + opt(b"\x00\x0a\x00\x08abc"), "FORMERR", "edns"),
    "option header cut": (header(ar=1) + QUESTION + opt(b"\x00\x0a\x00"), "FORMERR", "edns"),
}


def kinds(server):
    return {labels["kind"]: value
            for labels, value in server.metrics().series("node_local_dns_malformed_queries_total") if value}


@pytest.fixture
def server(serve, upstream):
    return serve(CORE)


@pytest.mark.parametrize("case", SILENT)
def test_silence_over_udp(server, case):
    octets, kind = SILENT[case]
    assert raw_udp(octets, timeout=0.15) is None
    if kind:
        assert kinds(server) == {kind: 1}
    assert data(ask("after.test")) == ["192.0.2.1"]


def check_refusal(octets, answer, expected):
    assert answer is not None, "no answer"
    assert answer[:2] == octets[:2], "not the query's id"
    flags = struct.unpack("!H", answer[2:4])[0]
    asked = struct.unpack("!H", octets[2:4])[0]
    assert flags & 0x8000, "QR"
    assert flags & 0x7800 == asked & 0x7800, "opcode must be copied"
    assert flags & 0x0100 == asked & 0x0100, "RD must be copied"
    assert dns.rcode.to_text(flags & 0xF) == expected
    assert len(answer) <= max(512, len(octets)), "no amplification"
    if asked & 0x7800 == 0:  # dnspython does not know all opcodes
        dns.message.from_wire(answer)


@pytest.mark.parametrize("case", ANSWERED)
def test_answer_over_udp(server, case):
    octets, expected, kind = ANSWERED[case]
    check_refusal(octets, raw_udp(octets), expected)
    assert kinds(server) == {kind: 1}
    assert data(ask("after.test")) == ["192.0.2.1"]


def test_answers_over_tcp(serve, upstream):
    """All classes over TCP; the connection may end after a bad message, the answer comes first."""
    server = serve(CORE)
    wanted = {}
    for octets, expected, kind in ANSWERED.values():
        with Stream() as stream:
            stream.send(octets)
            check_refusal(octets, stream.receive_octets(), expected)
        wanted[kind] = wanted.get(kind, 0) + 1
    assert kinds(server) == wanted
    assert data(ask("after.test", tcp=True)) == ["192.0.2.1"]


def test_nothing_malformed_reaches_the_upstream(serve, upstream):
    serve(CORE)
    for octets, _, _ in ANSWERED.values():
        raw_udp(octets)
    assert upstream.count() == 0


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize("type", ["AXFR", "IXFR"])
def test_zone_transfers(server, upstream, type, tcp):
    number = {"AXFR": 252, "IXFR": 251}[type]
    octets = header() + b"\x01a\x04test\x00" + struct.pack("!HH", number, 1)
    if tcp:
        with Stream() as stream:
            stream.send(octets)
            answer = stream.receive_octets()
    else:
        answer = raw_udp(octets)
    assert dns.rcode.to_text(answer[3] & 0xF) in ("REFUSED", "NOTIMP")
    assert upstream.count() == 0


@pytest.mark.parametrize("cls", [3, 4, 254, 255, 0, 2])
def test_classes_other_than_in(server, upstream, cls):
    octets = header() + b"\x01a\x04test\x00" + struct.pack("!HH", 16, cls)
    answer = raw_udp(octets)
    check_refusal(octets, answer, "REFUSED")
    assert upstream.count() == 0


def test_the_refusal_keeps_the_question_when_it_can(server):
    octets = header() + b"\x01A\x04tEsT\x00" + struct.pack("!HH", 16, 3)
    assert dns.message.from_wire(raw_udp(octets)).question[0].name.to_text() == "A.tEsT."


def test_meta_types(server, upstream):
    for number in (41, 249, 250):
        answer = raw_udp(header() + b"\x01a\x04test\x00" + struct.pack("!HH", number, 1))
        assert answer is not None and answer[3] & 0xF != 0
    assert upstream.count() == 0


def test_well_formed_extras_are_accepted(server):
    """OPT that says little, a TSIG-like last record, reserved header bits: all still queries."""
    for octets in (header(ar=1) + QUESTION + opt(size=0), header(ar=1) + QUESTION + opt(b"\xff\xfe\x00\x00"),
                   header(0x0100 | 0x0040) + QUESTION,
                   header(ar=1) + QUESTION + b"\x00" + struct.pack("!HHIH", 65000, 1, 0, 2) + b"ab",
                   header(0x0100 | 0x020F) + QUESTION):
        answer = raw_udp(octets)
        assert answer is not None and answer[3] & 0xF == 0, octets.hex()


def test_random_octets(server):
    """Five thousand packets of noise and of damaged queries: it lives, and answers nothing big."""
    noise = random.Random(20261123)
    import socket
    good = query("a.test", edns=0).to_wire()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect(("127.0.0.1", 53))
        for number in range(5000):
            if number % 2:
                octets = noise.randbytes(noise.randrange(0, 80))
            else:
                damaged = bytearray(good)
                for _ in range(noise.randrange(1, 4)):
                    damaged[noise.randrange(len(damaged))] = noise.randrange(256)
                octets = bytes(damaged)
            sock.send(octets)
            try:
                while True:
                    assert len(sock.recv(65535)) <= 512 + 80
            except BlockingIOError:
                pass
    assert data(ask("after.test")) == ["192.0.2.1"]
    assert server.running() and os.path.exists(f"/proc/{server.pid}")


def test_random_octets_over_tcp(server):
    noise = random.Random(20261124)
    for _ in range(100):
        with Stream() as stream:
            try:
                stream.send_octets(noise.randbytes(noise.randrange(1, 400)))
            except OSError:
                pass
    assert data(ask("after.test", tcp=True)) == ["192.0.2.1"]
