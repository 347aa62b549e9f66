"""The manifests and a real API server: it takes every overlay, and an overlay takes the place of Kubernetes' own
node-local-dns.

The server is of 1.20: it does not know maxSurge (1.22), and without that refuses maxUnavailable 0. So both are replaced
here, as the component replace-node-cache does it, and nothing else; tests/deploy checks them against newer schemas.
Nor does it know custom resources."""

import pathlib
import subprocess

import pytest
import yaml

import rendered
import tools

NODE_CACHE = (pathlib.Path(__file__).parent / "manifests/node-cache.yaml").read_text(encoding="utf-8")
OURS = ("daemonset/node-local-dns", "configmap/node-local-dns", "service/node-local-dns", "service/kube-dns-upstream",
        "service/kube-dns-upstream-ipv6", "serviceaccount/node-local-dns")


@pytest.fixture
def kubectl(cluster, tmp_path):
    """kubectl(*arguments, stdin=…) → its output; what it made of ours is deleted after the test."""
    def run(*arguments, stdin=None, check=True):
        done = subprocess.run([tools.kubectl(), "--kubeconfig", cluster.plane.kubeconfig, "--cache-dir", tmp_path,
                               "--namespace", "kube-system", *arguments], input=stdin, capture_output=True, text=True,
                              check=False, timeout=60)
        if check and done.returncode != 0:
            raise RuntimeError(f"kubectl {' '.join(map(str, arguments))}: {done.stderr}")
        return done.stdout
    yield run
    run("delete", "--ignore-not-found", "--wait=false", *OURS)


def for_this_server(manifests):
    objects = [one for one in manifests.objects if one["apiVersion"] in ("v1", "apps/v1")]
    for one in objects:
        if one["kind"] == "DaemonSet":
            update = one["spec"]["updateStrategy"]["rollingUpdate"]
            if update.pop("maxSurge", 0):
                assert update["maxUnavailable"] == 0
                update["maxUnavailable"] = 1
    return yaml.safe_dump_all(objects)


def get(kubectl, what):
    return yaml.safe_load(kubectl("get", what, "-o", "yaml"))


@pytest.mark.parametrize("name", [*rendered.OVERLAYS, "cleanup"])
def test_the_server_takes(kubectl, name):
    manifest = for_this_server(rendered.overlay(name))
    answer = kubectl("apply", "--dry-run=server", "-f", "-", stdin=manifest)
    assert answer.count("(server dry run)") == len(list(yaml.safe_load_all(manifest)))


def test_the_server_would_refuse(kubectl):
    """What only a server knows is really asked of one."""
    manifest = for_this_server(rendered.overlay("iptables")).replace("system-node-critical", "No Such Class")
    with pytest.raises(RuntimeError, match="priorityClassName"):
        kubectl("apply", "--dry-run=server", "-f", "-", stdin=manifest)


def test_in_place_of_node_cache(kubectl, tmp_path):
    """Applied over it, nothing of node-cache is left, and the Services keep their addresses. Its Corefile stays until
    the second step, which replaces no pod."""
    kubectl("apply", "-f", "-", stdin=NODE_CACHE)
    before, upstream = get(kubectl, "daemonset/node-local-dns"), get(kubectl, "service/kube-dns-upstream")
    ours = rendered.combined(tmp_path / "own", ("kube-proxy-iptables", "replace-node-cache"))
    answer = kubectl("apply", "-f", "-", stdin=for_this_server(ours))
    assert "daemonset.apps/node-local-dns configured" in answer
    after = get(kubectl, "daemonset/node-local-dns")
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["metadata"]["generation"] == before["metadata"]["generation"] + 1
    pod = after["spec"]["template"]["spec"]
    assert [one["name"] for one in pod["containers"]] == ["node-local-dns"]
    assert "ports" not in pod["containers"][0]
    assert {one["name"] for one in pod["volumes"]} == {one["name"] for one in ours.pod["volumes"]}
    assert pod["tolerations"] == ours.pod["tolerations"]
    assert "annotations" not in after["spec"]["template"]["metadata"]
    old = next(one for one in yaml.safe_load_all(NODE_CACHE) if one["kind"] == "ConfigMap")
    assert get(kubectl, "configmap/node-local-dns")["data"] == old["data"]
    second = rendered.overlay("iptables")
    kubectl("apply", "-f", "-", stdin=for_this_server(second))
    assert get(kubectl, "configmap/node-local-dns")["data"]["Corefile"] == second.corefile
    assert get(kubectl, "daemonset/node-local-dns")["spec"]["template"] == after["spec"]["template"]
    assert get(kubectl, "service/kube-dns-upstream")["spec"]["clusterIP"] == upstream["spec"]["clusterIP"]
    ports = get(kubectl, "service/node-local-dns")["spec"]["ports"]
    assert [one["name"] for one in ports] == ["metrics", "agent-metrics"]


def test_in_place_of_what_was_created(kubectl, tmp_path):
    """`kubectl create` leaves no record of what was applied, so `apply` would keep node-cache beside us. The README's
    way: the DaemonSet is deleted without its pods, and ours adopts them by their labels."""
    kubectl("create", "-f", "-", stdin=NODE_CACHE)
    ours = for_this_server(rendered.combined(tmp_path / "own", ("replace-node-cache",)))
    kubectl("apply", "-f", "-", stdin=ours)
    names = [one["name"] for one in get(kubectl, "daemonset/node-local-dns")["spec"]["template"]["spec"]["containers"]]
    assert sorted(names) == ["node-cache", "node-local-dns"]
    kubectl("delete", "daemonset/node-local-dns", "--cascade=orphan", "--wait=false")
    # The garbage collector's part, which is not here.
    kubectl("patch", "daemonset/node-local-dns", "--type=merge", "-p", '{"metadata": {"finalizers": null}}')
    kubectl("apply", "-f", "-", stdin=ours)
    after = get(kubectl, "daemonset/node-local-dns")["spec"]
    assert [one["name"] for one in after["template"]["spec"]["containers"]] == ["node-local-dns"]
    old = next(one for one in yaml.safe_load_all(NODE_CACHE) if one["kind"] == "DaemonSet")
    assert after["selector"]["matchLabels"] == old["spec"]["template"]["metadata"]["labels"]


def test_from_one_overlay_to_another(kubectl):
    """With apply alone, every way round: what one overlay adds, the next takes away."""
    for name in ("dual-stack", "transparent", "iptables"):
        kubectl("apply", "-f", "-", stdin=for_this_server(rendered.overlay(name)))
        pod = get(kubectl, "daemonset/node-local-dns")["spec"]["template"]["spec"]
        assert pod["containers"][0]["args"] == rendered.overlay(name).container["args"]
        assert pod["containers"][0]["env"] == rendered.overlay(name).container["env"]
