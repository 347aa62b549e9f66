"""The image as a pod on a node: read-only root, three capabilities, the node's network, asked by another pod."""

import pathlib
import re

import pytest

from conftest import UPSTREAM
from container import CAPABILITIES, LOCK, confined
from lab.node import CLUSTER_DNS, FAMILIES, INTERFACE, IPTABLES_LEGACY, IPTABLES_NFT, LOCAL, WHO
from lab.steady import Steady
from lab.waiting import wait_until

# Numbers of linux/capability.h.
BITS = {"NET_BIND_SERVICE": 10, "NET_ADMIN": 12, "NET_RAW": 13}
STEER, CHAIN = ("--fallback", "steer"), ("--fallback", "chain")
HINT = "*mangle\n:KUBE-IPTABLES-HINT - [0:0]\nCOMMIT\n"


def kinds(*wanted):
    """(node, the method's flags): the parameters of a test, called as the lab calls its nodes."""
    return pytest.mark.parametrize("node, method", wanted, indirect=["node"], scope="module",
                                   ids=["-".join([*node, method[1]]) for node, method in wanted])


def rules(node):
    """Ours, by backend."""
    found = {"nft": [], "legacy": [], "table": []}
    for family in ("iptables", "ip6tables"):
        for backend in ("nft", "legacy"):
            found[backend] += [line for line in node.host.run(f"{family}-{backend}-save").splitlines()
                               if line.startswith("-A") and "NODE-LOCAL-DNS" in line]
    found["table"] = re.findall(r"table ip6? node-local-dns", node.host.run("nft", "list", "tables"))
    return {name for name, lines in found.items() if lines}


def hint(node, backend):
    """What the kubelet writes for programs in containers to see; no rule, so only the hint can tell."""
    for family in ("iptables", "ip6tables"):
        node.host.run(f"{family}-{backend}-restore", "--noflush", stdin=HINT)


@kinds((IPTABLES_NFT, STEER), (IPTABLES_NFT, CHAIN), (IPTABLES_LEGACY, CHAIN))
def test_life_of_a_pod(node, run_container, flags, method):
    backend = node.kube_proxy.backend
    pod = run_container(*flags, *method)
    pod.wait_healthy()
    for family in FAMILIES:
        for tcp in (False, True):
            assert node.asks(family=family, tcp=tcp) == "local", f"IPv{family}"
    assert rules(node) == ({"table"} if method is STEER else {backend})
    told = pod.execute("node-local-dns", "status").stdout
    assert "healthy" in told and INTERFACE in told
    assert pod.execute("node-local-dns", "check", "--conf", "/etc/coredns/Corefile").returncode == 0

    with Steady(node.pod, LOCAL[4], WHO) as client:
        client.wait_for("local", 0, count=20)
        assert pod.end() == 0
        client.wait_for("cluster", client.now(), count=20)
    assert client.lost() == 0, client.summary()
    for family in FAMILIES:
        for tcp in (False, True):
            assert node.asks(family=family, tcp=tcp) == "cluster", f"IPv{family}"
    assert rules(node) == ({"table"} if method is STEER else {backend})
    assert INTERFACE not in node.links()


@pytest.mark.parametrize("node", [IPTABLES_NFT, IPTABLES_LEGACY], indirect=True, ids="-".join, scope="module")
def test_backend_follows_the_kubelets_hint(node, run_container, flags):
    """kube-proxy's own rules are in the other backend, as after a change of it: the hint decides."""
    other = {"nft": "legacy", "legacy": "nft"}[node.kube_proxy.backend]
    hint(node, other)
    run_container(*flags, "--mode", "notrack").wait_healthy()
    marked = {backend for backend in ("nft", "legacy")
              if "NodeLocal DNS Cache" in node.host.run(f"iptables-{backend}-save", "-t", "raw")}
    assert marked == {other}


def capabilities(pid, kind):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    bits = int(re.search(rf"^{kind}:\s+(\w+)$", text, re.MULTILINE)[1], 16)
    return {name for name, bit in BITS.items() if bits >> bit & 1} | {bit for bit in range(64) if bits >> bit & 1
                                                                     and bit not in BITS.values()}


