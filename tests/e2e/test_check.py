"""`check`, a bad file given to `serve`, and the rest of the command line."""

import os
import re
import subprocess
import threading

import pytest

from lab.client import ask, rcode
from lab.ours import BINARY, block, run


def check(tmp_path, text, *arguments):
    path = tmp_path / "Corefile"
    path.write_text(text)
    return path, run("check", "--conf", path, *arguments)


GOOD = {
    "minimal": ".:53 {\n    forward . 127.0.0.2\n}\n",
    "no braces": ".:53\nforward . 127.0.0.2\n",
    "comments": "# a\n.:53 { # b\n    errors # c\n    forward . 127.0.0.2\n}\n",
    "several zones": "a.test b.test:5353, c.test {\n    whoami\n}\n",
    "snippet": "(common) {\n    errors\n    cache 30\n}\n. {\n    import common\n    forward . 127.0.0.2\n}\n",
    "glob without match": ". {\n    import /nonexistent/*.conf\n    whoami\n}\n",
    "environment": "{$NLD_ZONE_UNSET}.:53 {\n    whoami\n}\n",
    "all directives": (". {\n    bind 127.0.0.1\n    cache 30 {\n        success 10 5\n        denial 0 1\n"
                       "        prefetch 1 1m 10%\n        serve_stale 1h verify 1s\n        servfail 1s\n    }\n"
                       "    errors {\n        consolidate 5m \".* i/o timeout$\" warning\n    }\n    log . {combined}\n"
                       "    loop\n    reload 10s\n    prometheus :9253\n"
                       "    health :8080 {\n        lameduck 5s\n    }\n"
                       "    ready :8181\n    forward . 127.0.0.2 {\n        force_tcp\n        max_fails 3\n"
                       "        policy sequential\n    }\n}\n"),
    "two blocks told apart by bind": (". {\n    bind 127.0.0.1\n    whoami\n}\n"
                                      ". {\n    bind 127.0.0.2\n    whoami\n}\n"),
    "cidr": "10.0.0.0/8 2001:db8::/32 {\n    whoami\n}\n",
    "CRLF": ".:53 {\r\n    whoami\r\n}\r\n",
}


@pytest.mark.parametrize("case", GOOD)
def test_good(tmp_path, binary, case):
    _, done = check(tmp_path, GOOD[case])
    assert done.returncode == 0, done.stderr


# text, line, words that the message must have
BAD = {
    "unknown directive": (". {\n    errors\n    cahce 30\n}\n", 3, ["cahce", "cache"]),
    "unknown option": (". {\n    cache {\n        sucess 10\n    }\n}\n", 3, ["cache", "sucess"]),
    "brace missing": (". {\n    errors\n", None, ["}"]),
    "brace too many": (". {\n    whoami\n}\n}\n", 4, ["}"]),
    "glued brace": ("example.test{\n    whoami\n}\n", 1, ["{"]),
    "forward without upstream": (". {\n    forward .\n}\n", 2, ["forward", "TO"]),
    "forward to a host name": (". {\n    forward . dns.example.test\n}\n", 2, ["forward", "dns.example.test"]),
    "forward with a bad port": (". {\n    forward . 127.0.0.1:99999\n}\n", 2, ["forward", "99999"]),
    "sixteen upstreams": (". {\n    forward . " + " ".join(f"127.0.0.{n}" for n in range(1, 17)) + "\n}\n",
                          2, ["forward", "15"]),
    "bad policy": (". {\n    forward . 127.0.0.1 {\n        policy best\n    }\n}\n", 3, ["policy", "best"]),
    "failover NOERROR": (". {\n    forward . 127.0.0.1 {\n        failover NOERROR\n    }\n}\n", 3, ["NOERROR"]),
    "bad TTL": (". {\n    cache soon now\n    cache 5x\n}\n", None, ["cache"]),
    "prefetch percentage": (". {\n    cache {\n        prefetch 1 1m 95%\n    }\n}\n", 3, ["prefetch", "95%"]),
    "servfail too long": (". {\n    cache {\n        servfail 10m\n    }\n}\n", 3, ["servfail"]),
    "bad bind": (". {\n    bind 300.1.1.1\n}\n", 2, ["bind", "300.1.1.1"]),
    "bad zone": ("a..b {\n    whoami\n}\n", 1, ["a..b"]),
    "twice the same": (". {\n    whoami\n}\n. {\n    whoami\n}\n", 4, ["already", "1"]),
    "bad regular expression": (". {\n    errors {\n        consolidate 5m \"(\"\n    }\n}\n", 3, ["consolidate", "("]),
    "reload too often": (". {\n    reload 1s\n}\n", 2, ["reload"]),
    "missing import": (". {\n    import /nonexistent/file\n}\n", 2, ["/nonexistent/file"]),
    "import of itself": ("import Corefile\n. {\n    whoami\n}\n", 1, ["import"]),
    "missing resolv.conf": (". {\n    forward . /nonexistent/resolv.conf\n}\n", 2, ["/nonexistent/resolv.conf"]),
    "kubernetes": (". {\n    kubernetes cluster.local\n}\n", 2, ["kubernetes"]),
    "nodecache": (". {\n    nodecache\n}\n", 2, ["nodecache"]),
    "listener over TLS without a certificate": ("tls://example.test {\n    whoami\n}\n", 1, ["tls CERT KEY"]),
    "open quote": (". {\n    errors\n    log . \"{common}\n}\n", None, []),
    "prometheus port": (". {\n    prometheus :70000\n}\n", 2, ["prometheus", "70000"]),
}


