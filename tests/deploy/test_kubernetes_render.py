"""Overlays, components and what the README combines: rendered by kubectl 1.32, valid for the Kubernetes API."""

import copy
import itertools

import pytest
import yaml

import rendered
from schemas.validation import problems

KUBE_PROXY = ("kube-proxy-iptables", "kube-proxy-ipvs", "kube-proxy-nftables")
FAMILIES = ((), ("ipv6",), ("dual-stack",))
MONITORS = ((), ("servicemonitor",), ("podmonitor",), ("scrape-annotations",))
# Each mode with each family; a monitor touches neither, so they take turns.
COMBINATIONS = [
    *[(mode, *family, *monitor)
      for (mode, family), monitor in zip(itertools.product(KUBE_PROXY, FAMILIES), itertools.cycle(MONITORS))],
    *[(mode, *family, "transparent") for mode, family in itertools.product((KUBE_PROXY[0], KUBE_PROXY[2]), FAMILIES)],
    ("cilium", "podmonitor"),
    ("kube-proxy-ipvs", "replace-node-cache"),
]
# In the order in which a pod needs them.
ORDER = ("ServiceAccount", "ConfigMap", "Service", "DaemonSet")


def valid(manifests):
    return [line for one in manifests.objects for line in problems(one)]


@pytest.mark.parametrize("name", [*rendered.OVERLAYS, "cleanup"])
def test_overlay(name):
    manifests = rendered.overlay(name)
    assert valid(manifests) == []
    kinds = [one["kind"] for one in manifests.objects if one["kind"] in ORDER]
    assert kinds == sorted(kinds, key=ORDER.index), "the DaemonSet needs what comes before it"


def test_base():
    """Without an overlay: kube-proxy's mode is found out."""
    manifests = rendered.Rendered(rendered.text(rendered.BASE))
    assert valid(manifests) == []
    assert not any("kube-proxy-mode" in one for one in manifests.container["args"])


@pytest.mark.parametrize("components", COMBINATIONS, ids="+".join)
def test_combination(tmp_path, components):
    assert valid(rendered.combined(tmp_path / "own", components)) == []


def test_every_component_is_combined():
    there = {path.parent.name for path in (rendered.MANIFESTS / "components").glob("*/kustomization.yaml")}
    assert there == {one for combination in COMBINATIONS for one in combination}
    overlays = {path.parent.name for path in (rendered.MANIFESTS / "overlays").glob("*/kustomization.yaml")}
    assert overlays == {*rendered.OVERLAYS, "cleanup"}


def test_own_kustomization(tmp_path):
    """What the README tells: an image, another domain, another Corefile, a label for the monitor."""
    overlay = rendered.combined(tmp_path / "first", ("kube-proxy-ipvs", "servicemonitor"))
    assert overlay.container["image"] == "node-local-dns:0.1.0"
    own = tmp_path / "own"
    own.mkdir()
    (own / "Corefile").write_text(". {\n    forward . 192.0.2.1\n}\n")
    (own / "kustomization.yaml").write_text(yaml.safe_dump({
        "resources": ["../first"],
        "images": [{"name": "node-local-dns", "newName": "registry.example.com/dns/node-local-dns", "newTag": "0.1.1"}],
        "configMapGenerator": [{"name": "node-local-dns", "namespace": "kube-system", "behavior": "replace",
                                "files": ["Corefile"], "options": {"disableNameSuffixHash": True}}],
        "patches": [{"target": {"kind": "ServiceMonitor"}, "patch": yaml.safe_dump(
            [{"op": "add", "path": "/metadata/labels/release", "value": "prometheus"}])},
            {"patch": yaml.safe_dump({
                "apiVersion": "apps/v1", "kind": "DaemonSet",
                "metadata": {"name": "node-local-dns", "namespace": "kube-system"},
                "spec": {"template": {"spec": {"containers": [{"name": "node-local-dns", "env": [
                    {"name": "CLUSTER_DOMAIN", "value": "cluster.example"}]}]}}}})}]}))
    manifests = rendered.Rendered(rendered.text(own))
    assert valid(manifests) == []
    assert manifests.container["image"] == "registry.example.com/dns/node-local-dns:0.1.1"
    assert manifests.corefile == (own / "Corefile").read_text()
    assert manifests.one("ServiceMonitor")["metadata"]["labels"]["release"] == "prometheus"
    assert "--cluster-domain=cluster.example" in rendered.Started(manifests.container, {}).arguments


# The validation itself.

def change(thing, path, value):
    *way, last = path
    changed = thing = copy.deepcopy(thing)
    for step in way:
        thing = thing[step]
    if value is None:
        del thing[last]
    else:
        thing[last] = value
    return changed


@pytest.fixture(scope="module")
def good_manifests(tmp_path_factory):
    return rendered.combined(tmp_path_factory.mktemp("good"), ("cilium", "servicemonitor", "podmonitor"))


CONTAINER = ("spec", "template", "spec", "containers", 0)


@pytest.mark.parametrize("kind, path, value, expected", [
    ("DaemonSet", ("spec", "selector"), None, "'selector' is a required property"),
    ("DaemonSet", ("spec", "template", "spec", "hostNetwrk"), True, "'hostNetwrk' was unexpected"),
    ("DaemonSet", ("spec", "template", "spec", "terminationGracePeriodSeconds"), "10", "is not of type 'integer'"),
    ("DaemonSet", (*CONTAINER, "resources", "limits", "memory"), ["1Gi"], "is not valid under any"),
    ("DaemonSet", (*CONTAINER, "livenessProbe", "httpGet", "port"), None, "'port' is a required property"),
    ("DaemonSet", ("apiVersion",), "apps/v2", "no schema is known of DaemonSet in apps/v2"),
    ("Service", ("spec", "ports", 0, "port"), "53", "is not of type 'integer'"),
    ("ServiceMonitor", ("spec", "endpoints", 0, "relabellings"), [], "'relabellings' was unexpected"),
    ("ServiceMonitor", ("spec", "endpoints", 0, "relabelings", 0, "action"), "copy", "is not one of"),
    ("PodMonitor", ("spec", "podMetricsEndpoints", 0, "portNumber"), "9253", "is not of type 'number'"),
    ("PodMonitor", ("spec", "selector"), None, "'selector' is a required property"),
    ("CiliumLocalRedirectPolicy", ("spec", "redirectBackend", "toPorts", 0, "port"), 53, "is not of type 'string'"),
    ("CiliumLocalRedirectPolicy", ("spec", "redirectFrontend"), {}, "is not valid under any"),
    ("CiliumLocalRedirectPolicy", ("spec", "redirectFrontend", "serviceMatch"), {}, "'serviceMatch' was unexpected"),
])
def test_wrong_manifests_are_refused(good_manifests, kind, path, value, expected):
    good = good_manifests.all(kind)[0]
    assert problems(good) == []
    found = problems(change(good, path, value))
    assert len(found) == 1 and expected in found[0], found