def field(pid, name):
    return re.search(rf"^{name}:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)[1]


def server_of(agent):
    """The agent's child that serves DNS; its tools come and go."""
    children = pathlib.Path(f"/proc/{agent}/task/{agent}/children").read_text().split()
    (server,) = [int(one) for one in children if b"\0serve\0" in pathlib.Path(f"/proc/{one}/cmdline").read_bytes()]
    return server


def test_confinement(node, run_container, flags):
    """The agent has what the manifest gives it; the server, which reads packets, may bind to port 53 and no more."""
    pod = run_container(*flags)
    pod.wait_healthy()
    agent = pod.main_pid()
    server = server_of(agent)
    for kind in ("CapEff", "CapPrm", "CapBnd"):
        assert capabilities(agent, kind) == set(CAPABILITIES)
    for kind in ("CapEff", "CapPrm"):
        assert capabilities(server, kind) == {"NET_BIND_SERVICE"}
    for pid in (agent, server):
        assert field(pid, "NoNewPrivs") == "1"
        assert field(pid, "Seccomp") == "2"  # a filter
    options = [line.split()[5] for line in pathlib.Path(f"/proc/{agent}/mountinfo").read_text().splitlines()
               if line.split()[4] == "/"]
    assert options and all("ro" in one.split(",") for one in options)


def test_every_thread_of_the_server_is_confined(node, run_container, flags):
    pod = run_container(*flags)
    pod.wait_healthy()
    server = server_of(pod.main_pid())
    more = [thread.name for thread in pathlib.Path(f"/proc/{server}/task").iterdir()
            if capabilities(f"{server}/task/{thread.name}", "CapPrm") - {"NET_BIND_SERVICE"}]
    assert not more


def test_by_node_caches_path(node, run_container, flags):
    """`command: ["/node-cache", …]` in a manifest, node-cache's spelling of its flags."""
    pod = run_container(*flags, "-skipteardown=false", "-setupinterface=true", "-setupiptables=true",
                        "-health-port", "8080", options=("--entrypoint", "/node-cache"))
    pod.wait_healthy()
    assert node.asks() == "local"
    assert pathlib.Path(f"/proc/{pod.main_pid()}/cmdline").read_bytes().startswith(b"/node-cache\0-localip\0")


TEMPLATE = f""".:53 {{
    errors
    cache 30
    reload
    loop
    bind __PILLAR__LOCAL__DNS__
    forward . {UPSTREAM}
    prometheus 127.0.0.1:9253
}}
"""


@pytest.mark.parametrize("named", [True, False], ids=["named", "by default"])
def test_in_the_manifest_of_kubernetes(node, run_container, tmp_path, named):
    """Its arguments, its mount: a template as Corefile.base; node-cache itself writes the Corefile that -conf names.
    The Service comes by the environment."""
    folder = tmp_path / "template"
    folder.mkdir()
    (folder / "Corefile.base").write_text(TEMPLATE)
    more = ["-basecorefile", "/etc/coredns/Corefile.base"] if named else []
    pod = run_container("-localip", LOCAL[4], "-conf", "/etc/Corefile", "-upstreamsvc", "kube-dns-upstream", *more,
                        mounts=[(folder, "/etc/coredns", "ro")],
                        options=("--env", f"KUBE_DNS_UPSTREAM_SERVICE_HOST={CLUSTER_DNS[4]}"))
    pod.wait_healthy()
    assert node.asks() == "local"
    assert pod.end() == 0
    assert node.asks() == "cluster"


def test_nft_speaks_as_on_the_node(node, run_container, flags):
    """There is no /etc/protocols inside: nft has to know "udp" by itself, for the agent compares what is printed."""
    pod = run_container(*flags)
    pod.wait_healthy()
    inside = pod.execute("nft", "-s", "-t", "list", "table", "ip", "node-local-dns").stdout
    assert inside == node.host.run("nft", "-s", "-t", "list", "table", "ip", "node-local-dns")
    assert "udp" in inside
    # What the agent asks of a flow.
    done = pod.execute("nft", "--check", "create", "element", "ip", "node-local-dns", f"steered-{LOCAL[4]}",
                       "{ 10.0.0.1 . udp . 1024 }", check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("node", [IPTABLES_LEGACY], indirect=True, ids="-".join, scope="module")
def test_legacy_iptables_needs_a_raw_socket(node, engine, image):
    def save(*capabilities):
        return engine.run(*confined(image.name, "-t", "nat", capabilities=capabilities,
                                    options=("--entrypoint", "/usr/sbin/iptables-legacy-save")), check=False)
    without = save("NET_ADMIN", "NET_BIND_SERVICE")
    assert without.returncode != 0 and "you must be root" in without.stderr
    assert "-A KUBE-SERVICES" in save(*CAPABILITIES).stdout


@pytest.mark.parametrize("node", [IPTABLES_LEGACY], indirect=True, ids="-".join, scope="module")
def test_legacy_iptables_needs_the_lock(node, run_container, flags):
    """Without the node's lock it would write over what kube-proxy writes at that moment: it refuses, and says so."""
    pod = run_container(*flags, *CHAIN, lock=False)
    wait_until(lambda: f"can't open lock file {LOCK}" in pod.text(), 10, "the reason in the log")
    assert not rules(node)
    assert pod.status()[0] == 2


@pytest.mark.parametrize("node", [IPTABLES_NFT], indirect=True, ids="-".join, scope="module")
@pytest.mark.parametrize("method", [STEER, CHAIN], ids=["steer", "chain"])
def test_nft_needs_neither(node, run_container, flags, method):
    pod = run_container(*flags, *method, capabilities=["NET_ADMIN", "NET_BIND_SERVICE"], lock=False)
    pod.wait_healthy()
    assert node.asks() == "local"
