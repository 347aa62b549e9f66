"""The HTTP endpoints: health, ready, metrics."""

import socket

import pytest

from lab.client import ask, data
from lab.metrics import http_get, scrape
from lab.ours import block
from lab.waiting import wait_until

FORWARD = "forward . 127.0.0.2"


def get(endpoint, path):
    return wait_until(lambda: http_get(endpoint, path), 5, endpoint + path)


def test_health(serve, upstream):
    serve(block("health 127.0.0.1:8080", FORWARD))
    assert get("127.0.0.1:8080", "/health") == (200, "OK")
    assert get("127.0.0.1:8080", "/other")[0] == 404


def test_health_default_is_all_addresses_port_8080(serve, upstream):
    serve(block("health", FORWARD))
    for address in ("127.0.0.1", "169.254.20.10", "[::1]"):
        assert get(f"{address}:8080", "/health")[0] == 200


def test_health_ipv6_address(serve, upstream):
    serve(block("health [fd00::1]:8099", FORWARD))
    assert get("[fd00::1]:8099", "/health") == (200, "OK")
    with pytest.raises(OSError):
        http_get("127.0.0.1:8099", "/health")


def test_a_reload_does_not_wait_for_a_busy_port(serve, upstream):
    """It belongs to a process that shares no ports; the new configuration serves all the same."""
    server = serve(block(FORWARD))
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 8080))
        holder.listen(8)
        server.reload(block("health 127.0.0.1:8080", FORWARD))
        server.wait_log("127.0.0.1:8080: bind: Address already in use: trying again until it is free")
        server.wait_log("reload complete")
        assert data(ask("a.test")) == ["192.0.2.1"]
    wait_until(lambda: server.log_lines("listening on 127.0.0.1:8080 now, it is free"), 8, "the port to be taken")
    assert get("127.0.0.1:8080", "/health") == (200, "OK")


def test_health_asks_itself(serve, upstream):
    """Once a second, into a histogram, as CoreDNS does."""
    server = serve(block("health 127.0.0.1:8080", FORWARD))
    server.wait_value("coredns_health_request_duration_seconds_count", 1, timeout=5)
    assert server.value("coredns_health_request_failures_total") == 0


def test_health_in_several_blocks_on_one_address(serve, upstream):
    serve(block("health 127.0.0.1:8080", FORWARD)
          + block("health 127.0.0.1:8080", FORWARD, zone="example.test:53"))
    assert get("127.0.0.1:8080", "/health") == (200, "OK")


def test_ready(serve, upstream):
    serve(block("ready 127.0.0.1:8181", FORWARD))
    wait_until(lambda: http_get("127.0.0.1:8181", "/ready") == (200, "OK"), 5, "ready")
    assert get("127.0.0.1:8181", "/")[0] == 404


def test_ready_default_address(serve, upstream):
    serve(block("ready", FORWARD))
    wait_until(lambda: http_get("169.254.20.10:8181", "/ready") == (200, "OK"), 5, "ready")


def test_prometheus_default_address(serve, upstream):
    serve(block("prometheus", FORWARD, metrics=None))
    assert wait_until(lambda: scrape("127.0.0.1:9153"), 5, "metrics").value("coredns_build_info") == 1


def test_prometheus_wildcard(serve, upstream):
    serve(block("prometheus :9253", FORWARD, metrics=None))
    for address in ("127.0.0.1", "169.254.20.10", "[fd00::1]"):
        assert wait_until(lambda: scrape(f"{address}:9253"), 5, "metrics").samples


def test_metrics_is_text_exposition(serve, upstream):
    import urllib.request
    server = serve(block(FORWARD))
    server.metrics()
    with urllib.request.urlopen("http://127.0.0.1:9153/metrics", timeout=5) as response:
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert http_get("127.0.0.1:9153", "/nothing")[0] == 404


@pytest.mark.parametrize("octets", [b"\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" * 20,
                                    b"GET / HTTP/1.1\r\nX: " + b"a" * 100000 + b"\r\n\r\n",
                                    b"POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\nx"])
def test_bad_requests_do_not_hurt(serve, upstream, octets):
    serve(block("health 127.0.0.1:8080", FORWARD))
    get("127.0.0.1:8080", "/health")
    with socket.create_connection(("127.0.0.1", 8080), timeout=5) as sock:
        try:
            sock.sendall(octets)
            answer = sock.recv(4096)
        except ConnectionError:
            answer = b""
    assert answer == b"" or answer.split()[1][:1] == b"4"
    assert get("127.0.0.1:8080", "/health") == (200, "OK")
    assert ask("a.test").answer


def test_idle_http_clients_do_not_stop_it(serve, upstream):
    """The bound on connections must not let 200 silent ones keep the kubelet's probe out for ever."""
    serve(block("health 127.0.0.1:8080", FORWARD))
    get("127.0.0.1:8080", "/health")
    idle = []
    try:
        for _ in range(200):
            idle.append(socket.create_connection(("127.0.0.1", 8080), timeout=1))
    except OSError:
        pass
    assert ask("a.test").answer
    wait_until(lambda: http_get("127.0.0.1:8080", "/health") == (200, "OK"), 20, "health again")
    for one in idle:
        one.close()
