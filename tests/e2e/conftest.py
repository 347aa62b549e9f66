"""Fixtures: one network namespace a test module, servers that end with their test, bounded time.

Run as root: /usr/bin/python3 -m pytest -n auto tests/e2e. NLD_BINARY names the program (default:
build/node-local-dns), NLD_BUILD the build folder (a sanitizer's, say), NLD_E2E_PATIENCE multiplies deadlines."""

import contextlib
import os
import re
import subprocess

import pytest

from lab import nsd as nsd_module
from lab.agent import Agent
from lab.fakedns import FakeDns, constant
from lab.namespaces import Namespace, remove_orphans
from lab.node import Node
from lab.ours import BINARY, Server
from lab.time_limit import time_limit
from lab.tls import Authority

# Modules that wait longest: begun first, so that no worker is left alone with one at the end.
LONG_MODULES = ("test_agent_supervision", "test_stale", "test_agent_fallback", "test_agent_repair",
                "test_forward_health", "test_agent_handover", "test_client_tcp", "test_template", "test_refetch",
                "test_reload", "test_shutdown")
# In a test's id: the kind of cluster in a box that it runs in.
NODE_KIND = re.compile(r"(?:ip|nf)tables-(?:nft|legacy)(?:-steer|-chain)?")
TEST_LIMIT = 40  # seconds; no test waits for something that takes longer


def pytest_configure(config):
    config.addinivalue_line("markers", "abnormal_exit: our server is not expected to end with 0")
    if not hasattr(config, "workerinput"):
        remove_orphans()


def pytest_collection_modifyitems(items):
    """Stable: inside a module the order stays."""
    items.sort(key=lambda item: (LONG_MODULES + (item.module.__name__,)).index(item.module.__name__))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A module's tests share a namespace and servers, or a cluster in a box of a kind: one worker has these."""
    from xdist.scheduler import LoadScopeScheduling

    class ByLab(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return nodeid.split("::")[0] + "".join(NODE_KIND.findall(nodeid))
    return ByLab(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """For `-n auto`: the tests wait more than they work, so two workers a processor."""
    return 2 * len(os.sched_getaffinity(0))


@pytest.fixture(autouse=True)
def bounded_time(request):
    with time_limit(request.node.nodeid, TEST_LIMIT):
        yield


@pytest.fixture(scope="module")
def netns():
    """The module's namespace; the tests run inside it. 169.254.20.10 is there as on a node."""
    space = Namespace()
    try:
        space.enter()
        space.add_address("169.254.20.10")
        for number in (1, 2, 3):
            space.add_address(f"fd00::{number}")
        yield space
    finally:
        space.remove()


@pytest.fixture(scope="session")
def binary():
    if not BINARY.exists():
        pytest.fail(f"{BINARY} is not built; ./dev build, or set NLD_BINARY or NLD_BUILD")
    return BINARY


@pytest.fixture
def serve(netns, binary, tmp_path, request):
    """serve(corefile, *arguments, …) starts our server; at the end of the test each must stop cleanly."""
    started = []

    def start(corefile, *arguments, launch=False, **more):
        more.setdefault("name", f"ours{len(started)}")
        more.setdefault("directory", tmp_path)
        server = Server(corefile, *arguments, **more)
        started.append(server)
        return server.launch() if launch else server.start()
    yield start
    abnormal = request.node.get_closest_marker("abnormal_exit") is not None
    problems = []
    for server in reversed(started):
        ended_before = not server.running()
        try:
            code = server.stop()
            if code != 0 and not abnormal:
                when = "had ended by itself" if ended_before else "ended on SIGTERM"
                problems.append(f"{server.output.name} {when} with {code}:\n{server.text()[-4000:]}")
        except Exception as error:  # every server must be stopped whatever happens to one of them
            problems.append(f"{error!r}\n{server.text()[-4000:]}")
    if problems:
        pytest.fail("\n".join(problems))


@pytest.fixture
def fake(netns):
    """fake(address, handler) starts a scripted upstream."""
    started = []

    def start(address="127.0.0.2", handler=None, ip=None, ttl=60, tcp=True, port=53):
        server = FakeDns(address, handler or (constant(ip, ttl) if ip else None), port)
        server.tcp = tcp
        started.append(server)
        return server.start()
    yield start
    for server in started:
        server.stop()


@pytest.fixture
def upstream(fake):
    """The one upstream of simple tests."""
    return fake("127.0.0.2")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Issues certificates that a server or client is told to trust."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def nsd(netns, tmp_path_factory):
    """nsd(address, zones) starts an authoritative server for the module."""
    started = []

    def start(address, zones):
        name = f"nsd{len(started)}"
        server = nsd_module.Nsd(tmp_path_factory.mktemp(name), address, zones, name)
        started.append(server)
        return server.start()
    yield start
    for server in started:
        server.stop()


# The node agent's laboratory.

def main_namespace():
    """What tests must leave alone: links and rules where they started."""
    def output(*command):
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout
    rules = [output(program) for program in ("iptables-legacy-save", "ip6tables-legacy-save")]
    return {"links": [line.split(": ")[1] for line in output("ip", "-o", "link").splitlines()],
            "nftables": output("nft", "list", "ruleset"),
            "iptables-legacy": [line for text in rules for line in text.splitlines() if not line.startswith("#")]}


@pytest.fixture(scope="session", autouse=True)
def main_namespace_stays():
    """After all tests of this worker, the main namespace is as before them."""
    if os.geteuid() != 0:
        yield
        return
    before = main_namespace()
    yield
    assert main_namespace() == before


@pytest.fixture(scope="module")
def node(request):
    """The module's cluster in a box; parametrised indirectly with (kube-proxy's mode, iptables backend). The tests
    run in the node's namespace."""
    node = Node(*getattr(request, "param", ()))
    try:
        node.host.enter()
        yield node
    finally:
        node.close()


class Agents:
    """Starts agents, ends them, and says what went wrong with them."""

    def __init__(self, node, directory):
        self.node = node
        self.directory = directory
        self.started = []

    def __call__(self, *flags, launch=False, **more):
        more.setdefault("name", f"agent{len(self.started)}")
        agent = Agent(self.directory, *flags, **more)
        self.started.append(agent)
        agent.start()
        if not launch:
            agent.wait_serving()
            # The switch follows the first answer.
            for family in agent.families:
                self.node.wait_for("local", family=family)
        return agent

    def stop(self):
        """The problems, a text each."""
        problems = []
        for agent in reversed(self.started):
            try:
                if agent.running() and (code := agent.stop()) != 0:
                    problems.append(f"{agent.output.name} ended on SIGTERM with {code}:\n{agent.text()[-4000:]}")
            except Exception as error:  # every agent must be stopped whatever happens to one of them
                problems.append(f"{error!r}\n{agent.text()[-4000:]}")
        return problems


@contextlib.contextmanager
def agents_on(node, directory):
    agents = Agents(node, directory)
    try:
        yield agents
    finally:
        problems = agents.stop()
        node.reset()
    if problems:
        pytest.fail("\n".join(problems))


@pytest.fixture
def run_agent(node, binary, tmp_path):
    """run_agent(*flags, …) starts an agent for one test; what still runs at its end must stop with 0."""
    with agents_on(node, tmp_path) as agents:
        yield agents


@pytest.fixture(scope="module")
def agents_for_tests(node, binary, tmp_path_factory):
    """`with agents_for_tests() as run_agent`: for a fixture whose agent several tests share."""
    return lambda: agents_on(node, tmp_path_factory.mktemp("agents"))
