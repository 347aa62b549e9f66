"""The metrics that the field's dashboards and alerts are written for: names, types, labels, values."""

import re
import shutil
import subprocess

import pytest

from lab import replies
from lab.client import ask, raw_udp, rcode
from lab.ours import REPOSITORY, block
from lab.waiting import wait_until

QUERY_LABELS = {"server", "zone", "view"}
CACHE_LABELS = {"server", "zones", "view"}
TO = {"to"}
PROXY = {"proxy_name", "to"}

# name: (type, labels). Histograms are listed by their family name.
MUST_HAVE = {
    "coredns_build_info": ("gauge", {"version", "revision", "goversion"}),
    "coredns_dns_requests_total": ("counter", QUERY_LABELS | {"proto", "family", "type"}),
    "coredns_dns_responses_total": ("counter", QUERY_LABELS | {"rcode", "plugin"}),
    "coredns_dns_request_duration_seconds": ("histogram", QUERY_LABELS),
    "coredns_dns_request_size_bytes": ("histogram", QUERY_LABELS | {"proto"}),
    "coredns_dns_response_size_bytes": ("histogram", QUERY_LABELS | {"proto"}),
    "coredns_dns_do_requests_total": ("counter", QUERY_LABELS),
    "coredns_panics_total": ("counter", set()),
    "coredns_plugin_enabled": ("gauge", QUERY_LABELS | {"name"}),
    "coredns_cache_entries": ("gauge", CACHE_LABELS | {"type"}),
    "coredns_cache_hits_total": ("counter", CACHE_LABELS | {"type"}),
    "coredns_cache_misses_total": ("counter", CACHE_LABELS),
    "coredns_cache_requests_total": ("counter", CACHE_LABELS),
    "coredns_cache_evictions_total": ("counter", CACHE_LABELS | {"type"}),
    "coredns_cache_prefetch_total": ("counter", CACHE_LABELS),
    "coredns_cache_served_stale_total": ("counter", CACHE_LABELS),
    "coredns_cache_drops_total": ("counter", CACHE_LABELS),
    "coredns_forward_requests_total": ("counter", TO),
    "coredns_forward_responses_total": ("counter", TO | {"rcode"}),
    "coredns_forward_request_duration_seconds": ("histogram", TO | {"rcode"}),
    "coredns_forward_healthcheck_failures_total": ("counter", TO),
    "coredns_forward_healthcheck_broken_total": ("counter", set()),
    "coredns_forward_max_concurrent_rejects_total": ("counter", set()),
    "coredns_proxy_request_duration_seconds": ("histogram", PROXY | {"rcode"}),
    "coredns_proxy_healthcheck_failures_total": ("counter", PROXY),
    "coredns_proxy_conn_cache_hits_total": ("counter", PROXY | {"proto"}),
    "coredns_proxy_conn_cache_misses_total": ("counter", PROXY | {"proto"}),
    "coredns_reload_failed_total": ("counter", set()),
    "coredns_reload_version_info": ("gauge", {"hash", "value"}),
    "coredns_health_request_duration_seconds": ("histogram", set()),
    "coredns_health_request_failures_total": ("counter", set()),
    "node_local_dns_malformed_queries_total": ("counter", {"kind"}),
    "process_resident_memory_bytes": ("gauge", set()),
    "process_cpu_seconds_total": ("counter", set()),
    "process_open_fds": ("gauge", set()),
    "process_start_time_seconds": ("gauge", set()),
}

BUSY = (block("health 127.0.0.1:8080", "reload", "log never.test", "local", "acl {\n    block net 192.0.2.99\n}",
              "cache {\n    success 64 2 0\n    prefetch 1 1m 90%\n    serve_stale\n}",
              "forward . 127.0.0.2 127.0.0.3 {\n    policy sequential\n    health_check 50ms\n    read_timeout 200ms\n"
              "    max_concurrent 1000\n    expire 30s\n}"))

# hosts, and templates that make no record, or nothing at all.
ANSWERS_OF_ITS_OWN = block(
    "hosts {\n    192.0.2.7 seven.own.test\n    fallthrough\n}",
    'template IN A own.test {\n    match ^bad\n    answer "{{ .Name }} 60 IN A {{ .Name }}"\n    fallthrough\n}',
    'template IN A own.test {\n    match ^fails\n    answer "{{ index .Match 9 }} 60 IN A 192.0.2.1"\n}',
    zone="own.test:53")


