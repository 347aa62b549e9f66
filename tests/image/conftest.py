"""Fixtures of the image's tests: the image, built once; podman; a cluster in a box to run it in.

Run as root: /usr/bin/python3 -m pytest tests/image. NLD_BINARY or NLD_BUILD name the program, as in tests/e2e;
NLD_IMAGE_REQUIRED=1 makes a machine that cannot run containers a failure."""

import contextlib
import os
import pathlib
import subprocess
import types

import pytest

from container import Container, Engine, confined
from lab.namespaces import remove_orphans
from lab.node import CLUSTER_DNS, LOCAL, LOCAL_ANSWER, Node
from lab.nsd import Nsd
from lab.ours import BINARY, REPOSITORY, block
from lab.time_limit import time_limit
from sandbox import provide_cgroups

TEST_LIMIT = 60  # seconds
BUILD_LIMIT = 180  # seconds; the first build downloads packages
PLACE = REPOSITORY / "build/image"
UPSTREAM = "10.244.2.53"
ZONE = "@ SOA ns hostmaster 1 60 60 60 1\n@ NS ns\nns A 10.244.2.53\n* 60 A " + LOCAL_ANSWER + "\n"


def pytest_configure(config):
    provide_cgroups()
    remove_orphans()


@pytest.fixture(autouse=True)
def bounded_time(request):
    with time_limit(request.node.nodeid, TEST_LIMIT):
        yield


def build(*arguments):
    """Runs deploy/image/build; returns what it says, as a dictionary by the first words."""
    done = subprocess.run([REPOSITORY / "deploy/image/build", "--program", BINARY, *map(str, arguments)],
                          capture_output=True, text=True, check=False, timeout=BUILD_LIMIT)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.removeprefix("image: ") for line in done.stdout.splitlines()]
    return {line[:13].strip(): line[13:].strip() for line in lines}


@pytest.fixture(scope="session")
def image():
    """`name`, `id`, `root` (what went into it) and `config` (as the runtime sees it)."""
    assert BINARY.exists(), f"{BINARY} is missing: ./dev build"
    told = build()
    engine = Engine(PLACE)
    facts = engine.store.inspect(told["built"])
    return types.SimpleNamespace(name=f"localhost/{told['built']}", id=told["image id"], place=PLACE,
                                 root=PLACE / "context/root", config=facts["OCIv1"]["config"], layers=facts["OCIv1"],
                                 told=told)


@pytest.fixture(scope="session")
def engine(image):
    """podman, where a container can be run at all. Afterwards nothing of ours runs or is mounted."""
    engine = Engine(PLACE)
    engine.clean()
    trial = engine.run(*confined(image.name, "--version"), check=False)
    if trial.returncode != 0:
        why = f"no container can be run here: {trial.stderr.strip()}"
        if os.environ.get("NLD_IMAGE_REQUIRED") == "1":
            pytest.fail(why)
        pytest.skip(why)
    yield engine
    engine.clean()
    mounts = pathlib.Path("/proc/mounts").read_text().splitlines()
    assert not [line for line in mounts if str(PLACE) in line]


@pytest.fixture(scope="module")
def node(request, tmp_path_factory):
    """The module's cluster in a box, parametrised indirectly with (kube-proxy's mode, iptables backend); NSD in the
    cluster is the upstream of the server on the node. The tests run in the node's network namespace."""
    node = Node(*getattr(request, "param", ()))
    upstream = Nsd(tmp_path_factory.mktemp("nsd"), UPSTREAM, {"test.": ZONE})
    try:
        node.cluster.add_address(UPSTREAM)
        with node.cluster.inside():
            upstream.start()
        node.host.enter()
        yield node
    finally:
        upstream.stop()
        node.close()


@pytest.fixture
def corefile(tmp_path):
    """The folder with a Corefile that is mounted at /etc/coredns, as a ConfigMap is."""
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "Corefile").write_text(block("cache 30", f"forward . {UPSTREAM}", "reload 2s",
                                           bind=" ".join(LOCAL.values()), metrics="127.0.0.1:9253"))
    return folder


@contextlib.contextmanager
def containers_on(engine, image, node, directory, corefile):
    started = []

    def start(*flags, **more):
        more.setdefault("name", f"agent{len(started)}")
        more.setdefault("mounts", [(corefile, "/etc/coredns", "ro")])
        container = Container(engine, image.name, directory, *flags, **more)
        started.append(container)
        return container.start()
    try:
        yield start
    finally:
        engine.clean()
        for container in started:
            container.wait()
        node.reset()


@pytest.fixture
def run_container(engine, image, node, tmp_path, corefile):
    """run_container(*flags, …) starts a container in the node's network namespace; none outlives the test."""
    with containers_on(engine, image, node, tmp_path, corefile) as start:
        yield start


@pytest.fixture
def flags():
    """Of the agent, as in a manifest; the cluster DNS comes by name in a cluster, by address here."""
    return ["-localip", ",".join(LOCAL.values()), "-conf", "/etc/coredns/Corefile",
            "--cluster-dns", ",".join(CLUSTER_DNS.values()), "-metrics-listen-address", "127.0.0.1:9353"]
