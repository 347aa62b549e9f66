"""What docs/troubleshooting.md shows of the program, made to happen: in a network namespace, or by `check`."""

import pathlib
import re
import socket
import subprocess

import pytest

from lab.namespaces import Namespace
from lab.ours import REPOSITORY, Server, block, run
from lab.waiting import wait_until

PAGE = (REPOSITORY / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
LOCAL = "169.254.20.10"
NODE = ("-localip", LOCAL, "--cluster-dns", "10.96.0.10")


@pytest.fixture(name="space")
def _space():
    space = Namespace()
    try:
        space.enter()
        yield space
    finally:
        space.remove()


def section(anchor):
    found = re.search(rf'<a id="{anchor}"></a>(.*?)(?=<a id=|\Z)', PAGE, re.DOTALL)
    assert found, anchor
    return found.group(1)


def shown(anchor, command):
    """The lines that the page has below a command, or in its log blocks when there is none."""
    text = section(anchor)
    if command is None:
        return [re.sub(r"^\S+Z ", "", line) for content in re.findall(r"```log\n(.*?)```", text, re.DOTALL)
                for line in content.splitlines()]
    found = re.search(rf"^\$ {re.escape(command)}\n((?:(?!\$ |```).*\n)*)", text, re.MULTILINE)
    assert found, command
    return found.group(1).splitlines()


def test_status_of_a_node_without_anything(space):
    done = run("status")
    assert done.returncode == 2
    assert done.stdout.splitlines() == shown("broken", "node-local-dns status")


def test_cleanup_says_what_it_removed(space):
    rules = run("rules", "--fallback", "steer", *NODE)
    assert rules.returncode == 0, rules.stderr
    subprocess.run(["nft", "-f", "-"], input=rules.stdout, text=True, check=True)
    done = run("cleanup", *NODE)
    assert (done.returncode, done.stdout.splitlines()) == (0, shown("off", "node-local-dns cleanup"))


def test_the_port_is_in_use(space, tmp_path):
    space.add_address(LOCAL)
    held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    held.bind((LOCAL, 53))
    with held:
        server = Server(block("whoami", bind=LOCAL), directory=tmp_path)
        server.launch()
        wait_until(lambda: not server.running(), 10, "the server to end")
    assert server.stop() == 1
    assert any(line.endswith(shown("port-in-use", None)[0]) for line in server.text().splitlines())


def test_a_corefile_is_refused(tmp_path):
    conf = tmp_path / "Corefile"
    conf.write_text(block().replace("}\n", "    cash 30\n}\n"))
    done = run("check", "--conf", conf)
    wanted, _, rest = shown("corefile-refused", "node-local-dns check --conf /etc/coredns/Corefile")[0].partition(
        "expected one of ")
    said, _, listed = done.stderr.partition("expected one of ")
    assert done.returncode == 1
    assert said.replace(str(conf), "/etc/coredns/Corefile") == wanted
    assert listed.startswith(rest.rstrip("… "))
    assert any(wanted in line for line in shown("reload-failed", None))


def test_a_placeholder_has_no_value(tmp_path):
    base = tmp_path / "Corefile.base"
    base.write_text(block("forward . __PILLAR__CLUSTER__DNS__"))
    done = run("check", "--basecorefile", base, "-upstreamsvc", "kube-dns-upstream")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == shown("corefile-refused", None)[0]


def test_the_cluster_dns_is_not_known(tmp_path):
    # Where no file is given `check` takes the built-in Corefile, which asks the machine's resolv.conf.
    if not pathlib.Path("/etc/resolv.conf").exists():
        pytest.skip("no /etc/resolv.conf")
    done = run("check", "-localip", LOCAL, "-upstreamsvc", "kube-dns-upstream")
    assert shown("cluster-names", None)[0] in done.stderr


def test_the_chain_cannot_work_with_nftables(space):
    done = run("rules", "--fallback", "chain", "--kube-proxy-mode", "nftables", *NODE)
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["warning: " + shown("kube-proxy-mode", None)[1]]


def test_no_agent_to_probe(space):
    done = run("probe")
    assert done.returncode == 1
    assert done.stderr.strip() in " ".join(section("pod-start").split())