@pytest.fixture(scope="module")
def busy(netns, binary, authority, tmp_path_factory):
    """One server after all sorts of traffic; its metrics are looked at by every test."""
    from lab.fakedns import FakeDns
    from lab.ours import Server

    def handler(seen):
        return replies.nxdomain(seen.message) if seen.name.startswith("nx") else replies.address(seen.message)
    first, second = FakeDns("127.0.0.2", handler).start(), FakeDns("127.0.0.3", handler).start()
    directory = tmp_path_factory.mktemp("busy")
    identity = authority.issue("DNS:dns.test")
    over_tls = block(f"tls {identity.certificate} {identity.key}", "forward . tls://127.0.0.2", zone="tls://tls.test",
                     metrics=None)
    server = Server(BUSY + over_tls + ANSWERS_OF_ITS_OWN, directory=directory).start()
    try:
        for name in ("seven", "bad", "fails"):
            ask(f"{name}.own.test")
        for number in range(100):
            ask(f"n{number}.test")
        for _ in range(2):
            ask("a.test", "AAAA", tcp=True, do=True)
            ask("nx.test")
        raw_udp(b"\0" * 12)
        start = ask("popular.test")
        assert start.answer
        wait_until(lambda: ask("popular.test") and server.value("coredns_cache_prefetch_total"), 20, "a prefetch")
        first.stop()
        ask("down.test")
        server.wait_value("coredns_forward_healthcheck_failures_total", 2)
        second.stop()
        ask("stale.test")
        wait_until(lambda: ask("popular.test") and server.value("coredns_cache_served_stale_total"), 20, "stale")
        server.wait_value("coredns_health_request_duration_seconds_count", 1)
        yield server
        assert server.stop() == 0
    finally:
        first.stop()
        second.stop()
        if server.running():
            server.stop()


@pytest.mark.parametrize("name", MUST_HAVE)
def test_must_have(busy, name):
    kind, labels = MUST_HAVE[name]
    metrics = busy.metrics()
    assert metrics.types.get(name) == kind
    sample = name + "_count" if kind == "histogram" else name
    assert metrics.series(sample), "no series"
    for have, _ in metrics.series(sample):
        assert set(have) == labels


# Nothing happened that these count.
ZERO = ("coredns_panics_total", "coredns_cache_drops_total", "coredns_reload_failed_total",
        "coredns_health_request_failures_total", "coredns_forward_max_concurrent_rejects_total",
        "coredns_forward_healthcheck_broken_total")


@pytest.mark.parametrize("name", [name for name in MUST_HAVE if name not in ZERO])
def test_counts_something(busy, name):
    sample = name + "_count" if MUST_HAVE[name][0] == "histogram" else name
    assert busy.value(sample) > 0


def test_promtool(busy):
    promtool = shutil.which("promtool")
    assert promtool, "promtool (package prometheus) is not installed"
    done = subprocess.run([promtool, "check", "metrics"], input=busy.metrics().text, capture_output=True,
                          text=True, check=False)
    complaints = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    assert done.returncode == 0 and not complaints, complaints


def test_no_duplicate_series(busy):
    lines = [line.rsplit(" ", 1)[0] for line in busy.metrics().text.splitlines() if line and line[0] != "#"]
    assert len(lines) == len(set(lines))


def test_histogram_buckets_are_coredns_s(busy):
    metrics = busy.metrics()

    def bounds(name):
        return sorted({float(labels["le"]) for labels, _ in metrics.series(name + "_bucket")})
    infinity = float("inf")
    assert bounds("coredns_dns_request_duration_seconds") == [0.00025 * 2 ** n for n in range(16)] + [infinity]
    sizes = [0, 100, 200, 300, 400, 511, 1023, 2047, 4095, 8291, 16e3, 32e3, 48e3, 64e3, infinity]
    assert bounds("coredns_dns_request_size_bytes") == sizes
    assert bounds("coredns_dns_response_size_bytes") == sizes
    assert bounds("coredns_forward_request_duration_seconds") == bounds("coredns_proxy_request_duration_seconds")


def test_histograms_are_whole(busy):
    """Cumulative buckets, +Inf equal to count."""
    metrics = busy.metrics()
    for labels, count in metrics.series("coredns_dns_request_duration_seconds_count"):
        buckets = sorted((float(have["le"]), value) for have, value in
                         metrics.series("coredns_dns_request_duration_seconds_bucket", **labels))
        values = [value for _, value in buckets]
        assert values == sorted(values) and values[-1] == count


