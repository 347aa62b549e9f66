"""The chart makes the same objects as deploy/kubernetes, so that the two cannot drift apart."""

import copy

import pytest

import rendered
from helm.chart import template

OVERLAYS = {
    "base": {},
    "iptables": {"kubeProxyMode": "iptables"},
    "ipvs": {"kubeProxyMode": "ipvs"},
    "nftables": {"kubeProxyMode": "nftables"},
    "transparent": {"mode": "transparent"},
    "cilium": {"mode": "cilium"},
    "ipv6": {"localAddresses": ["fd00:169:254:20::10"]},
    "dual-stack": {"localAddresses": ["169.254.20.10", "fd00:169:254:20::10"]},
}
# What Helm's objects have besides: who made them, with which version.
RELEASE_LABELS = {"app.kubernetes.io/name", "app.kubernetes.io/version", "app.kubernetes.io/managed-by",
                  "helm.sh/chart"}

KEPT = {"helm.sh/resource-policy": "keep"}


def comparable(one):
    """Without the labels of the release; flags as a set, for their order means nothing; Kubernetes' own default made
    explicit."""
    one = copy.deepcopy(one)
    labels = one["metadata"].get("labels", {})
    one["metadata"]["labels"] = {name: value for name, value in labels.items() if name not in RELEASE_LABELS}
    if one["kind"] == "DaemonSet":
        pod_labels = one["spec"]["template"]["metadata"]["labels"]
        assert not RELEASE_LABELS & set(pod_labels), "each release would replace all pods"
        (container,) = one["spec"]["template"]["spec"]["containers"]
        assert container["args"][0] == "run"
        container["args"] = sorted(container["args"])
        container["env"] = sorted(container["env"], key=lambda variable: variable["name"])
        container.setdefault("imagePullPolicy", "IfNotPresent")
    if one["metadata"]["name"].startswith("kube-dns-upstream"):
        # `kubectl delete -k` has no such thing: there the order is the reader's.
        assert one["metadata"].pop("annotations", KEPT) == KEPT
    if one["kind"] == "ConfigMap":
        one["data"] = {name: text.strip() for name, text in one["data"].items()}
    return one


def by_name(objects):
    return {(one["kind"], one["metadata"]["namespace"], one["metadata"]["name"]): comparable(one) for one in objects}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_same_as_kustomize(overlay):
    theirs = rendered.Rendered(rendered.text(rendered.BASE)) if overlay == "base" else rendered.overlay(overlay)
    ours = template(OVERLAYS[overlay])
    assert by_name(ours.objects) == by_name(theirs.objects)


def test_every_overlay_is_compared():
    assert set(OVERLAYS) == {"base", *rendered.OVERLAYS}


def test_same_as_kustomize_when_node_cache_is_replaced(tmp_path):
    """But for the ConfigMap: a release holds all of its objects, so the chart cannot leave the old one alone (FAQ)."""
    theirs = by_name(rendered.combined(tmp_path / "own", ["replace-node-cache"]).objects)
    ours = by_name(template({"maxSurge": 0}).objects)
    assert ("ConfigMap", "kube-system", "node-local-dns") not in theirs
    del ours["ConfigMap", "kube-system", "node-local-dns"]
    assert ours == theirs


@pytest.mark.parametrize("kind", ["ServiceMonitor", "PodMonitor"])
def test_same_monitor_as_kustomize(kind, tmp_path):
    """But for the interval, which the chart names."""
    theirs = rendered.combined(tmp_path / "own", [kind.lower()]).one(kind)
    ours = comparable(template({"metrics": {"monitor": kind}}).one(kind))
    for endpoint in ours["spec"].get("endpoints", []) + ours["spec"].get("podMetricsEndpoints", []):
        assert endpoint.pop("interval") == "30s"
    assert ours == comparable(theirs)
