"""Clients of a pod: all sorts of questions, a few hundred a second, until the end of the block."""

import contextlib
import socket
import threading

from lab.client import Stream, query
from lab.node import LOCAL
from lab.steady import question

TICK = 0.025  # seconds
A, AAAA, PTR, MX, TXT = 1, 28, 12, 15, 16


def tick_of(number):
    """The questions of one tick: (name, type)."""
    yield f"popular{number % 20}.test", A
    yield f"popular{number % 20}.test", AAAA
    yield "popular0.test", A
    yield f"once{number}.test", A
    yield f"once{number}.test", A  # coalesced: the first is still under way
    if number % 4 == 0:
        yield f"nx{number % 24}.test", A
    if number % 8 == 0:
        yield f"slow{number}.test", A
        yield f"slow{number}.test", A
        yield f"failing{number}.test", A
        yield f"a{number}.broken.test", A
        yield "1.0.0.10.in-addr.arpa", PTR
    if number % 16 == 0:
        yield f"forged{number}.test", A
        yield "popular1.test", TXT
        yield "popular1.test", MX
        for one in range(6):
            yield f"a{number}-{one}.limited.test", A
    if number % 80 == 0:
        yield "brief.stale.test", A


# Too short; a response; two questions; opcode 4.
NO_QUERIES = (b"\0\0\1",
              b"\0\1\x81\x80\0\1\0\0\0\0\0\0\0\0\1\0\1",
              b"\0\2\1\0\0\2" + b"\0" * 6 + b"\0\0\1\0\1\0\0\1\0\1",
              question("opcode.test", 3)[:2] + b"\x21" + question("opcode.test", 3)[3:])


class Load:
    """`with Load(space):` from the pod's namespace; answers are read and forgotten."""

    def __init__(self, space):
        self._space = space
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(work,), daemon=True)
                         for work in (self._datagrams, self._streams)]
        self.sent = 0

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        for thread in self._threads:
            thread.join(10)

    def _run(self, work):
        with self._space.inside():
            work()

    def _datagrams(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect((LOCAL[4], 53))
            sock.setblocking(False)
            number = 0
            while not self._stopping.wait(TICK):
                packets = [question(name, (number * 32 + at) & 0xFFFF, kind)
                           for at, (name, kind) in enumerate(tick_of(number))]
                packets.append(NO_QUERIES[number % len(NO_QUERIES)])
                for packet in packets:
                    with contextlib.suppress(OSError):
                        sock.send(packet)
                with contextlib.suppress(OSError):
                    while sock.recv(4096):
                        pass
                self.sent += len(packets)
                number += 1

    def _streams(self):
        """A connection for two questions, four times a second."""
        number = 0
        while not self._stopping.wait(0.25):
            number += 1
            with contextlib.suppress(OSError, EOFError), Stream(LOCAL[4], timeout=1) as stream:
                stream.send(query("popular2.test"), query(f"stream{number}.test", "AAAA", do=True))
                stream.receive()
                stream.receive()
