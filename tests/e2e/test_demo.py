"""`./dev demo`: runs to its end, shows every step, and leaves nothing, be it interrupted."""

import re
import signal
import subprocess

import pytest

from lab import ours
from lab.processes import Process
from lab.waiting import wait_until

DEMO = ours.REPOSITORY / "demo" / "demo.py"


def spaces_of(pid):
    listing = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    return re.findall(rf"^nld-{pid}-\d+", listing, re.MULTILINE)


@pytest.fixture
def demo(binary, tmp_path):
    started = []

    def start(*flags):
        process = Process(["/usr/bin/python3", DEMO, "--program", binary, *flags], tmp_path, "demo")
        started.append(process)
        return process.start()
    yield start
    for process in started:
        if process.running():
            process.stop(signal.SIGINT)


def test_runs_to_its_end(demo):
    process = demo("--pace", "0.25")
    assert process.wait(30) == 0, process.text()
    table = process.text().partition("what was done")[2]
    for step in ("kill -9 of the DNS server", "kill -STOP of the DNS server", "ip link delete nodelocaldns",
                 "nft flush ruleset", "kill -9 of the agent", "the agent is told to stop"):
        row = re.search(rf"^{step}.*$", table, re.MULTILINE)
        assert row and re.search(r"\d+ (local|cluster|lost)", row[0]), process.text()
    assert not spaces_of(process.pid)


def test_interrupted(demo):
    process = demo()
    wait_until(lambda: re.search(r"^ +0 s +\d+ local", process.text(), re.MULTILINE), 10, "the first second")
    assert spaces_of(process.pid)
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 130, process.text()
    assert not spaces_of(process.pid)
