"""What has to agree inside each overlay: flags, Corefile, ports, addresses, selectors, mounts, memory."""

import re

import pytest

import rendered
from lab import ours
from lab.namespaces import Namespace

AGENT_PORT, SERVER_PORT, HEALTH_PORT = 9353, 9253, 8080
LOCAL = {"ipv6": ["fd00:169:254:20::10"], "dual-stack": ["169.254.20.10", "fd00:169:254:20::10"],
         "transparent": ["169.254.20.10", "10.96.0.10"], "cilium": ["10.244.1.2"]}
SERVICES = {"kube-dns": "10.96.0.10", "kube-dns-upstream": "10.96.0.11", "kube-dns-upstream-ipv6": "fd00:10:96::b"}
IPV6_SERVICES = {"kube-dns": "fd00:10:96::a", "kube-dns-upstream": "fd00:10:96::b"}
KIB = {"Ki": 1, "Mi": 1 << 10, "Gi": 1 << 20}

overlays = pytest.mark.parametrize("name", rendered.OVERLAYS)
on_host_network = pytest.mark.parametrize("name", [one for one in rendered.OVERLAYS if one != "cilium"])


def start(name):
    services = IPV6_SERVICES if name == "ipv6" else SERVICES
    return rendered.Started(rendered.overlay(name).container, services, pod_ips=LOCAL["cilium"])


def effective_corefile(name, tmp_path):
    """`check --print` with the DaemonSet's own Corefile, flags and environment."""
    base = tmp_path / "Corefile.base"
    base.write_text(rendered.overlay(name).corefile)
    started = start(name)
    taken = ("localip", "kubednscm", "upstreamsvc", "cluster-domain", "cluster-dns")
    flags = [one for one in started.arguments if re.match(r"--?([\w-]+)=", one) and
             re.match(r"--?([\w-]+)=", one).group(1) in taken]
    done = ours.run("check", "--print", "--basecorefile", base, *flags, environment=started.environment)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", done.stderr
    return done.stdout


