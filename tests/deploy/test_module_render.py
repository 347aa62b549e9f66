"""The chart's objects: valid, with a Corefile and flags that the program takes, whatever the settings."""

import subprocess

import pytest

from helm import chart
from helm.addon_operator import load, merge
from helm.chart import MODULE, PROMETHEUS_OPERATOR, setting, template
from helm.from_schema import described
from rendered import Started
from schemas.validation import problems
from test_module_kustomize import OVERLAYS

SERVICES = {"kube-dns": "10.96.0.10", "kube-dns-upstream": "10.96.0.11", "kube-dns-upstream-ipv6": "fd00::11",
            "coredns": "10.96.0.10"}

COREFILE = ".:53 {\n    bind __PILLAR__LOCAL__DNS__\n    forward . __PILLAR__UPSTREAM__SERVERS__\n}\n"
SETS = OVERLAYS | {
    "none": {"mode": "none"},
    "chain": {"fallbackMethod": "chain", "kubeProxyMode": "iptables", "iptablesBackend": "legacy"},
    "upstreams": {"upstreamServers": ["10.0.0.53", "10.0.1.53:5353", "fd00::53", "[fd00::54]:5353"]},
    "zones": {"forwardZones": [{"zone": "corp.example.com", "servers": ["10.0.0.53"]},
                               {"zone": "lan", "servers": ["10.0.0.54:5353", "[fd00::1]:53"], "forceTCP": True}]},
    "cache": {"cache": {"successTTL": 3600, "denialTTL": 30, "prefetch": 1000000, "serveStale": "24h"}},
    "prefetch": {"cache": {"prefetch": 10}},
    "log": {"logQueries": "denials", "logLevel": "debug"},
    "log-errors": {"logQueries": "errors"},
    "log-all": {"logQueries": "all", "cache": {"serveStale": "1h"}},
    "corefile": {"corefile": COREFILE},
    "domain": {"clusterDomain": "k8s.example.com"},
    "large": {"cacheMemory": "2GiB", "workers": 16, "maxSurge": "10%",
              "resources": {"limits": {"memory": "3Gi", "cpu": 2}}},
    "other-dns": {"clusterDNS": {"service": "coredns", "addresses": ["10.96.0.10"], "podSelector": {"app": "coredns"},
                                 "targetPorts": {"udp": "dns", "tcp": "1053"}}},
    "other-dns-transparent": {"mode": "transparent", "clusterDNS": {"service": "coredns"}},
    "transparent-addresses": {"mode": "transparent", "clusterDNS": {"addresses": ["10.96.0.10"]}},
    "two-addresses": {"localAddresses": ["169.254.20.10", "fd00:169:254:20::10"],
                      "clusterDNS": {"addresses": ["10.96.0.10", "fd00::10"]}},
    "scheduling": {"priorityClassName": "", "tolerations": [], "nodeSelector": {"dns": "local"},
                   "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
                       "nodeSelectorTerms": [{"matchExpressions": [{"key": "virtual", "operator": "DoesNotExist"}]}]}}},
                   "podAnnotations": {"prometheus.io/scrape": "true"}},
    "image": {"image": {"repository": "registry.example.com/dns", "tag": "1", "pullPolicy": "Always",
                        "pullSecrets": [{"name": "registry"}]}},
    "monitoring": {"metrics": {"monitor": "PodMonitor", "rules": True, "namespace": "monitoring", "interval": "1m",
                               "labels": {"release": "prometheus"}}, "dashboard": {"kind": "ConfigMap"}},
    "no-metrics": {"metrics": {"enabled": False}},
    "extra": {"extraArgs": ["--probe-interval=500ms", "-syncinterval=30s"]},
}


@pytest.mark.parametrize("name", SETS)
def test_objects_are_valid(name):
    release = template(SETS[name], "--api-versions", PROMETHEUS_OPERATOR)
    assert [line for one in release.objects for line in problems(one)] == []
    assert all(one["metadata"]["namespace"] for one in release.objects)


def started(release):
    return Started(release.container, SERVICES, pod_ips=("10.1.0.7", "fd00:1::7"))


def test_stale_answers_only_from_outside():
    """Of the cluster they would be addresses of pods that are gone."""
    settings = {"cache": {"serveStale": "1h"}, "forwardZones": [{"zone": "lan", "servers": ["10.0.0.53"]}]}
    blocks = template(settings).corefile.split("\n}\n")
    assert [block.split(":53")[0] for block in blocks if "serve_stale 1h" in block] == ["lan", "."]


