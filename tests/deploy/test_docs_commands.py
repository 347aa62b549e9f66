"""Commands of the pages for operators that can be tried without a cluster: checks, clean-up, kustomizations.

They are taken from the pages as they stand there, so that what a reader copies is what was tried."""

import subprocess

import markdown
import pytest
import tools
import yaml

from lab.namespaces import Namespace

KUBELET, DEPLOY, MIGRATION = (markdown.ROOT / f"docs/{name}.md" for name in ("kubelet", "deploy", "migration"))
NODE_CACHE = "169.254.20.10,10.96.0.10"

KUBECTL = r"""#!/bin/sh
case "$*" in
  *"get nodes"*) echo "switched old bare" ;;
  *nodes/switched/*) echo '{"kubeletconfig":{"clusterDNS":["169.254.20.10"],"clusterDomain":"cluster.local"}}' ;;
  *nodes/old/*) echo '{"kubeletconfig":{"clusterDNS":["10.96.0.10"],"clusterDomain":"cluster.local"}}' ;;
  *nodes/bare/*) echo '{"kubeletconfig":{"clusterDomain":"cluster.local"}}' ;;
  *"get pods -A"*) printf 'shop switched \nshop host true\nshop old \nshop mute \n' ;;
  *"exec switched"*) printf 'search svc.cluster.local\nnameserver 169.254.20.10\n' ;;
  *"exec host"*) echo 'nameserver 192.0.2.53' ;;
  *"exec old"*) echo 'nameserver 10.96.0.10' ;;
  *"exec mute"*) exit 126 ;;
  *"get daemonset,configmap,service"*) cat "$SAVED" ;;
esac
"""


def block(page, word, language=""):
    """The first block of that page with the word in it."""
    for one in markdown.read(page).blocks:
        text = "\n".join(one.lines)
        if one.language == language and word in text:
            return text
    raise AssertionError(f"{page.name} has no block with {word}")


@pytest.fixture
def shell(tmp_path):
    """Runs commands with a stand-in for kubectl, which knows a few nodes and pods."""
    stand_in = tmp_path / "bin/kubectl"
    stand_in.parent.mkdir()
    stand_in.write_text(KUBECTL)
    stand_in.chmod(0o755)

    def run(commands):
        path = f"{stand_in.parent}:/usr/sbin:/usr/bin:/sbin:/bin"
        return subprocess.run(["sh", "-c", commands], capture_output=True, text=True, check=False, cwd=tmp_path,
                              env={"PATH": path, "SAVED": str(tmp_path / "saved")})
    return run


def test_kubelets_that_are_not_switched(shell):
    assert shell(block(KUBELET, "configz")).stdout.splitlines() == ['old "clusterDNS":["10.96.0.10"]', "bare "]


def test_pods_that_are_not_switched(shell):
    assert shell(block(KUBELET, "get pods -A")).stdout.split() == ["shop/old", "shop/mute"]


def test_what_is_saved_can_be_applied_again(shell, tmp_path):
    metadata = {"name": "node-local-dns", "uid": "1", "resourceVersion": "2", "creationTimestamp": "3",
                "annotations": {"uid": "stays"}}
    saved = {"kind": "List", "items": [{"kind": "DaemonSet", "metadata": metadata, "spec": {"template": {"spec": 1}}}]}
    # With the indentation that kubectl has.
    (tmp_path / "saved").write_text(yaml.safe_dump(saved, default_flow_style=False))
    assert shell(block(MIGRATION, "node-cache-before.yaml")).returncode == 0
    kept = yaml.safe_load((tmp_path / "node-cache-before.yaml").read_text())["items"][0]
    assert kept["metadata"] == {"name": "node-local-dns", "annotations": {"uid": "stays"}}
    assert kept["spec"] == saved["items"][0]["spec"]


def test_rules_that_node_cache_left_are_removed(binary):
    removal = block(MIGRATION, "iptables -w")
    space = Namespace()
    try:
        with space.inside():
            rules = subprocess.run([binary, "rules", f"-localip={NODE_CACHE}", "--mode=notrack",
                                    "--kube-proxy-mode=none"], capture_output=True, text=True, check=True).stdout
            subprocess.run(["iptables-restore"], input=rules + "*nat\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n",
                           text=True, check=True)
            before = subprocess.run(["iptables-save"], capture_output=True, text=True, check=True).stdout
            assert before.count("NodeLocal DNS Cache") == rules.count("NodeLocal DNS Cache") > 20
            subprocess.run(["sh", "-e", "-c", removal], check=True)
            after = subprocess.run(["iptables-save"], capture_output=True, text=True, check=True).stdout
        assert "NodeLocal DNS Cache" not in after
        assert "-A POSTROUTING -j MASQUERADE" in after, "a rule of somebody else is gone"
    finally:
        space.remove()


@pytest.fixture
def rendered(tmp_path):
    """The DaemonSet of a kustomization that stands outside of the repository."""
    def render(text):
        folder = tmp_path / "own"
        folder.mkdir()
        (folder / "kustomization.yaml").write_text(text.replace("node-local-dns/deploy", f"{up(folder)}/deploy"))
        done = subprocess.run([tools.kubectl(), "kustomize", "--load-restrictor=LoadRestrictionsNone", folder],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return next(one for one in yaml.safe_load_all(done.stdout) if one["kind"] == "DaemonSet")

    def up(folder):
        return "../" * (len(folder.parts) - 1) + str(markdown.ROOT).lstrip("/")
    return render


def test_kustomization_with_own_values(rendered):
    container = rendered(block(DEPLOY, "kind: Kustomization", "yaml"))["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "registry.example.com/dns/node-local-dns:0.1.0"
    values = {one["name"]: one.get("value") for one in container["env"]}
    assert values == {"CLUSTER_DOMAIN": "k8s.example.com", "LOCAL_IP": "169.254.25.10",
                      "HEALTH_ADDRESS": "169.254.25.10:8080"}, "the page names every variable there is"


def test_kustomization_for_one_node_first(rendered):
    assert rendered(block(MIGRATION, "OnDelete", "yaml"))["spec"]["updateStrategy"] == {"type": "OnDelete"}


def test_kustomization_for_all_nodes(rendered):
    """"Take the patch out": what is left of the one before."""
    daemon_set = rendered(block(MIGRATION, "OnDelete", "yaml").split("patches:")[0])
    assert daemon_set["spec"]["updateStrategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}
