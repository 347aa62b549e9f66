"""A scriptable DNS server, UDP and TCP: answers as a test says, misbehaves on demand, remembers everything."""

import collections
import dataclasses
import ipaddress
import socket
import struct
import threading
import time

import dns.exception
import dns.flags
import dns.message
import dns.rdatatype

from lab import replies
from lab.waiting import wait_until

DROP = None


class Close:
    """Handler result: end the TCP connection (over UDP: silence)."""


@dataclasses.dataclass
class Later:
    """Handler result: send `what` after `seconds`."""
    seconds: float
    what: object


@dataclasses.dataclass
class Seen:
    """A query as it arrived."""
    wire: bytes
    message: dns.message.Message
    transport: str
    peer: tuple
    when: float
    connection: int = 0

    @property
    def name(self):
        return self.message.question[0].name.to_text().lower()

    @property
    def raw_name(self):
        return self.message.question[0].name.to_text()

    @property
    def type(self):
        return dns.rdatatype.to_text(self.message.question[0].rdtype)

    @property
    def do(self):
        return bool(self.message.ednsflags & dns.flags.DO)

    @property
    def is_probe(self):
        """What forward's health check and the loop plugin send of their own accord."""
        return (self.name == "." and self.type == "NS") or self.type == "HINFO"


def constant(ip, ttl=60):
    """Any A question is answered with `ip`, others with NODATA: tells apart which upstream answered."""
    def handler(seen):
        if seen.type == "A":
            return replies.address(seen.message, ip, ttl)
        return replies.nodata(seen.message)
    return handler


def table(entries):
    """Answers by (name, type) -> function(query); NXDOMAIN for the rest. Probes get an empty answer."""
    def handler(seen):
        if seen.is_probe:
            return replies.nodata(seen.message)
        make = entries.get((seen.name, seen.type))
        return make(seen.message) if make else replies.nxdomain(seen.message)
    return handler


class FakeDns:
    """Serves `handler(seen)` on address:port. The result is a message, octets, a list of those, DROP, Close
    or Later. Every query has a thread of its own, so a handler may block on what the test releases."""

    def __init__(self, address, handler=None, port=53):
        self.address = address
        self.port = port
        self.handler = handler or constant("192.0.2.1")
        self.seen = []
        self.connections = 0
        self.tcp = True
        self._lock = threading.Lock()
        self._udp = None
        self._listener = None
        self._open = {}
        self._threads = []
        self._family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET

    # Life.

    def start(self):
        self._udp = socket.socket(self._family, socket.SOCK_DGRAM)
        self._udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._listener = socket.socket(self._family, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        wait_until(lambda: self._bind(self._udp), 3, f"{self.address} free")
        if self.tcp:
            wait_until(lambda: self._bind(self._listener), 3, f"{self.address} free")
            self._listener.listen(512)
            self._threads.append(self._spawn(self._accept, self._listener))
        self._threads.append(self._spawn(self._datagrams, self._udp))
        return self

    def _bind(self, sock):
        sock.bind((self.address, self.port))
        return True

    def stop(self):
        """Closes everything: from now on the port is unreachable (ICMP, RST)."""
        for sock in (self._udp, self._listener):
            if sock is not None:
                try:
                    sock.shutdown(socket.SHUT_RDWR)  # wakes the thread that is blocked in it
                except OSError:
                    pass
                sock.close()
        self._udp = self._listener = None
        for thread in self._threads:  # a thread still in recvfrom would keep the port open
            thread.join(5)
        self._threads.clear()
        self.close_connections()

    def close_connections(self):
        """Ends all open TCP connections, as a server does with idle ones."""
        with self._lock:
            streams = list(self._open.values())
        for stream in streams:
            try:
                stream.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    @property
    def open_connections(self):
        with self._lock:
            return len(self._open)

    # What was received.

    def queries(self, name=None, type=None, transport=None, probes=False):
        """What arrived so far, without health and loop probes unless asked for."""
        with self._lock:
            found = list(self.seen)
        return [one for one in found
                if (probes or not one.is_probe)
                and (name is None or one.name == name) and (type is None or one.type == type)
                and (transport is None or one.transport == transport)]

    def count(self, *arguments, **named):
        return len(self.queries(*arguments, **named))

    def probes(self):
        return [one for one in self.queries(probes=True) if one.is_probe]

    def transports(self, name=None):
        return collections.Counter(one.transport for one in self.queries(name))

    def forget(self):
        with self._lock:
            self.seen.clear()

    # Work.

    @staticmethod
    def _spawn(function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        thread.start()
        return thread

    def _record(self, wire, transport, peer, connection=0):
        try:
            message = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        if not message.question:
            return None
        seen = Seen(wire, message, transport, peer, time.monotonic(), connection)
        with self._lock:
            self.seen.append(seen)
        return seen

    def _datagrams(self, sock):
        while True:
            try:
                wire, peer = sock.recvfrom(65535)
            except OSError:
                return
            seen = self._record(wire, "udp", peer)
            if seen is not None:
                def send(octets, to=peer):
                    try:
                        sock.sendto(octets, to)
                    except OSError:
                        pass
                self._spawn(self._answer, seen, send, lambda: None)

    def _accept(self, listener):
        while True:
            try:
                stream, peer = listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                number = self.connections
                self._open[number] = stream
            self._spawn(self._stream, stream, peer, number)

    def _stream(self, stream, peer, number):
        lock = threading.Lock()

        def send(octets):
            with lock:
                try:
                    stream.sendall(struct.pack("!H", len(octets)) + octets)
                except OSError:
                    pass

        def close():
            try:
                stream.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        try:
            with stream, stream.makefile("rb") as reader:
                while True:
                    head = reader.read(2)
                    if len(head) < 2:
                        return
                    size = struct.unpack("!H", head)[0]
                    wire = reader.read(size)
                    if len(wire) < size:
                        return
                    seen = self._record(wire, "tcp", peer, number)
                    if seen is not None:
                        self._spawn(self._answer, seen, send, close)
        except (OSError, ValueError):
            pass
        finally:
            with self._lock:
                self._open.pop(number, None)

    def _answer(self, seen, send, close):
        self._deliver(self.handler(seen), send, close)

    def _deliver(self, result, send, close):
        if isinstance(result, Later):
            time.sleep(result.seconds)
            result = result.what
        if result is DROP:
            return
        if result is Close or isinstance(result, Close):
            close()
            return
        for one in result if isinstance(result, (list, tuple)) else [result]:
            if isinstance(one, Later):
                self._deliver(one, send, close)
            else:
                send(one if isinstance(one, bytes) else one.to_wire(max_size=65535))