def test_label_values(busy):
    metrics = busy.metrics()
    where = {"server": "dns://127.0.0.1:53", "zone": ".", "view": ""}
    assert metrics.value("coredns_dns_requests_total", proto="udp", family="1", type="A", **where) >= 100
    assert metrics.value("coredns_dns_requests_total", proto="tcp", family="1", type="AAAA", **where) == 2
    assert metrics.value("coredns_dns_do_requests_total", **where) == 2
    assert metrics.value("coredns_dns_responses_total", rcode="NXDOMAIN", **where) == 2
    assert metrics.value("coredns_dns_responses_total", rcode="NOERROR", plugin="forward", **where) >= 100
    assert metrics.value("coredns_dns_responses_total", rcode="NOERROR", plugin="cache", **where) >= 1
    cache = {"server": "dns://127.0.0.1:53", "zones": ".", "view": ""}
    assert metrics.value("coredns_cache_hits_total", type="denial", **cache) >= 1
    assert {labels["type"] for labels, _ in metrics.series("coredns_cache_entries", **cache)} == {
        "success", "denial"}
    for name in ("cache", "errors", "forward", "log", "prometheus"):
        assert metrics.value("coredns_plugin_enabled", name=name, **where) == 1


def test_requests_equal_responses(busy):
    metrics = busy.metrics()
    total = metrics.value("coredns_dns_requests_total")
    assert metrics.value("coredns_dns_responses_total") == total
    assert metrics.value("coredns_dns_request_duration_seconds_count") == total


def test_hits_and_misses_add_up(busy):
    metrics = busy.metrics()
    assert metrics.value("coredns_cache_hits_total") + metrics.value("coredns_cache_misses_total") \
        == metrics.value("coredns_cache_requests_total")


def test_process_figures(busy):
    metrics = busy.metrics()
    assert 4 < metrics.value("process_open_fds") < 200
    assert 1 << 20 < metrics.value("process_resident_memory_bytes") < 1 << 30


def test_two_blocks_have_series_of_their_own(serve, fake):
    fake("127.0.0.5")
    server = serve(block("forward . 127.0.0.5", bind="127.0.0.7", metrics="127.0.0.7:9153", zone="one.test:53")
                   + block("forward . 127.0.0.5", bind="127.0.0.7", metrics="127.0.0.7:9153", zone="two.test:53"),
                   listen=["127.0.0.7"])
    ask("a.one.test", server="127.0.0.7")
    ask("a.two.test", server="127.0.0.7")
    ask("a.two.test", "TYPE65280", server="127.0.0.7")
    metrics = server.metrics("127.0.0.7:9153")
    assert metrics.value("coredns_dns_requests_total", zone="one.test.", server="dns://127.0.0.7:53") == 1
    assert metrics.value("coredns_dns_requests_total", zone="two.test.") == 2
    assert metrics.value("coredns_dns_requests_total", zone="two.test.", type="other") == 1


def test_every_name_is_in_the_document(busy):
    document = document_of_the_server()
    undocumented = [name for name in busy.metrics().types if f"`{name}`" not in document]
    assert not undocumented


def document_of_the_server():
    """The agent's part is compared with the agent in test_agent_metrics."""
    return (REPOSITORY / "docs" / "metrics.md").read_text().split("## The node agent")[0]


def test_every_name_in_the_document_exists(busy):
    document = document_of_the_server()
    names = set(re.findall(r"`((?:coredns|node_local_dns|process)_[a-z_]+[a-z])`", document))
    assert names >= set(MUST_HAVE)
    assert not names - set(busy.metrics().types)


def test_liveness_probes_are_nobodys_traffic(serve, upstream):
    """The agent asks version.bind in class CH four times a second: that must not look like refused clients."""
    place, endpoint = "127.0.0.7", "127.0.0.1:9157"  # apart from the server that the other tests look at
    server = serve(block("forward . 127.0.0.2", bind=place, metrics=endpoint), listen=(place,))

    def dropped():
        return server.metrics(endpoint).value("coredns_dns_requests_total", zone="dropped")
    assert rcode(ask("version.bind", "TXT", server=place, cls="CH")) == "REFUSED"
    assert dropped() == 0
    assert rcode(ask("other.bind", "TXT", server=place, cls="CH")) == "REFUSED"
    assert dropped() == 1
