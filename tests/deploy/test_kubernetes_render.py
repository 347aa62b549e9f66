"""Overlays, components and what the README combines: rendered by kubectl 1.32, valid for the Kubernetes API."""

import copy
import itertools
import re

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
README = (rendered.MANIFESTS / "README.md").read_text(encoding="utf-8")
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
    for one in there | overlays:
        assert f"`{one}`" in README or f"overlays/{one}" in README, f"the README does not tell of {one}"


def readme_kustomization(key, text=""):
    """The one example of the README that has this key and speaks of `text`."""
    blocks = [yaml.safe_load(one.replace("../node-local-dns/deploy/kubernetes", "OURS"))
              for one in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)]
    found = [one for one in blocks if key in one and text in str(one[key])]
    assert len(found) == 1, found
    return {"resources": ["OURS/overlays/ipvs"], **found[0]}


def test_readme_image(tmp_path):
    manifests = rendered.own(tmp_path / "own", readme_kustomization("images"))
    assert valid(manifests) == []
    assert manifests.container["image"] == "registry.example.com/node-local-dns:0.1.0"


def test_readme_components(tmp_path):
    manifests = rendered.own(tmp_path / "own", readme_kustomization("components", "dual-stack"))
    assert valid(manifests) == []
    assert manifests.all("ServiceMonitor") and "--kube-proxy-mode=nftables" in manifests.container["args"]


def test_readme_first_rollout(tmp_path):
    """Without a Corefile: the one in the cluster stays."""
    manifests = rendered.own(tmp_path / "own", readme_kustomization("components", "replace-node-cache"))
    assert valid(manifests) == []
    assert manifests.all("ConfigMap") == []
    after = rendered.overlay("iptables").one("DaemonSet")
    first = manifests.one("DaemonSet")
    assert first["spec"]["template"] == after["spec"]["template"], "the second step replaces no pod"
    assert first["spec"]["updateStrategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}


def test_readme_patches(tmp_path):
    """The label of the ServiceMonitor, a variable of the DaemonSet."""
    blocks = [yaml.safe_load(one) for one in re.findall(r"```yaml\n(patches:.*?)```", README, re.DOTALL)]
    patches = [patch for one in blocks for patch in one["patches"]]
    manifests = rendered.own(tmp_path / "own", {"resources": ["OURS/overlays/ipvs"], "patches": patches,
                                                "components": ["OURS/components/servicemonitor"]})
    assert valid(manifests) == []
    assert manifests.one("ServiceMonitor")["metadata"]["labels"]["release"] == "prometheus"
    assert "--cluster-domain=cluster.example" in rendered.Started(manifests.container, {}).arguments


def test_readme_corefile(tmp_path):
    """In place of ours, under the name that the pod mounts."""
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "Corefile").write_text(". {\n    forward . 192.0.2.1\n}\n")
    manifests = rendered.own(folder, readme_kustomization("configMapGenerator"))
    assert valid(manifests) == []
    assert manifests.corefile == (folder / "Corefile").read_text()


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