@overlays
def test_corefile(binary, tmp_path, name):
    text = effective_corefile(name, tmp_path)
    assert "__PILLAR__" not in text and "{$" not in text
    local = LOCAL.get(name, ["169.254.20.10"])
    blocks = re.findall(r"^(\S+) \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL)
    assert [zone for zone, _ in blocks] == ["cluster.local:53", "in-addr.arpa:53", "ip6.arpa:53", ".:53"]
    upstream = {"ipv6": "fd00:10:96::b", "dual-stack": "10.96.0.11 fd00:10:96::b"}.get(name, "10.96.0.11")
    for zone, body in blocks:
        assert re.search(r"^\s+bind (.*)$", body, re.MULTILINE).group(1).split() == local
        assert re.search(r"^\s+prometheus :(\d+)$", body, re.MULTILINE).group(1) == str(SERVER_PORT)
        assert {"errors", "reload", "loop"} <= set(body.split())
        to = re.search(r"^\s+forward \. (.*?)(?: \{)?$", body, re.MULTILINE).group(1)
        assert to == ("/etc/resolv.conf" if zone == ".:53" else upstream)
        assert ("force_tcp" in body) == (to != "/etc/resolv.conf")
    health = re.findall(r"^\s+health (\S+)$", text, re.MULTILINE)
    host = {"cilium": ""}.get(name, f"[{local[0]}]" if ":" in local[0] else local[0])
    assert health == [f"{host}:{HEALTH_PORT}"]


@overlays
def test_flags(binary, name):
    """All are known to `run`, every variable has a value, and the addresses are the Corefile's."""
    started = start(name)
    assert "$(" not in " ".join([*started.arguments, *started.environment.values()])
    assert started.arguments[0] == "run"
    known = set(re.findall(r"--([\w.-]+)", ours.run("run", "--help").stdout))
    for one in started.arguments[1:]:
        assert re.match(r"--?([\w.-]+)=", one).group(1) in known, one
    assert started.flag("localip") == LOCAL.get(name, ["169.254.20.10"])
    assert started.flag("metrics-listen-address") == [f":{AGENT_PORT}"]


@on_host_network
def test_rules(binary, name):
    """`rules` takes the same flags, and both address families that they name get a rule set."""
    started = start(name)
    only_run = ("metrics-listen-address",)
    flags = [one for one in started.arguments[1:] if not one.startswith(tuple(f"-{one}" for one in only_run))]
    space = Namespace()
    try:
        with space.inside():
            done = ours.run("rules", *flags, environment=started.environment)
    finally:
        space.remove()
    assert done.returncode == 0, done.stderr
    for address in started.flag("localip"):
        assert address in done.stdout
    families = {"IPv6" if ":" in one else "IPv4" for one in started.flag("localip")}
    assert len(re.findall(r"^# (\S+): mode", done.stdout, re.MULTILINE)) == len(families), done.stdout
    mode = "transparent" if name == "transparent" else "fallback"
    assert f"mode {mode}" in done.stdout
    if mode == "fallback":
        for address in ([SERVICES["kube-dns-upstream"]] if "IPv4" in families else []) + \
                ([IPV6_SERVICES["kube-dns-upstream"]] if "IPv6" in families else []):
            assert address in done.stdout, "no way to the cluster DNS"
    if name in ("iptables", "ipvs", "nftables"):
        assert f"kube-proxy {name} (flag --kube-proxy-mode)" in done.stdout


def test_transparent_is_refused_with_ipvs(binary, tmp_path):
    """Why the README does not offer it."""
    container = rendered.combined(tmp_path / "own", ("kube-proxy-ipvs", "transparent")).container
    started = rendered.Started(container, SERVICES)
    flags = [one for one in started.arguments[1:] if not one.startswith("-metrics")]
    done = ours.run("rules", *flags, environment=started.environment)
    assert done.returncode != 0 and "ipvs" in done.stderr


@overlays
def test_pod(name):
    manifests = rendered.overlay(name)
    spec = manifests.one("DaemonSet")["spec"]
    labels = spec["template"]["metadata"]["labels"]
    assert spec["selector"]["matchLabels"] == labels == {"k8s-app": "node-local-dns"}
    assert spec["updateStrategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    pod, container = manifests.pod, manifests.container
    # Every taint, present or future: no key, no effect.
    assert {"operator": "Exists"} in pod["tolerations"]
    assert pod["dnsPolicy"] == "Default", "its own upstream must not be itself"
    assert pod["enableServiceLinks"] is True, "the environment tells the upstream"
    assert pod["automountServiceAccountToken"] is False
    assert pod["serviceAccountName"] == manifests.one("ServiceAccount")["metadata"]["name"]
    if name == "cilium":
        assert not pod["hostNetwork"]
        assert container["securityContext"]["capabilities"]["add"] == ["NET_BIND_SERVICE"]
    else:
        assert pod["hostNetwork"]
        assert "ports" not in container, "host ports: the second pod of maxSurge could not be scheduled"
    volumes = {one["name"] for one in pod["volumes"]}
    mounts = {one["name"] for one in container["volumeMounts"]}
    assert volumes == mounts
    mounted = {one["mountPath"]: one["name"] for one in container["volumeMounts"]}
    config = {one["name"]: one.get("configMap") for one in pod["volumes"]}
    assert config[mounted["/etc/coredns"]]["name"] == manifests.one("ConfigMap")["metadata"]["name"]
    assert "-basecorefile=/etc/coredns/" + config[mounted["/etc/coredns"]]["items"][0]["path"] in container["args"]
    assert config[mounted["/etc/kube-dns"]] == {"name": "kube-dns", "optional": True}
    for probe in ("livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["port"] == AGENT_PORT
        assert "host" not in container[probe]["httpGet"], "the pod's own address, of whatever family"
    # The agent's own bound, 5 s, must end it before the kubelet does.
    assert pod["terminationGracePeriodSeconds"] > 5


@overlays
def test_memory(binary, name):
    """The limit holds what its comment counts up; the cache's part is the program's own default."""
    budget = int(re.search(r"--cache-memory .*=(\d+)", ours.run("run", "--help").stdout).group(1)) >> 10
    limits = rendered.overlay(name).container["resources"]["limits"]
    value, unit = re.fullmatch(r"(\d+)(\w+)", limits["memory"]).groups()
    base, listing = 11 << 10, 180 << 10
    assert int(value) * KIB[unit] >= budget + base + listing
    assert "cpu" not in limits


@overlays
def test_services(name):
    manifests = rendered.overlay(name)
    upstream = manifests.one("Service", "kube-dns-upstream")
    assert upstream["spec"]["selector"] == {"k8s-app": "kube-dns"}
    assert [(one["name"], one["protocol"], one["port"]) for one in upstream["spec"]["ports"]] == [
        ("dns", "UDP", 53), ("dns-tcp", "TCP", 53)]
    assert f"-upstreamsvc={upstream['metadata']['name']}" in manifests.container["args"]
    metrics = manifests.one("Service")
    assert metrics["spec"]["clusterIP"] == "None"
    assert metrics["spec"]["selector"] == metrics["metadata"]["labels"] == {"k8s-app": "node-local-dns"}
    assert {one["name"]: (one["port"], one["targetPort"]) for one in metrics["spec"]["ports"]} == {
        "metrics": (SERVER_PORT, SERVER_PORT), "agent-metrics": (AGENT_PORT, AGENT_PORT)}
    families = [one["spec"].get("ipFamilies") for one in manifests.all("Service")
                if one["metadata"]["name"].startswith("kube-dns-upstream")]
    assert families == ([["IPv4"], ["IPv6"]] if name == "dual-stack" else [None])


def test_cilium_policy():
    """Its backend is this pod, at ports that the pod declares under these names."""
    manifests = rendered.overlay("cilium")
    spec = manifests.all("CiliumLocalRedirectPolicy")[0]["spec"]
    assert spec["redirectFrontend"]["serviceMatcher"] == {"serviceName": "kube-dns", "namespace": "kube-system"}
    labels = manifests.one("DaemonSet")["spec"]["template"]["metadata"]["labels"]
    assert spec["redirectBackend"]["localEndpointSelector"]["matchLabels"] == labels
    assert [(one["name"], one["protocol"], int(one["port"])) for one in spec["redirectBackend"]["toPorts"]] == [
        (one["name"], one["protocol"], one["containerPort"]) for one in manifests.container["ports"]]
    # A Service of its own, or the redirected queries would come back.
    assert manifests.one("Service", "kube-dns-upstream")


def test_version(binary):
    """The image's tag is the program's version, here and in the clean-up."""
    version = ours.run("--version").stdout.split()[1]
    images = {rendered.overlay("iptables").container["image"]}
    images.update(one["image"] for one in rendered.overlay("cleanup").objects[0]["spec"]["template"]["spec"][
        "initContainers"])
    assert images == {f"node-local-dns:{version}"}
