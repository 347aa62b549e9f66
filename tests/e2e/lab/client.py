"""The client's side: questions by dnspython, raw octets for what no library would send."""

import concurrent.futures
import socket
import struct
import time

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from lab.waiting import PATIENCE

SERVER = "127.0.0.1"


def query(name, type="A", *, do=False, edns=None, payload=1232, options=(), flags=None, cls="IN", id=None):
    """A query; `edns` None means none unless `do` or options need it."""
    message = dns.message.make_query(name, type, rdclass=cls)
    if edns is not None or do or options:
        message.use_edns(edns if edns is not None else 0, ednsflags=dns.flags.DO if do else 0,
                         payload=payload, options=list(options))
    if flags is not None:
        message.flags = dns.flags.from_text(flags) if flags else 0
    if id is not None:
        message.id = id
    return message


def send(message, server=SERVER, *, tcp=False, timeout=5.0, port=53, source=None):
    """Asks once; raises dns.exception.Timeout. dnspython checks source, id and question of the answer."""
    function = dns.query.tcp if tcp else dns.query.udp
    return function(message, server, timeout=timeout * PATIENCE, port=port, source=source)


def ask(name, type="A", server=SERVER, *, tcp=False, timeout=5.0, port=53, source=None, **more):
    return send(query(name, type, **more), server, tcp=tcp, timeout=timeout, port=port, source=source)


def ask_many(questions, server=SERVER, workers=64, **more):
    """Asks all at once from as many sockets; returns the answers in order."""
    with concurrent.futures.ThreadPoolExecutor(min(workers, max(1, len(questions)))) as pool:
        return [one.result() for one in
                [pool.submit(ask, *question, server=server, **more) for question in questions]]


def timed(function, *arguments, **named):
    """(result, seconds)."""
    start = time.monotonic()
    result = function(*arguments, **named)
    return result, time.monotonic() - start


def rcode(response):
    return dns.rcode.to_text(response.rcode())


def flags(response):
    return set(dns.flags.to_text(response.flags).split())


def data(response, type="A"):
    """Sorted RDATA texts of one type in the answer section."""
    kind = dns.rdatatype.from_text(type)
    return sorted(item.to_text() for rrset in response.answer if rrset.rdtype == kind for item in rrset)


def ttls(response):
    return [rrset.ttl for rrset in response.answer]


def extended_errors(response):
    """INFO-CODEs of RFC 8914 in the answer's OPT."""
    return [int(option.code) for option in response.options if isinstance(option, dns.edns.EDEOption)]


def family_of(server):
    return socket.AF_INET6 if ":" in server else socket.AF_INET


def raw_udp(octets, server=SERVER, port=53, timeout=2.0):
    """Sends octets as they are; the answer's octets, or None when there is none in time."""
    with socket.socket(family_of(server), socket.SOCK_DGRAM) as sock:
        sock.settimeout(timeout * PATIENCE)
        sock.connect((server, port))
        sock.send(octets)
        try:
            return sock.recv(65535)
        except socket.timeout:
            return None


class Stream:
    """A TCP connection with DNS framing; messages may be sent and read in any number and order."""

    def __init__(self, server=SERVER, port=53, timeout=5.0):
        self.sock = socket.create_connection((server, port), timeout=timeout * PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send_octets(self, octets):
        """Without a length prefix."""
        self.sock.sendall(octets)

    def send(self, *messages):
        """All in one write."""
        wires = [one if isinstance(one, bytes) else one.to_wire() for one in messages]
        self.sock.sendall(b"".join(struct.pack("!H", len(wire)) + wire for wire in wires))

    def _exactly(self, size):
        octets = b""
        while len(octets) < size:
            part = self.sock.recv(size - len(octets))
            if not part:
                raise EOFError("the server closed the connection")
            octets += part
        return octets

    def receive_octets(self):
        return self._exactly(struct.unpack("!H", self._exactly(2))[0])

    def receive(self):
        return dns.message.from_wire(self.receive_octets())

    def closed_within(self, seconds):
        """Whether the server ends the connection in that time."""
        self.sock.settimeout(seconds)
        try:
            return self.sock.recv(1) == b""
        except ConnectionError:
            return True
        except socket.timeout:
            return False
