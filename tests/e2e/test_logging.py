"""log and errors: formats, classes, consolidation, all to stderr."""

import re

import pytest

from lab import replies
from lab.client import ask, query, send
from lab.fakedns import Later
from lab.ours import block
from lab.waiting import stays

FORWARD = "forward . 127.0.0.2"
SECONDS = r"\d+(\.\d+)?s"


def by_name(seen):
    """What the first label says."""
    return {"ok": lambda: replies.address(seen.message), "nx": lambda: replies.nxdomain(seen.message),
            "nodata": lambda: replies.nodata(seen.message), "fail": lambda: replies.failure(seen.message),
            "refused": lambda: replies.failure(seen.message, "REFUSED"),
            "slow": lambda: Later(0.3, replies.address(seen.message))}[seen.name.split(".")[0]]()


@pytest.fixture
def mixed(fake):
    return fake("127.0.0.2", by_name)


def queries_logged(server):
    """The first labels of the names in query log lines, in order."""
    return re.findall(r'"A IN (\w+)\.', server.text())


ALL = ("ok", "nx", "nodata", "fail", "refused")


def ask_all(server, zone="test"):
    """Each kind, then one whose line must come: after it, what is missing was not logged."""
    for kind in ALL:
        ask(f"{kind}.{zone}")


# log.

