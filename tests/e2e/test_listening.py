"""Where it listens, and where answers come from."""

import contextlib
import os
import pathlib
import socket

import pytest

from lab.client import ask, data, query, raw_udp
from lab.ours import block

UPSTREAM = "forward . 127.0.0.2"


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.9", "169.254.20.10", "::1", "fd00::1", "fd00::2"])
def test_wildcard_answers_from_the_address_asked(serve, fake, address, tcp):
    """Two and more addresses on the node: a client drops an answer from another one."""
    fake("127.0.0.2", port=5301)  # a wildcard and an address of the same port are in each other's way
    serve(block(UPSTREAM + ":5301", bind=None), listen=[None])
    assert data(ask("a.test", server=address, tcp=tcp)) == ["192.0.2.1"]
    wire = raw_udp(query("a.test").to_wire(), address)  # a connected socket: the kernel checks the source
    assert wire is not None


@pytest.mark.parametrize("wildcard, address", [("0.0.0.0", "169.254.20.10"), ("::", "fd00::2")])
def test_written_wildcard(serve, fake, wildcard, address):
    fake("127.0.0.2", port=5301)
    serve(block(UPSTREAM + ":5301", bind=wildcard), listen=[None])
    for cached in range(2):
        assert data(ask(f"n{cached}.test", server=address)) == ["192.0.2.1"]


def test_several_addresses(serve, upstream):
    addresses = ["127.0.0.1", "169.254.20.10", "fd00::1"]
    serve(block(UPSTREAM, bind=" ".join(addresses)), listen=addresses)
    for address in addresses:
        assert data(ask("a.test", server=address)) == ["192.0.2.1"]


def test_several_bind_lines_add_up(serve, upstream):
    serve(block("bind 169.254.20.10", UPSTREAM), listen=["127.0.0.1", "169.254.20.10"])
    assert data(ask("a.test", server="169.254.20.10")) == ["192.0.2.1"]


def test_other_addresses_are_not_served(serve, upstream):
    serve(block(UPSTREAM))
    with pytest.raises(ConnectionRefusedError):
        raw_udp(query("a.test").to_wire(), "169.254.20.10")
    with pytest.raises(ConnectionRefusedError):
        ask("a.test", server="fd00::1", tcp=True)


def test_interface_name(serve, upstream):
    serve(block("bind lo", UPSTREAM, bind=None), listen=["127.0.0.1", "169.254.20.10", "fd00::1"])
    for address in ("127.0.0.1", "169.254.20.10", "fd00::1"):
        assert data(ask("a.test", server=address)) == ["192.0.2.1"]


def test_interface_except(serve, upstream):
    serve(block("bind lo {\n    except 169.254.20.10\n}", UPSTREAM, bind=None), listen=["127.0.0.1", "fd00::1"])
    assert data(ask("a.test")) == ["192.0.2.1"]
    with pytest.raises(ConnectionRefusedError):
        raw_udp(query("a.test").to_wire(), "169.254.20.10")


def test_address_that_appears_later(serve, upstream, netns):
    """The server may be there before the interface is."""
    serve(block(UPSTREAM, bind="127.0.0.1 10.77.0.1"), listen=["127.0.0.1", "10.77.0.1"])
    netns.add_address("10.77.0.1")
    try:
        assert data(ask("a.test", server="10.77.0.1")) == ["192.0.2.1"]
    finally:
        netns.remove_address("10.77.0.1")


def test_port_of_the_key(serve, upstream):
    serve(block(UPSTREAM, zone=".:5353"), port=5353)
    assert data(ask("a.test", port=5353)) == ["192.0.2.1"]
    with pytest.raises(ConnectionRefusedError):
        raw_udp(query("a.test").to_wire())


@pytest.mark.abnormal_exit
@pytest.mark.parametrize("kind, name", [(socket.SOCK_DGRAM, "udp"), (socket.SOCK_STREAM, "tcp")])
def test_port_in_use(serve, upstream, kind, name):
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind(("127.0.0.1", 53))
        if kind == socket.SOCK_STREAM:
            holder.listen()
        server = serve(block(UPSTREAM), launch=True)
        assert server.wait() != 0
    text = server.text()
    assert "127.0.0.1:53" in text and "in use" in text and name in text.lower(), text


def test_two_servers_beside_each_other(serve, upstream):
    """SO_REUSEPORT: a new pod starts before the old one ends, and none of the queries is lost."""
    old = serve(block("cache 30", UPSTREAM, metrics="127.0.0.1:9153"))
    serve(block("cache 30", UPSTREAM, metrics="127.0.0.1:9153"))
    for number in range(40):
        assert data(ask(f"n{number}.test", timeout=3)) == ["192.0.2.1"]
    assert old.stop() == 0
    for number in range(40):
        assert data(ask(f"n{number}.test", timeout=3)) == ["192.0.2.1"]


def test_answers_come_from_port_53(serve, upstream):
    serve(block(UPSTREAM))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(3)
        sock.sendto(query("a.test").to_wire(), ("127.0.0.1", 53))
        assert sock.recvfrom(512)[1] == ("127.0.0.1", 53)


def test_many_workers(serve, upstream):
    """Every worker's socket is served: the kernel spreads clients over them."""
    serve(block(UPSTREAM), workers=4)
    for number in range(100):
        assert data(ask(f"n{number}.test", timeout=3)) == ["192.0.2.1"]


@contextlib.contextmanager
def sending_on(processor):
    """This thread runs there, and loopback delivers what it sends at once, on the same processor."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {processor})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def kernel_asks_for_the_processor(processors, port=5977):
    """Whether SO_INCOMING_CPU chooses among sockets that share a port: older kernels choose by hash alone."""
    with contextlib.ExitStack() as stack:
        sockets = []
        for processor in processors:
            sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            sock.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_INCOMING_CPU", 49), processor)
            sock.bind(("127.0.0.1", port))
            sock.setblocking(False)
            sockets.append(sock)
        with sending_on(processors[-1]):
            for _ in range(32):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                    client.sendto(b"x", ("127.0.0.1", port))
        for sock in sockets[:-1]:
            with contextlib.suppress(BlockingIOError):
                sock.recv(1)
                return False
    return True


def sleeps(server):
    """How often each worker went to sleep for want of work, by its number."""
    found = {}
    for task in pathlib.Path(f"/proc/{server.pid}/task").iterdir():
        name = (task / "comm").read_text().strip()
        if name.startswith("dns-"):
            status = (task / "status").read_text()
            found[int(name[4:])] = int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])
    return [count for _, count in sorted(found.items())]


def test_a_worker_for_each_processor_gets_what_is_sent_there(serve, upstream):
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) < 2 or not kernel_asks_for_the_processor(processors):
        pytest.skip("one processor, or a kernel that spreads queries by hash alone")
    server = serve(block(UPSTREAM), workers=len(processors))
    assert data(ask("a.test")) == ["192.0.2.1"]
    for at, processor in enumerate(processors[:2]):
        before = sleeps(server)
        with sending_on(processor):
            for _ in range(100):
                assert raw_udp(query("a.test").to_wire(), "127.0.0.1") is not None
        woken = [after - then for after, then in zip(sleeps(server), before)]
        others = sum(woken) - woken[at]
        assert others < 20, f"by hash some {100 - 100 // len(processors)} of 100: {woken}"