@pytest.mark.parametrize("case", BAD)
def test_bad(tmp_path, binary, case):
    text, line, words = BAD[case]
    path, done = check(tmp_path, text)
    assert done.returncode == 1, done.stdout + done.stderr
    where = rf"^{re.escape(str(path))}:{line if line else r'[0-9]+'}: "
    message = re.search(where + ".*$", done.stderr, re.MULTILINE)
    assert message, done.stderr
    for word in words:
        assert word in message[0], message[0]


@pytest.mark.abnormal_exit
@pytest.mark.parametrize("case", ["unknown directive", "forward without upstream", "brace missing"])
def test_serve_refuses_the_same(serve, case):
    text, line, words = BAD[case]
    server = serve(text, launch=True)
    assert server.wait() != 0
    where = rf"{re.escape(str(server.conf))}:{line if line else r'[0-9]+'}: "
    assert re.search(where, server.text()), server.text()
    for word in words:
        assert word in server.text()


def test_error_in_an_imported_file_names_that_file(tmp_path, binary):
    part = tmp_path / "part.conf"
    part.write_text("errors\nbogus\n")
    _, done = check(tmp_path, f". {{\n    import {part}\n}}\n")
    assert done.returncode == 1 and f"{part}:2: " in done.stderr


def test_missing_file(tmp_path, binary):
    done = run("check", "--conf", tmp_path / "nothing")
    assert done.returncode == 1 and str(tmp_path / "nothing") in done.stderr


def test_empty_file(tmp_path, binary):
    """CoreDNS serves its default then; a check of it must not crash."""
    _, done = check(tmp_path, "")
    assert done.returncode in (0, 1)


def test_directives_without_effect_are_accepted_with_a_warning(tmp_path, binary):
    path, done = check(tmp_path, ". {\n    pprof\n    forward . 127.0.0.2\n}\n")
    assert done.returncode == 0
    assert f"{path}:2: pprof: accepted without effect" in done.stdout + done.stderr


def test_two_problems_are_not_hidden_by_color(tmp_path, binary):
    """Messages are plain text when nobody watches."""
    _, done = check(tmp_path, BAD["unknown directive"][0])
    assert "\x1b" not in done.stderr + done.stdout


def test_serve_and_check_agree_on_the_default(tmp_path, binary):
    printed = run("serve", "--print-default")
    assert printed.returncode == 0 and "forward" in printed.stdout
    _, done = check(tmp_path, printed.stdout)
    assert done.returncode == 0, done.stderr


