"""A DNS server whose answers tell who it is. A program of its own, so that neither the test's threads nor its
speed disturb each other; no imports beyond the standard library, so that it is there in 50 ms."""

import ipaddress
import pathlib
import selectors
import socket
import struct
import sys

A, AAAA = 1, 28
TTL = 30


def answer(query, rdata):
    """The response to one question: the address record of its type, else no data. None: not a query."""
    if len(query) < 17 or query[2] & 0x80 or query[4:6] != b"\0\1":
        return None
    end = 12
    while end < len(query) and query[end]:
        end += 1 + query[end]
    end += 5
    if end > len(query):
        return None
    kind = struct.unpack_from("!H", query, end - 4)[0]
    data = rdata.get(kind)
    record = struct.pack("!HHHIH", 0xC00C, kind, 1, TTL, len(data)) + data if data else b""
    flags = bytes([0x80 | (query[2] & 0x79), 0x80])
    return query[:2] + flags + struct.pack("!HHHH", 1, 1 if data else 0, 0, 0) + query[12:end] + record


class Responder:
    """One thread, every address, UDP and TCP."""

    def __init__(self, rdata, addresses):
        self.rdata = rdata
        self.selector = selectors.DefaultSelector()
        for address in addresses:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            datagrams = socket.socket(family, socket.SOCK_DGRAM)
            datagrams.bind((address, 53))
            listener = socket.socket(family, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, 53))
            listener.listen(128)
            for sock, work in ((datagrams, self.datagram), (listener, self.accept)):
                sock.setblocking(False)
                self.selector.register(sock, selectors.EVENT_READ, work)

    def datagram(self, sock):
        query, peer = sock.recvfrom(4096)
        response = answer(query, self.rdata)
        if response:
            sock.sendto(response, peer)

    def accept(self, listener):
        stream, _ = listener.accept()
        stream.settimeout(1)
        buffer = bytearray()
        self.selector.register(stream, selectors.EVENT_READ, lambda sock: self.stream(sock, buffer))

    def stream(self, sock, buffer):
        try:
            part = sock.recv(4096)
        except OSError:
            part = b""
        buffer += part
        while len(buffer) >= 2 and len(buffer) >= 2 + (size := struct.unpack_from("!H", buffer)[0]):
            response = answer(bytes(buffer[2:2 + size]), self.rdata)
            del buffer[:2 + size]
            if response:
                sock.sendall(struct.pack("!H", len(response)) + response)
        if not part:
            self.selector.unregister(sock)
            sock.close()

    def serve(self):
        while True:
            for key, _ in self.selector.select():
                try:
                    key.data(key.fileobj)
                except OSError:  # of one client or one packet
                    pass


def command(identity4, identity6, addresses):
    """The command line that starts it."""
    return ["/usr/bin/python3", "-S", "-E", str(pathlib.Path(__file__).resolve()), identity4, identity6, *addresses]


if __name__ == "__main__":
    Responder({A: ipaddress.ip_address(sys.argv[1]).packed, AAAA: ipaddress.ip_address(sys.argv[2]).packed},
              sys.argv[3:]).serve()
