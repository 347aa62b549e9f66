"""The bench measures what it says it does: its load, its upstream, the limits of sockets, its arithmetic."""

import collections
import json
import pathlib
import socket
import subprocess
import sys
import threading
import xml.etree.ElementTree as xml

import pytest

from lab.ours import BINARY, REPOSITORY
from lab.waiting import wait_until

sys.path.insert(0, str(REPOSITORY / "bench/macro"))
import measure  # noqa: E402
import page  # noqa: E402
import plot  # noqa: E402
import process  # noqa: E402
import report  # noqa: E402
import scenarios  # noqa: E402

PROGRAMS = BINARY.parent / "bench"
UPSTREAM = ("127.0.0.2", 5400)
ANSWERED_BY_NOBODY = ("--rcode", 0, "--answers", 0)  # what a limit sends back is the query


def is_free(address, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((address, port))
    return True


@pytest.fixture
def start(netns):
    """start(program, port, address, …) starts one of the bench's servers."""
    started = []

    def launch(program, port, *arguments, address="127.0.0.1", ready=True):
        server = subprocess.Popen([PROGRAMS / program, f"{address}:{port}", *map(str, arguments)])
        started.append((server, address, port))
        if ready:
            wait_until(lambda: process.answers(address, port, 0.1), 10, f"{program} to answer")
    yield launch
    for server, address, port in started:
        server.terminate()
        server.wait()
        # Its other processes end a moment later; until then they would get some of what the next server is asked.
        wait_until(lambda: is_free(address, port), 5, f"{address}:{port} to be free")


def load(port, *flags, queries=2000):
    command = [PROGRAMS / "load", "--port", port, "--queries", queries, "--suffix", process.ZONE, *flags]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def all_good(result, queries=2000):
    return (result["good"], result["bad"], result["lost"]) == (queries, 0, 0)


def test_load_and_limit_over_udp(start):
    start("limit_udp_answerer", 5900)
    assert all_good(load(5900, *ANSWERED_BY_NOBODY))
    assert load(5900)["bad"] == 2000, "a query sent back is no answer"


def test_load_and_limit_over_tcp(start):
    start("limit_tcp_answerer", 5900)
    assert all_good(load(5900, "--tcp", "--connections", 20, "--window", 2, *ANSWERED_BY_NOBODY))


@pytest.mark.parametrize("way", ["plain", "segments", "busy", "processor", "uring"])
def test_ways_that_the_kernel_offers(start, way):
    program, *arguments = {"plain": ("limit_udp_answerer", 2), "uring": ("kernel_udp_uring",),
                           "processor": ("kernel_udp_ways", way, 2)}.get(way, ("kernel_udp_ways", way))
    if not (PROGRAMS / program).exists():
        pytest.skip("built where liburing is")
    if way == "uring" and not pathlib.Path("/proc/sys/kernel/io_uring_disabled").exists():
        pytest.skip("a kernel whose io_uring may lack what this needs")
    start(program, 5900, *arguments)
    assert all_good(load(5900, "--connections", 8, "--window", 8, *ANSWERED_BY_NOBODY))
    assert all_good(load(5900, "--names", 1, "--connections", 1, "--window", 64, *ANSWERED_BY_NOBODY))


@pytest.mark.parametrize("relay", ["limit_udp_relay", "limit_tcp_relay"])
def test_relay_brings_the_answer_of_the_upstream(start, relay):
    start("upstream", UPSTREAM[1], address=UPSTREAM[0])
    start(relay, 5900, f"{UPSTREAM[0]}:{UPSTREAM[1]}")
    assert all_good(load(5900, "--order", "unique"))
    assert all_good(load(5900, "--prefix", "x", "--rcode", 3, "--answers", 0))


def test_upstream_holds_back_what_is_slow(start):
    start("upstream", UPSTREAM[1], 50, address=UPSTREAM[0])
    slow = load(UPSTREAM[1], "--server", UPSTREAM[0], "--prefix", "s", queries=50)
    assert all_good(slow, 50) and slow["p50_us"] >= 50_000 * 0.98, "a bucket of the histogram is 1.6 % wide"
    tcp = load(UPSTREAM[1], "--server", UPSTREAM[0], "--prefix", "s", "--tcp", queries=50)
    assert all_good(tcp, 50) and tcp["p50_us"] >= 50_000 * 0.98


@pytest.fixture
def names_asked(netns):
    """names_asked(*flags) is how often each name was asked for, the most popular first."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 5901))
    asked = collections.Counter()

    def answer():
        while True:
            query, client = server.recvfrom(512)
            if query == b"end":
                return
            asked[query[13:13 + query[12]]] += 1
            server.sendto(query[:2] + b"\x80" + query[3:], client)

    thread = threading.Thread(target=answer)
    thread.start()

    def names(*flags):
        asked.clear()
        assert all_good(load(5901, "--connections", 1, "--window", 16, "--names", 100, *flags, *ANSWERED_BY_NOBODY))
        return [count for _, count in asked.most_common()]
    yield names
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
        last.sendto(b"end", ("127.0.0.1", 5901))
    thread.join()
    server.close()


def test_orders_of_names(names_asked):
    assert names_asked("--order", "cycle") == [20] * 100
    assert names_asked("--order", "unique") == [1] * 2000
    uniform = names_asked("--order", "uniform")
    assert len(uniform) == 100 and max(uniform) < 60
    zipf = names_asked("--order", "zipf")
    # ln 2 / ln 101 of the queries are for the first name, ln(3/2) / ln 101 for the second.
    assert zipf[0] == pytest.approx(0.150 * 2000, rel=0.2)
    assert zipf[1] == pytest.approx(0.088 * 2000, rel=0.2)


def test_ratio_is_of_figures_of_the_same_round():
    samples = {"udp": {"a": [{"value": 2}, {"value": 20}, {"value": 3}],
                       "b": [{"value": 1}, {"value": 10}, {"value": 1}]}}
    (udp,) = scenarios.chosen("udp", False)
    assert report.ratio(samples, udp, "a", "b") == 2
    assert report.ratio(samples, udp, "a", "absent") is None


def test_hits_beside_misses_are_compared_with_hits_alone():
    samples = {"hits_p99": {"unbound": [{"value": 10}]},
               "mixed_p99": {"node-local-dns": [{"value": 8}], "unbound": [{"value": 99}]}}
    (mixed,) = scenarios.chosen("mixed_p99", False)
    assert report.ratio(samples, mixed, "node-local-dns", "unbound") == 0.8


def test_spoilt_figures_are_marked():
    samples = {"udp": {name: [{"value": 1.0, "problems": problems}]
                       for name, problems in (("limit", []), ("node-local-dns", []), ("unbound", ["lost"]))}}
    summary = report.summarise(samples)
    assert report.problems(summary) == ["cached UDP, 1,000 names: unbound: lost"]
    assert not report.spoilt(summary), "of a peer's figure the table says so"
    samples["udp"]["node-local-dns"][0]["problems"] = ["lost"]
    assert report.spoilt(report.summarise(samples))


def test_system_calls_are_counted():
    summary = """% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.000600           6       100           sendmmsg
 40.00    0.000400           3       120        20 recvmmsg
------ ----------- ----------- --------- --------- ----------------
100.00    0.001000           4       220        20 total
"""
    assert measure.count_calls(summary) == {"sendmmsg": (100, 0), "recvmmsg": (120, 20)}


def test_plot_has_a_bar_for_each_server():
    one = {"value": 2.0, "problems": []}
    summary = {"udp": {"unit": "us/query", "servers": {"limit": one, "node-local-dns": one | {"value": 2.5},
                                                       "unbound": one | {"problems": ["lost"]}}}}
    english, russian = (xml.fromstring(plot.draw(summary, language)) for language in (0, 1))
    bars = [rect for rect in english.iter("{http://www.w3.org/2000/svg}rect") if rect.get("class") != "page"]
    assert [bar.get("class") for bar in bars] == ["limit", "ours"], "a figure worth nothing has no bar"
    assert float(bars[0].get("width")) / float(bars[1].get("width")) == pytest.approx(0.8, rel=0.01)
    assert [node.tag for node in english.iter()] == [node.tag for node in russian.iter()]


@pytest.mark.parametrize("name", ["docs/performance.md", "docs/ru/performance.md"])
def test_pages_have_a_place_for_each_table(name):
    before = (REPOSITORY / name).read_text(encoding="utf-8")
    tables = ("run", "cpu", "other", "names", "workers", "micro")
    after = page.fill(before, {table: [f"<{table}>"] for table in tables})
    assert all(f"<!-- figures: {table} -->\n\n<{table}>\n\n<!-- end -->" in after for table in tables)
    with pytest.raises(ValueError, match="0 places for the figures other"):
        page.fill("", {"other": []})


def test_table_marks_figures_worth_nothing():
    samples = {"udp": {"limit": [{"value": 2.0, "problems": []}],
                       "node-local-dns": [{"value": 2.5, "problems": []}],
                       "unbound": [{"value": 1.0, "problems": ["lost"]}]}}
    figures = page.Figures({"scenarios": report.summarise(samples)}, {}, 1)
    row = list(figures.comparison(page.CPU))[2]
    assert row == "| из кэша по UDP, 1 000 имён поровну | 2,00 | 2,50 | ✗ | 1,25 | – |"


def test_names_of_scenarios():
    assert [scenario.name for scenario in scenarios.chosen("tcp,udp", False)] == ["udp", "tcp"]
    with pytest.raises(ValueError, match="no scenario ucp"):
        scenarios.chosen("udp,ucp", False)
    assert 0 < len(scenarios.chosen(None, True)) < len(scenarios.chosen(None, False))
