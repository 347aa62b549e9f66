"""The agent's own metrics: what docs/metrics.md says of them, what promtool says of them, what they count."""

import os
import re
import shutil
import signal
import subprocess

import pytest

from lab.node import INTERFACE
from lab.ours import REPOSITORY
from lab.waiting import wait_until


@pytest.fixture
def eventful(node, run_agent):
    """An agent that has lost its server once and its interface once."""
    agent = run_agent()
    first = agent.wait_serving()
    os.kill(first, signal.SIGKILL)
    agent.wait_serving(beside=(first,))
    node.host.ip("link", "delete", INTERFACE)
    agent.wait_value("node_local_dns_repairs_total", lambda value: value > 0, kind="interface", fault="missing")
    return agent


def test_counts_what_happened(eventful):
    metrics = eventful.metrics()
    assert metrics.value("node_local_dns_server_restarts_total", cause="signal") == 1
    assert metrics.value("node_local_dns_failovers_total", cause="signal") == 1
    assert metrics.value("node_local_dns_server_up") == 1
    assert metrics.value("node_local_dns_fallback_active") == 0
    assert 0 < metrics.value("node_local_dns_fallback_seconds") < 30
    assert metrics.value("node_local_dns_probe_duration_seconds_count") > 0
    assert metrics.value("coredns_nodecache_setup_errors_total") == 0
    wait_until(lambda: all(eventful.value("node_local_dns_network_ready", part=part) == 1
                           for part in ("rules", "interface")), 5, "both parts to be ready")


def test_names_are_those_of_the_document(eventful):
    document = (REPOSITORY / "docs" / "metrics.md").read_text().split("## The node agent")[1]
    names = set(re.findall(r"`((?:coredns|node_local_dns)_[a-z_]+[a-z])`", document))
    assert len(names) > 10
    have = {name for name in eventful.metrics().types if not name.startswith("process_")}
    assert names == have


def test_promtool(eventful):
    promtool = shutil.which("promtool")
    assert promtool, "promtool (package prometheus) is not installed"
    done = subprocess.run([promtool, "check", "metrics"], input=eventful.metrics().text, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0 and not (done.stdout + done.stderr).strip(), done.stdout + done.stderr
