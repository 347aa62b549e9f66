"""What the chart has from elsewhere in the repository: alerts, recording rules, the dashboard."""

import json

import pytest

from helm.addon_operator import load
from helm.chart import MODULE, template

ROOT = MODULE.parents[1]
COPIES = {
    "monitoring/prometheus-rules/alerts.yaml": "deploy/prometheus/alerts.yaml",
    "monitoring/prometheus-rules/recording.yaml": "deploy/prometheus/recording.yaml",
    "monitoring/grafana-dashboards/kubernetes-cluster/node-local-dns.json": "deploy/grafana/node-local-dns.json",
}


@pytest.mark.parametrize("copied", COPIES)
def test_copies_are_copies(copied):
    """A chart reads only files of its own, and a link breaks when the folder is copied into an operator's image."""
    original = ROOT / COPIES[copied]
    assert (MODULE / copied).read_bytes() == original.read_bytes(), f"cp {COPIES[copied]} deploy/module/{copied}"


def test_rules_are_all_there():
    groups = template({"metrics": {"rules": True}}).one("PrometheusRule")["spec"]["groups"]
    files = [load(name)["groups"] for name in sorted(COPIES) if name.endswith(".yaml")]
    assert groups == files[1] + files[0], "recording rules first, for alerts use them"


@pytest.mark.parametrize("kind, key", [("ConfigMap", "data"), ("GrafanaDashboardDefinition", "spec")])
def test_dashboard_arrives_whole(kind, key):
    (carrier,) = [one for one in template({"dashboard": {"kind": kind}}).objects
                  if one["kind"] == kind and "Corefile" not in one.get("data", {})]
    text = carrier[key]["node-local-dns.json" if kind == "ConfigMap" else "definition"]
    assert json.loads(text) == json.loads((ROOT / "deploy/grafana/node-local-dns.json").read_text())
