"""A client that keeps one UDP socket and asks at an even pace, as many resolvers do, and remembers who answered.

Connection tracking pins such a socket to whoever answered it first: it shows losses that new sockets hide."""

import collections
import dataclasses
import errno
import socket
import struct
import threading
import time

from lab.waiting import wait_until

RATE = 200  # queries a second
GIVE_UP = 1.0  # seconds after the last query; what has not come by then is lost
A = 1
NO_SOURCE = (errno.EINVAL, errno.ENETUNREACH)  # of send, as kernels differ, when the socket's address is gone


def question(name, number, kind=A):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label)
    return struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)


def first_address(message):
    """The address of the first A record, or the rcode."""
    rcode, answers = message[3] & 15, struct.unpack_from("!H", message, 6)[0]
    if rcode or not answers:
        return f"rcode {rcode}"
    at = 12
    while message[at]:
        at += 1 + message[at]
    at += 5
    while message[at] and message[at] < 0xC0:
        at += 1 + message[at]
    at += 1 if not message[at] else 2
    size = struct.unpack_from("!H", message, at + 8)[0]
    return ".".join(map(str, message[at + 10:at + 10 + size]))


@dataclasses.dataclass
class Query:
    sent: float
    answered: float = 0.0  # 0: not yet
    who: str = ""


class Steady:
    """`with Steady(space, server, names) as client:` asks until the end of the block; `names` translates answers.

    A process on the node itself has the local address as its source, too; when the interface goes, the kernel refuses
    to send from there. `reopen` then takes a new socket, as a resolver does.

    Times are of time.monotonic(). `client.now()` before a change gives the mark that the questions below take."""

    def __init__(self, space, server, names, *, rate=RATE, name="steady.test", reopen=False):
        self._space = space
        self._server = server
        self._names = names
        self._interval = 1 / rate
        self._name = name
        self._reopen = reopen
        self.queries = []
        self.refused = 0  # ICMP errors: the kernel says that nobody listens
        self._stopping = threading.Event()
        self._failure = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self._stopping.set()
        self._thread.join(GIVE_UP + 5)
        if self._failure is not None:
            raise self._failure

    @staticmethod
    def now():
        return time.monotonic()

    def _run(self):
        try:
            with self._space.inside():
                self._ask()
        except Exception as error:  # shown by stop, in the test's thread
            self._failure = error

    def _open(self):
        sock = socket.socket(socket.AF_INET6 if ":" in self._server else socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        sock.connect((self._server, 53))
        return sock

    def _ask(self):
        sock = self._open()
        due = time.monotonic()
        while not self._stopping.is_set():
            self._receive(sock, due)
            number = len(self.queries)
            self.queries.append(Query(time.monotonic()))
            try:
                sock.send(question(self._name, number & 0xFFFF))
            except OSError as error:
                self.refused += 1
                if self._reopen and error.errno in NO_SOURCE:
                    sock.close()
                    sock = self._open()
            due += self._interval
        end = time.monotonic() + GIVE_UP
        while time.monotonic() < end and any(not one.answered for one in self.queries[-RATE:]):
            self._receive(sock, min(end, time.monotonic() + 0.02))
        sock.close()

    def _receive(self, sock, until):
        while (left := until - time.monotonic()) > 0:
            sock.settimeout(left)
            try:
                message = sock.recv(4096)
            except socket.timeout:
                return
            except OSError:
                self.refused += 1
                continue
            self._take(message, time.monotonic())

    def _take(self, message, when):
        """The number is the last query with that id: 65,536 ids last for minutes."""
        last = len(self.queries) - 1
        number = last - ((last - struct.unpack_from("!H", message)[0]) & 0xFFFF)
        if number >= 0 and not self.queries[number].answered:
            query = self.queries[number]
            address = first_address(message)
            query.who = self._names.get(address, address)
            query.answered = when

    # What was seen.

    def between(self, since=0.0, until=float("inf")):
        return [one for one in list(self.queries) if since <= one.sent < until]

    def counts(self, since=0.0, until=float("inf")):
        """By who answered; "lost" for those without an answer (after `stop`; before, some may be under way)."""
        return collections.Counter(one.who or "lost" for one in self.between(since, until))

    def lost(self, since=0.0, until=float("inf")):
        return self.counts(since, until)["lost"]

    def queued(self, since, until):
        """How many queries may have been in a server's queue while it died between these times: two, or those that
        it had not answered when it was killed; and those sent meanwhile (a crowded machine may let a server wait, and
        takes a while to end it)."""
        waiting = [one for one in self.between(since - 0.25, since) if not 0 < one.answered <= since]
        return max(2, len(waiting)) + len(self.between(since, until))

    def wait_for(self, who, since, timeout=8.0, count=1):
        """Waits until `who` has answered `count` queries sent after `since`; returns the seconds from `since` to
        the first of these answers."""
        def found():
            times = [one.answered for one in self.between(since) if one.who == who]
            return len(times) >= count and min(times) - since
        return wait_until(found, timeout, f"{who} to answer the steady client: {self.summary(since)}")

    def silence(self, since=0.0, until=float("inf")):
        """The longest time without an answer between the two."""
        queries = list(self.queries)
        begin, end = max(since, queries[0].sent), min(until, queries[-1].sent)
        times = [begin, *sorted(one.answered for one in queries if begin <= one.answered <= end), end]
        return max(b - a for a, b in zip(times, times[1:]))

    def summary(self, since=0.0, until=float("inf")):
        counts = self.counts(since, until)
        return ", ".join(f"{counts[one]} {one}" for one in sorted(counts, key=lambda one: (one == "lost", one)))
