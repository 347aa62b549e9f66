"""Fixtures: one node with a real control plane for the session, a real kube-proxy for each module and backend.

Run as root: /usr/bin/python3 -m pytest tests/cluster. NLD_BINARY or NLD_BUILD name the program, as in tests/e2e;
NLD_CLUSTER_CACHE the folder of the Kubernetes programs, which kube/build.py makes when they are not there."""


import pytest

from kube import build
from kube.cluster import BACKENDS, Cluster
from lab.agent import Agent
from lab.namespaces import remove_orphans
from lab.ours import BINARY, run
from lab.time_limit import time_limit

TEST_LIMIT = 120  # seconds; modules that take longer have a LIMIT of their own
_figures = []


def pytest_configure():
    remove_orphans()


def pytest_terminal_summary(terminalreporter):
    if _figures:
        terminalreporter.section("figures")
        for line in _figures:
            terminalreporter.line(line)


@pytest.fixture
def figure(request):
    """figure(text) keeps a measurement for the end of the output."""
    return lambda text: _figures.append(f"{request.node.name}: {text}")


@pytest.fixture(autouse=True)
def bounded_time(request, cluster):  # pylint: disable=unused-argument  (the cluster's start does not count)
    with time_limit(request.node.nodeid, max(TEST_LIMIT, getattr(request.module, "LIMIT", 0))):
        yield


@pytest.fixture(scope="session")
def cluster():
    """The tests run in its node's namespace."""
    if not BINARY.exists():
        pytest.fail(f"{BINARY} is not built; ./dev build, or set NLD_BINARY or NLD_BUILD")
    cluster = Cluster(build.build())
    try:
        yield cluster.start()
    finally:
        cluster.close()


@pytest.fixture(scope="session")
def node(cluster):
    return cluster.node


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request):
    return request.param


@pytest.fixture(scope="module")
def proxy(cluster, backend):
    """kube-proxy with this backend of iptables, on a node without any other rules."""
    cluster.flush()
    yield cluster.start_proxy(backend)
    cluster.stop_proxy()
    cluster.flush()


@pytest.fixture
def run_agent(proxy, tmp_path):
    """run_agent(*flags) starts an agent for one test; it must stop with 0, and cleanup must remove all of it."""
    started = []

    def start(*flags, **more):
        agent = Agent(tmp_path, *flags, name=f"agent{len(started)}", **more).start()
        started.append(agent)
        agent.wait_serving()
        return agent
    yield start
    problems = []
    for agent in reversed(started):
        try:
            if agent.running() and (code := agent.stop()) != 0:
                problems.append(f"ended on SIGTERM with {code}:\n{agent.text()[-4000:]}")
        except Exception as error:  # every agent must be stopped whatever happens to one of them
            problems.append(f"{error!r}\n{agent.text()[-4000:]}")
        done = run("cleanup", *agent.flags[:2], "-interfacename", agent.interface)
        if done.returncode != 0:
            problems.append(f"cleanup: {done.stderr}")
    if problems:
        pytest.fail("\n".join(problems))
