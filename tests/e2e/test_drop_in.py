"""A DaemonSet of node-cache that changes only its image: its arguments and mounts, as others publish them."""

import contextlib
import pathlib
import subprocess

import pytest

from lab import ours
from lab.agent import ANSWERS
from lab.node import CLUSTER_DNS, INTERFACE, LOCAL, UPSTREAM
from lab.processes import Process
from lab.waiting import wait_until

SERVICE = "10.96.0.9"  # of kube-dns; the lab's cluster DNS has the address of kube-dns-upstream here
# Kubernetes' own manifest: what it leaves to be filled in at run time is still there.
TEMPLATE = """cluster.local:53 {
    errors
    cache {
            success 9984 30
            denial 9984 5
    }
    reload
    loop
    bind %(local)s
    forward . __PILLAR__CLUSTER__DNS__ {
            force_tcp
    }
    prometheus :9253
    health 169.254.20.10:8080
    }
.:53 {
    errors
    cache 30
    reload
    loop
    bind %(local)s
    forward . __PILLAR__UPSTREAM__SERVERS__
    prometheus :9253
    }
"""
# kubespray has filled in everything.
FINISHED = f"""cluster.local:53 {{
    errors
    cache {{
        success 9984 30
        denial 9984 5
    }}
    reload
    loop
    bind 169.254.20.10
    forward . {CLUSTER_DNS[4]} {{
        force_tcp
    }}
    prometheus :9253
    health 169.254.20.10:9254
}}
.:53 {{
    errors
    cache 30
    reload
    loop
    bind 169.254.20.10
    forward . /etc/resolv.conf
    prometheus :9253
}}
"""
STUBS = '{"stub.test": ["127.0.0.2"]}'
UPSTREAM_SERVICE = {"KUBE_DNS_UPSTREAM_SERVICE_HOST": CLUSTER_DNS[4]}

# arguments, files, environment, what the log names
KINDS = {
    "kubernetes": (["-localip", f"169.254.20.10,{SERVICE}", "-conf", "/etc/Corefile", "-upstreamsvc",
                    "kube-dns-upstream"],
                   {"coredns/Corefile.base": TEMPLATE % {"local": f"169.254.20.10 {SERVICE}"},
                    "kube-dns/stubDomains": STUBS},
                   UPSTREAM_SERVICE,
                   "template /etc/coredns/Corefile.base in place of /etc/Corefile, which node-cache would write "
                   "from it; stub domains of /etc/kube-dns"),
    "kubernetes without the ConfigMap kube-dns": (
        ["-localip", f"169.254.20.10,{SERVICE}", "-conf", "/etc/Corefile", "-upstreamsvc", "kube-dns-upstream"],
        {"coredns/Corefile.base": TEMPLATE % {"local": f"169.254.20.10 {SERVICE}"}, "kube-dns/": None},
        UPSTREAM_SERVICE, "template /etc/coredns/Corefile.base"),
    "a Corefile of an earlier start lies there": (
        ["-localip", "169.254.20.10", "-conf", "/etc/Corefile", "-upstreamsvc", "kube-dns-upstream"],
        {"coredns/Corefile.base": TEMPLATE % {"local": "169.254.20.10"}, "Corefile": ".:53 {\n    whoami\n}\n"},
        UPSTREAM_SERVICE, "template /etc/coredns/Corefile.base"),
    "kubespray": (["-localip", "169.254.20.10", "-conf", "/etc/coredns/Corefile", "-upstreamsvc", "coredns"],
                  {"coredns/Corefile": FINISHED}, {"COREDNS_SERVICE_HOST": CLUSTER_DNS[4]},
                  "/etc/coredns/Corefile as it stands (there is no template /etc/coredns/Corefile.base)"),
    "kOps": (["-localip", "169.254.20.10", "-conf", "/etc/Corefile", "-upstreamsvc", "kube-dns-upstream",
              "-setupiptables=false"],
             {"coredns/Corefile.base": TEMPLATE % {"local": "169.254.20.10"}}, UPSTREAM_SERVICE,
             "template /etc/coredns/Corefile.base"),
}


def in_pod(files, directory, *command):
    """The command with a mount namespace of its own, in which `files` are in /etc."""
    extra = pathlib.Path(directory) / "etc"
    for name, text in {"resolv.conf": f"nameserver {UPSTREAM}\n", **files}.items():
        path = extra / name
        (path if text is None else path.parent).mkdir(parents=True, exist_ok=True)
        if text is not None:
            path.write_text(text)
    mounted = pathlib.Path(directory) / "mounted"
    mounted.mkdir(exist_ok=True)
    script = ('mount -t tmpfs tmpfs "$1" && cp -a /etc/. "$1" && cp --remove-destination -a "$0"/. "$1" && '
              'mount --bind "$1" /etc && shift && exec "$@"')
    return ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", script, extra, mounted, *command]