def test_common_format(serve, mixed):
    server = serve(block("log", FORWARD))
    ask("OK.test", id=4711, flags="RD")
    line = server.wait_log('"A IN ok')[0]
    assert re.search(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \[INFO\] ", line), line
    assert re.search(rf'\[INFO\] 127\.0\.0\.1:\d+ - 4711 "A IN ok\.test\. udp 25 false 512" '
                     rf"NOERROR qr,rd,ra 41 {SECONDS}$", line), line


def test_common_format_with_edns(serve, mixed):
    server = serve(block("log", FORWARD))
    ask("ok.test", id=1, do=True, payload=1400)
    assert '"A IN ok.test. udp 36 true 1400" NOERROR qr,rd,ra ' in server.wait_log('"A IN ok')[0]


def test_tcp_and_ipv6(serve, mixed):
    server = serve(block("log", FORWARD, bind="::1"), listen=["::1"])
    ask("ok.test", server="::1", tcp=True)
    line = server.wait_log('"A IN ok')[0]
    assert re.search(r'\[::1\]:\d+ - \d+ "A IN ok\.test\. tcp 25 false 65535" NOERROR', line), line


@pytest.mark.parametrize("form", ["combined", "{combined}"])
def test_combined_format(serve, mixed, form):
    """The shortcut is `{combined}`; a bare word is a name, as in CoreDNS, and then the format is common."""
    server = serve(block(f"log . {form}", FORWARD))
    ask("ok.test")
    line = server.wait_log('"A IN ok')[0]
    if form == "{combined}":
        assert re.search(rf'{SECONDS} "0"$', line), line
    else:
        assert re.search(rf"{SECONDS}$", line), line


def test_custom_format(serve, mixed):
    server = serve(block('log . "X {type}|{class}|{name}|{proto}|{remote}|{local}|{size}|{rcode}|{>rflags}'
                         '|{>bufsize}|{>do}|{>id}|{>opcode}|{/some/label}|{unknown}"', FORWARD))
    ask("ok.test", id=7)
    assert server.wait_log("X A")[0].endswith(
        "X A|IN|ok.test.|udp|127.0.0.1|127.0.0.1|25|NOERROR|qr,rd,ra|512|false|7|0|-|{unknown}")


@pytest.mark.parametrize("classes, expected", [
    ("all", ALL), ("success", ("ok",)), ("denial", ("nx", "nodata")), ("error", ("fail", "refused")),
    ("denial error", ("nx", "nodata", "fail", "refused"))])
def test_classes(serve, mixed, classes, expected):
    server = serve(block(f"log . {{\n    class {classes}\n}}", FORWARD))
    ask_all(server)
    server.wait_log('"A IN', count=len(expected))
    server.stop()  # writes what was still queued
    assert tuple(queries_logged(server)) == expected


def test_several_class_lines_add_up(serve, mixed):
    server = serve(block("log . {\n    class denial\n    class success\n}", FORWARD))
    ask_all(server)
    server.stop()
    assert queries_logged(server) == ["ok", "nx", "nodata"]


def test_names(serve, mixed):
    server = serve(block("log one.test two.test", FORWARD))
    for zone in ("one.test", "a.TWO.test", "three.test"):
        ask(f"ok.{zone}")
    server.stop()
    assert re.findall(r'"A IN (\S+) ', server.text()) == ["ok.one.test.", "ok.a.two.test."]


def test_cached_answers_are_logged_too(serve, mixed):
    server = serve(block("log", "cache 30", FORWARD))
    for _ in range(3):
        ask("ok.test")
    server.wait_log('"A IN ok', count=3)


def test_min_duration_adds_the_slow_ones(serve, mixed):
    server = serve(block("log . {\n    class error\n    minDuration 150ms\n}", FORWARD))
    ask("ok.test")
    ask("slow.test")
    ask("fail.test")
    server.stop()
    assert queries_logged(server) == ["slow", "fail"]


def test_no_log_directive_no_lines(serve, mixed):
    server = serve(block(FORWARD))
    ask_all(server)
    server.stop()
    assert not queries_logged(server)


def test_log_level(serve, mixed):
    """--log-level error hides the [INFO] lines."""
    server = serve(block("log", FORWARD), "--log-level", "error")
    ask("ok.test")
    server.stop()
    assert "[INFO]" not in server.text()


def test_a_name_cannot_write_a_line_of_its_own(serve, mixed):
    """Log injection: control characters in names are escaped."""
    mixed.handler = lambda seen: replies.address(seen.message)
    server = serve(block("log", FORWARD))
    send(query(r"a\010\027[31mb.test"))
    line = server.wait_log('"A IN a')[0]
    assert r"a\010\027[31mb.test." in line
    assert "\x1b" not in server.text()


# errors.

def test_errors_form(serve, upstream):
    upstream.stop()
    server = serve(block("forward . 127.0.0.2"))
    ask("A.test", "AAAA")
    line = server.wait_log("plugin/errors")[0]
    assert re.search(r"\[ERROR\] plugin/errors: 2 a\.test\. AAAA: read udp 127\.0\.0\.1:\d+->127\.0\.0\.2:53: "
                     r"read: connection refused$", line), line


def test_errors_timeout_text(serve, fake):
    fake("127.0.0.2", lambda seen: None)
    server = serve(block("forward . 127.0.0.2 {\n    read_timeout 100ms\n    max_connect_attempts 1\n}"))
    ask("a.test", timeout=8)
    assert re.search(r"plugin/errors: 2 a\.test\. A: read udp 127\.0\.0\.1:\d+->127\.0\.0\.2:53: i/o timeout$",
                     server.wait_log("plugin/errors")[0])


def test_errors_over_tcp(serve, upstream):
    upstream.stop()
    server = serve(block("forward . 127.0.0.2 {\n    force_tcp\n}"))
    ask("a.test")
    assert "dial tcp 127.0.0.2:53: connect: connection refused" in server.wait_log("plugin/errors")[0]


def test_an_upstream_s_servfail_is_no_error_of_ours(serve, mixed):
    server = serve(block(FORWARD))
    ask("fail.test")
    server.stop()
    assert not server.log_lines("plugin/errors")


CONSOLIDATE = ("errors {{\n    consolidate {} \"{}\" {}\n}}\n"
               "forward . 127.0.0.2 {{\n    max_connect_attempts 1\n}}")


def without_errors(*directives):
    """A block whose errors directive is the test's own."""
    return block(*directives).replace("    errors\n", "", 1)


def test_consolidate(serve, upstream):
    upstream.stop()
    server = serve(without_errors(CONSOLIDATE.format("1s", ".*connection refused$", "warning")))
    for number in range(7):
        ask(f"n{number}.test")
    line = server.wait_log("errors like", timeout=5)[0]
    assert line.endswith("7 errors like '.*connection refused$' occurred in last 1s"), line
    assert "[WARNING]" in line
    assert not server.log_lines("plugin/errors: 2 n")


def test_consolidate_leaves_other_errors_alone(serve, upstream):
    upstream.stop()
    server = serve(without_errors(CONSOLIDATE.format("1s", "^nothing like it$", "")))
    ask("a.test")
    server.wait_log("plugin/errors: 2 a.test. A: ")
    stays(lambda: not server.log_lines("errors like"), 1.5, "no consolidated line")


def test_consolidate_show_first(serve, upstream):
    upstream.stop()
    server = serve(without_errors(CONSOLIDATE.format("1s", "refused", "error show_first")))
    for number in range(4):
        ask(f"n{number}.test")
    server.wait_log("errors like", timeout=5)
    assert len(server.log_lines("plugin/errors: 2 n")) == 1


def test_consolidated_errors_are_not_lost_at_the_end(serve, upstream):
    upstream.stop()
    server = serve(without_errors(CONSOLIDATE.format("1h", "refused", "")))
    ask("a.test")
    ask("b.test")
    server.stop()
    assert server.log_lines("2 errors like 'refused' occurred in last")