def run(binary, *arguments, environment=()):
    return subprocess.run([binary, *arguments], env=dict(environment), check=False, timeout=20, capture_output=True,
                          text=True)


@pytest.mark.parametrize("name", SETS)
def test_corefile_passes_check(name, binary, tmp_path):
    """As the agent reads it: a template, with the pod's environment."""
    release = template(SETS[name])
    pod = started(release)
    corefile = tmp_path / "Corefile.base"
    corefile.write_text(release.corefile)
    kept = ("-localip=", "-upstreamsvc=", "--cluster-domain=", "--cluster-dns=")
    arguments = [one for one in pod.arguments if one.startswith(kept)]
    done = run(binary, "check", f"-basecorefile={corefile}", "--print", *arguments, environment=pod.environment)
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() in ("", "ok") or "warning" not in done.stderr.lower(), done.stderr
    assert "__PILLAR__" not in done.stdout, "a placeholder was left"


@pytest.mark.parametrize("name", SETS)
def test_flags_are_taken(name, binary):
    """The program complains of the last flag, which it does not have, and of no other."""
    pod = started(template(SETS[name]))
    done = run(binary, *pod.arguments, "--no-such-flag")
    assert done.returncode != 0
    assert done.stderr.splitlines()[0] == "The following argument was not expected: --no-such-flag", done.stderr
    assert "$(" not in " ".join(pod.arguments), "a variable that the kubelet does not know"


def test_flags_that_are_wrong_are_noticed(binary):
    """That the test above can fail."""
    assert "--mode" in run(binary, "run", "--mode=sideways", "--no-such-flag").stderr.splitlines()[0]


# --- each setting ----------------------------------------------------------------------------------------------------

# A value for each setting, other than the default; what is in SETS is not repeated where one value says it all.
OTHER = {
    "image.repository": "registry.example.com/dns", "image.tag": "1.0", "image.digest": f"sha256:{'0' * 64}",
    "image.pullPolicy": "Always", "image.pullSecrets": [{"name": "registry"}], "localAddresses": ["10.0.0.1"],
    "mode": "none", "fallbackMethod": "steer", "kubeProxyMode": "ipvs", "iptablesBackend": "nft",
    "clusterDomain": "example", "clusterDNS.service": "coredns", "clusterDNS.addresses": ["10.96.0.10"],
    "clusterDNS.podSelector": {"app": "coredns"}, "clusterDNS.targetPorts.udp": "dns",
    "clusterDNS.targetPorts.tcp": "dns-tcp",
    "upstreamServers": ["10.0.0.53"], "forwardZones": [{"zone": "lan", "servers": ["10.0.0.53"]}],
    "cache.successTTL": 60, "cache.denialTTL": 10, "cache.prefetch": 10, "cache.serveStale": "1h",
    "cacheMemory": "32MiB", "workers": 2, "logLevel": "debug", "logQueries": "all", "corefile": COREFILE,
    "extraArgs": ["--pidfile=/x"],
    "resources.requests": {"cpu": "1"}, "resources.limits": {"cpu": "1"}, "priorityClassName": "high",
    "tolerations": [], "nodeSelector": {"a": "b"}, "affinity": {"podAffinity": {"x": []}},
    "podAnnotations": {"a": "b"}, "maxSurge": 2,
    "metrics.enabled": False, "metrics.monitor": "PodMonitor", "metrics.interval": "1m",
    "metrics.namespace": "monitoring", "metrics.labels": {"release": "prometheus"},
    "metrics.rules": True, "dashboard.kind": "ConfigMap",
    "dashboard.namespace": "grafana", "dashboard.labels": {"grafana_dashboard": "yes"},
}


def leaves():
    return [path for path, schema in described(load("openapi/config-values.yaml"))
            if "[]" not in path and (path == "affinity" or not schema.get("properties"))]


@pytest.mark.parametrize("path", leaves())
def test_every_setting_has_an_effect(path):
    shown = {"dashboard": {"kind": "ConfigMap"}} if path.startswith("dashboard.") and path != "dashboard.kind" else {}
    arguments = ("--api-versions", PROMETHEUS_OPERATOR)
    assert OTHER[path] is not None
    changed = template(merge(shown, setting(path, OTHER[path])), *arguments)
    assert changed.objects != template(shown, *arguments).objects


# --- what only Helm knows --------------------------------------------------------------------------------------------

