"""What Prometheus makes of the monitors: job, node and address of every target, by promtool's own relabeling."""

import json
import subprocess

import pytest
import yaml

import rendered

PORTS = (9253, 9353)


def labels_of(tmp_path, target, meta, relabelings, job_label):
    """The target's labels after what prometheus-operator adds for the job label, and then `relabelings`."""
    def snake(one):
        return {"sourceLabels": "source_labels", "targetLabel": "target_label"}.get(one, one)
    config = {"scrape_configs": [{
        "job_name": "monitor",
        "file_sd_configs": [{"files": ["targets.json"]}],
        "relabel_configs": [
            {"source_labels": [f"__meta_kubernetes_{job_label}"], "regex": "(.+)", "target_label": "job"},
            *[{snake(key): value for key, value in one.items()} for one in relabelings]]}]}
    (tmp_path / "targets.json").write_text(json.dumps([{"targets": [target], "labels": meta}]))
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    done = subprocess.run(["promtool", "check", "service-discovery", "--timeout=300ms", "prometheus.yml", "monitor"],
                          cwd=tmp_path, capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found) == 1, done.stdout
    return found[0]["labels"]


@pytest.fixture(scope="module")
def manifests(tmp_path_factory):
    return rendered.combined(tmp_path_factory.mktemp("own"), ("servicemonitor", "podmonitor"))


@pytest.mark.parametrize("address, host", [("192.168.50.1", "192.168.50.1"),
                                           ("fd00:192:168:50::1", "[fd00:192:168:50::1]")], ids=("ipv4", "ipv6"))
def test_pod_monitor(tmp_path, manifests, address, host):
    """A container without ports is a target with the bare address of its pod (discovery/kubernetes/pod.go)."""
    spec = manifests.one("PodMonitor")["spec"]
    label = spec["jobLabel"].replace("-", "_")
    meta = {"__meta_kubernetes_pod_ip": address, "__meta_kubernetes_pod_node_name": "node-1",
            f"__meta_kubernetes_pod_label_{label}": "node-local-dns"}
    for endpoint, port in zip(spec["podMetricsEndpoints"], PORTS, strict=True):
        found = labels_of(tmp_path, address, meta, endpoint["relabelings"], f"pod_label_{label}")
        assert found["__address__"] == f"{host}:{port}"
        assert (found["job"], found["node"]) == ("node-local-dns", "node-1")
    pod = manifests.one("DaemonSet")["spec"]["template"]
    assert spec["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()


def test_service_monitor(tmp_path, manifests):
    spec, service = manifests.one("ServiceMonitor")["spec"], manifests.one("Service")
    assert spec["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert spec["namespaceSelector"]["matchNames"] == [service["metadata"]["namespace"]]
    assert [one["port"] for one in spec["endpoints"]] == [one["name"] for one in service["spec"]["ports"]]
    label = spec["jobLabel"].replace("-", "_")
    meta = {"__meta_kubernetes_pod_node_name": "node-1",
            f"__meta_kubernetes_service_label_{label}": service["metadata"]["labels"][spec["jobLabel"]]}
    for endpoint, port in zip(spec["endpoints"], PORTS, strict=True):
        found = labels_of(tmp_path, f"192.168.50.1:{port}", meta, endpoint["relabelings"], f"service_label_{label}")
        assert found["__address__"] == f"192.168.50.1:{port}"
        assert (found["job"], found["node"]) == ("node-local-dns", "node-1")