def test_serve_without_a_file_uses_the_default(serve):
    server = serve(None, conf=False, launch=True)
    key = re.search(r"^(\S+) \{", run("serve", "--print-default").stdout, re.MULTILINE)[1]
    port = int(key.rsplit(":", 1)[1]) if ":" in key else 53
    server.wait_for_sockets([("udp", None, port), ("tcp", None, port)])
    assert rcode(ask("a.test", port=port, timeout=8)) in ("NOERROR", "SERVFAIL", "NXDOMAIN", "REFUSED")


def test_version(binary):
    done = run("--version")
    assert done.returncode == 0 and re.search(r"\d+\.\d+\.\d+", done.stdout)


@pytest.mark.parametrize("command", [[], ["serve"], ["check"]])
def test_help(binary, command):
    done = run(*command, "--help")
    assert done.returncode == 0 and "Usage" in done.stdout and not done.stderr
    assert ("serve" if not command else "--conf") in done.stdout


@pytest.mark.parametrize("arguments", [["bogus"], ["serve", "--bogus"], ["serve", "--workers", "many"],
                                       ["check", "--conf"], ["serve", "--log-level", "loud"]])
def test_wrong_arguments(binary, arguments):
    done = run(*arguments)
    assert done.returncode not in (0, -6, -11) and done.stderr


def test_print(tmp_path, binary):
    """`check --print` shows a file that means the same."""
    path, done = check(tmp_path, GOOD["snippet"], "--print")
    if "not" in done.stderr and done.returncode not in (0, 1):
        pytest.skip("check --print is not there yet")
    assert done.returncode == 0
    again = tmp_path / "again"
    again.write_text(done.stdout)
    assert run("check", "--conf", again).returncode == 0


def test_warnings_do_not_stop_serve(serve, upstream):
    serve(block("pprof", "forward . 127.0.0.2"))
    assert rcode(ask("a.test")) == "NOERROR"


# pipes

def piped(text, *arguments, **more):
    return subprocess.run([BINARY, "check", *map(str, arguments)], input=text, capture_output=True, text=True,
                          timeout=20, check=False, **more)


@pytest.mark.parametrize("arguments", [["-"], ["--conf", "-"], ["--conf", "/dev/stdin"], ["/dev/stdin"]], ids=" ".join)
def test_standard_input(binary, arguments):
    done = piped(GOOD["minimal"], *arguments, "--print")
    assert done.returncode == 0 and "forward . 127.0.0.2" in done.stdout, done.stderr
    done = piped(". {\n    forwad . 127.0.0.2\n}\n", *arguments)
    assert done.returncode == 1 and done.stderr.startswith("/dev/stdin:2: "), done.stderr


def test_a_template_from_standard_input(binary):
    template = ". {\n    bind __PILLAR__LOCAL__DNS__\n    forward . __PILLAR__CLUSTER__DNS__\n}\n"
    done = piped(template, "--basecorefile", "-", "-localip", "169.254.20.10", "--cluster-dns", "10.96.0.10", "--print")
    assert done.returncode == 0 and "forward . 10.96.0.10" in done.stdout, done.stderr


def test_a_pipe_by_its_name(binary, tmp_path):
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    writer = threading.Thread(target=fifo.write_text, args=[GOOD["minimal"]])
    writer.start()
    done = run("check", "--conf", fifo)
    writer.join()
    assert done.returncode == 0, done.stderr


def test_an_endless_standard_input(binary):
    with open("/dev/zero", "rb") as endless:
        done = subprocess.run([BINARY, "check", "-"], stdin=endless, capture_output=True, text=True, timeout=20,
                              check=False)
    assert done.returncode == 1 and "is larger than 16 MiB" in done.stderr


def test_serve_still_refuses_a_pipe(binary, tmp_path):
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    done = run("serve", "--conf", fifo)
    assert done.returncode == 1 and "is a pipe, expected a file" in done.stderr