def test_plain_helm():
    """The command of the README; what a user has given by --set only."""
    release = template(None, "--namespace", "kube-system", sets=["nodeLocalDns.image.repository=example.com/dns"])
    assert release.container["image"] == "example.com/dns:0.1.0"
    kinds = [one["kind"] for one in release.objects]
    assert kinds == ["ServiceAccount", "ConfigMap", "Service", "Service", "DaemonSet"], "Services before who needs them"


def test_image_names():
    digest = f"sha256:{'a' * 64}"
    assert template({"image": {"tag": "7"}}).container["image"] == "node-local-dns:7"
    assert template({"image": {"tag": "7", "digest": digest}}).container["image"] == f"node-local-dns@{digest}"


def test_the_release_may_have_any_name_and_namespace():
    assert template({}, "--name", "dns", "--namespace", "elsewhere").objects == template({}).objects


def test_custom_resources_only_where_they_are_known():
    assert {one["apiVersion"] for one in template({}).objects} == {"v1", "apps/v1"}
    assert template({}, "--api-versions", PROMETHEUS_OPERATOR).all("ServiceMonitor")
    assert not template({"metrics": {"monitor": "none"}}, "--api-versions", PROMETHEUS_OPERATOR).all("ServiceMonitor")
    assert not template({"metrics": {"enabled": False}}, "--api-versions", PROMETHEUS_OPERATOR).all("ServiceMonitor")


def test_clusters_older_than_max_surge():
    """They would drop the field they do not know, and refuse maxUnavailable 0."""
    old, new = {"maxUnavailable": 1}, {"maxSurge": 1, "maxUnavailable": 0}
    for version, expected in (("v1.16.9", old), ("v1.21.14-eks-1", old), ("v1.22.0", new), ("v1.33.1+k3s1", new)):
        update = template({}, "--kube-version", version).one("DaemonSet")["spec"]["updateStrategy"]
        assert update["rollingUpdate"] == expected, version
    replacing = template({"maxSurge": 0}, "--kube-version", "v1.21.0").one("DaemonSet")
    assert replacing["spec"]["updateStrategy"]["rollingUpdate"] == old


def test_the_fallback_outlives_the_release():
    """The rules that stay on the nodes lead to these Services."""
    release = template({"localAddresses": ["169.254.20.10", "fd00:169:254:20::10"]})
    kept = [one["metadata"]["name"] for one in release.objects
            if one["metadata"].get("annotations") == {"helm.sh/resource-policy": "keep"}]
    assert sorted(kept) == ["kube-dns-upstream", "kube-dns-upstream-ipv6"]


def test_requests_can_be_removed():
    """A null removes what the chart sets, as everywhere in Helm."""
    assert "resources" not in template({"resources": None}).container
    kept = template({"resources": {"limits": None}}).container["resources"]
    assert kept == {"requests": {"cpu": "25m", "memory": "32Mi"}}


def test_notes_say_what_to_do_next():
    notes = template({"localAddresses": ["169.254.20.11"]}).notes
    assert "clusterDNS:\n    - 169.254.20.11" in notes and "in no public registry" in notes
    notes = template({"mode": "transparent", "image": {"repository": "registry.example.com/dns"}}).notes
    assert "clusterDNS" not in notes and "registry" not in notes


# What Helm 2.16 (Antiopa's time) calls a function: those of text/template in Go 1.13, of sprig 2.22, its own.
OF_HELM_2 = {
    "and", "or", "not", "eq", "ne", "lt", "index", "len", "printf",
    "add", "concat", "contains", "default", "dict", "div", "fail", "first", "has", "hasKey", "hasSuffix", "int",
    "int64", "join", "keys", "kindIs", "list", "lower", "merge", "mul", "nindent", "quote", "regexFind", "regexMatch",
    "regexReplaceAll", "replace", "semverCompare", "set", "sortAlpha", "ternary", "toString", "trimSuffix", "uniq",
    "upper",
    "fromYaml", "include", "required", "toYaml",
}


def test_functions_are_those_of_old_helm_too():
    assert set(chart.run(MODULE, "--functions")) <= OF_HELM_2


def test_release_is_small():
    """Helm keeps all files that are not ignored in one Secret, of 1 MB at most; docs and schemas are for others."""
    ignored = (MODULE / ".helmignore").read_text().split()
    assert {"docs/", "openapi/", "enabled", "module.yaml", "oss.yaml"} <= set(ignored)