@pytest.fixture(autouse=True)
def nothing_left(node):
    """The rules of one test would lead the next one's packets."""
    yield
    node.reset()


@contextlib.contextmanager
def running(files, directory, arguments, environment):
    agent = Process(in_pod(files, directory, ours.BINARY, *arguments), directory, "agent", environment)
    try:
        yield agent.start()
    finally:
        if agent.running():
            assert agent.stop() == 0, agent.text()


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_image_changes(node, binary, tmp_path, kind):
    arguments, files, environment, named = KINDS[kind]
    with running(files, tmp_path, arguments, environment) as agent:
        wait_until(lambda: ANSWERS.split(",")[0] in agent.text() or not agent.running(), 10, "the server to answer")
        assert agent.running(), agent.text()
        assert f"configuration: {named}" in agent.text()
        node.wait_for("local")  # the switch follows the first answer
        if "kube-dns/stubDomains" in files:
            assert node.asks(name="www.stub.test") == "local"
        assert INTERFACE in node.links()
        shown = ours.run("status")
        assert "healthy" in shown.stdout, shown.stdout
    assert not list((tmp_path / "etc").glob("Corefile")) or "Corefile" in files, "nothing is written"


@pytest.mark.parametrize("kind", KINDS)
def test_the_other_commands_read_the_same_files(node, binary, tmp_path, kind):
    arguments, files, environment, _ = KINDS[kind]
    without = [word for word in arguments if not word.startswith("-setup")]

    def run(*words):
        return subprocess.run([str(word) for word in in_pod(files, tmp_path, ours.BINARY, *words)],
                              capture_output=True, text=True, timeout=20, check=False,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **environment})
    checked = run("check", *without, "--print")
    assert checked.returncode == 0, checked.stderr
    assert "__PILLAR__" not in checked.stdout and "force_tcp" in checked.stdout
    assert ("stub.test" in checked.stdout) == ("kube-dns/stubDomains" in files)
    assert run("rules", *arguments).returncode == 0
    assert run("cleanup", *arguments).returncode == 0
    assert "no agent" in run("status", *arguments).stdout


def test_a_template_that_is_named_and_missing_is_an_error(node, binary, tmp_path):
    for files in ({}, {"coredns/Corefile.base": TEMPLATE % {"local": LOCAL[4]}}):
        with running(files, tmp_path, ["-localip", LOCAL[4], "-conf", "/etc/Corefile", "-basecorefile", "/etc/none"],
                     {}) as agent:
            assert agent.child.wait(10) == 1
            assert "/etc/none: No such file or directory" in agent.text()


def test_neither_of_the_two(node, binary, tmp_path):
    with running({}, tmp_path, ["-localip", LOCAL[4], "-conf", "/etc/Corefile"], {}) as agent:
        assert agent.child.wait(10) == 1
        assert "/etc/Corefile: No such file or directory" in agent.text()
        assert "there is no template /etc/coredns/Corefile.base" in agent.text()


def test_errors_name_the_template(node, binary, tmp_path):
    files = {"coredns/Corefile.base": ".:53 {\n    forwad . 127.0.0.2\n}\n"}
    with running(files, tmp_path, ["-localip", LOCAL[4], "-conf", "/etc/Corefile"], {}) as agent:
        assert agent.child.wait(10) == 1
        assert "/etc/coredns/Corefile.base:2: " in agent.text()


def test_check_looks_at_the_file_that_is_named_too(binary, tmp_path):
    """Where a template is mounted, `check --conf FILE` must not say that all is well with a FILE it never read."""
    files = {"coredns/Corefile.base": TEMPLATE % {"local": LOCAL[4]}, "mine": ".:53 {\n    forwad . 127.0.0.2\n}\n"}
    done = subprocess.run([str(word) for word in in_pod(files, tmp_path, ours.BINARY, "check", "--conf", "/etc/mine",
                                                         "-localip", LOCAL[4], "--cluster-dns", CLUSTER_DNS[4])],
                          capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert "/etc/mine:2: " in done.stderr
    assert "note: `run` with these flags reads the template /etc/coredns/Corefile.base, not /etc/mine" in done.stderr
