"""Manifests as a cluster gets them: rendered by kubectl, and the container as a kubelet would start it."""

import functools
import pathlib
import re
import subprocess

import yaml

import tools

MANIFESTS = pathlib.Path(__file__).resolve().parents[2] / "deploy/kubernetes"
BASE = MANIFESTS / "base"
OVERLAYS = ("iptables", "ipvs", "nftables", "transparent", "cilium", "ipv6", "dual-stack")


@functools.cache
def text(folder):
    """`kubectl kustomize FOLDER`."""
    done = subprocess.run([tools.kubectl(), "kustomize", folder], capture_output=True, text=True, check=False,
                          timeout=60)
    assert done.returncode == 0, done.stderr
    assert not done.stderr, f"kubectl warns: {done.stderr}"
    return done.stdout


def overlay(name):
    return Rendered(text(MANIFESTS / "overlays" / name))


def combined(folder, components):
    """The base with these components, by a kustomization that is written into `folder`."""
    return own(folder, {"resources": ["OURS/base"], "components": [f"OURS/components/{one}" for one in components]})


def own(folder, kustomization):
    """What a user's kustomization.yaml renders to; OURS stands for our manifests' folder."""
    folder.mkdir(exist_ok=True)
    # Kustomize takes no absolute paths.
    manifests = "/".join([".."] * len(folder.resolve().parts[1:])) + str(MANIFESTS)
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization).replace("OURS/", f"{manifests}/"))
    return Rendered(text(folder))


class Rendered:
    """The objects of one rendering."""

    def __init__(self, manifest):
        self.objects = list(yaml.safe_load_all(manifest))

    def all(self, kind):
        return [one for one in self.objects if one["kind"] == kind]

    def one(self, kind, name="node-local-dns"):
        found = [one for one in self.all(kind) if one["metadata"]["name"] == name]
        assert len(found) == 1, f"{len(found)} objects {kind} {name}"
        return found[0]

    @property
    def pod(self):
        """The DaemonSet's pod: its spec."""
        return self.one("DaemonSet")["spec"]["template"]["spec"]

    @property
    def container(self):
        assert len(self.pod["containers"]) == 1
        return self.pod["containers"][0]

    @property
    def corefile(self):
        return self.one("ConfigMap")["data"]["Corefile"]


class Started:
    """A container as the kubelet starts it (pkg/kubelet/kubelet_pods.go, makeEnvironmentVariables): variables in their
    order, each with those before it and the Services' in its value; then the arguments with all of them."""

    def __init__(self, container, services, pod_ips=()):
        """`services`: name → cluster IP, of those in the pod's namespace."""
        known = {f"{name.replace('-', '_').upper()}_SERVICE_HOST": address for name, address in services.items()}
        for variable in container.get("env", []):
            if "value" in variable:
                known[variable["name"]] = expand(variable["value"], known)
            else:
                field = variable["valueFrom"]["fieldRef"]["fieldPath"]
                assert field == "status.podIPs", field
                known[variable["name"]] = ",".join(pod_ips)
        self.environment = known
        self.arguments = [expand(one, known) for one in container["args"]]

    def flag(self, name):
        """Values of a flag, with one dash or two; commas split them."""
        found = [re.fullmatch(rf"--?{re.escape(name)}=(.*)", one) for one in self.arguments]
        return [value for match in found if match for value in match.group(1).split(",")]


def expand(value, known):
    """$(NAME) becomes its value; an unknown one stays; $$ is a dollar sign."""
    return re.sub(r"\$\$|\$\((\w+)\)",
                  lambda match: "$" if match.group(0) == "$$" else known.get(match.group(1), match.group(0)), value)
