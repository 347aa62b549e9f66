"""deploy/grafana/node-local-dns.json is what build writes, and whole: ids, grid, variables, data sources, texts."""

import importlib.machinery
import importlib.util
import json
import re
import subprocess
import sys

import pytest

from lab.ours import REPOSITORY

FOLDER = REPOSITORY / "deploy" / "grafana"
DASHBOARD = json.loads((FOLDER / "node-local-dns.json").read_text())
ROWS = [one for one in DASHBOARD["panels"] if one["type"] == "row"]
PANELS = [part for one in DASHBOARD["panels"] for part in [one, *one.get("panels", [])] if part["type"] != "row"]
VARIABLES = {one["name"]: one for one in DASHBOARD["templating"]["list"]}
KINDS = {"timeseries", "stat", "heatmap", "table", "state-timeline", "bargauge"}
BUILT_IN = {"__rate_interval", "__range"}
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
USED = re.compile(r"\$\{?(\w+)\}?")


def name_of(panel):
    return f"{panel['id']} {panel['title']}"


def expressions():
    """(where, expression) of everything that is asked of Prometheus."""
    for panel in PANELS:
        for target in panel["targets"]:
            yield f"{name_of(panel)} {target['refId']}", target["expr"]
    for one in DASHBOARD["annotations"]["list"]:
        yield one["name"], one["expr"]


def test_is_what_build_writes(monkeypatch):
    loader = importlib.machinery.SourceFileLoader("grafana_build", str(FOLDER / "build"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("grafana_build", loader))
    monkeypatch.setattr(sys, "path", list(sys.path))
    loader.exec_module(module)
    assert module.TARGET.read_text() == module.rendered(), "run deploy/grafana/build"


def test_head():
    assert DASHBOARD["title"] == "Kubernetes / Node Local DNS"
    assert DASHBOARD["uid"] == "node-local-dns" and DASHBOARD["id"] is None
    assert DASHBOARD["schemaVersion"] == 39
    assert DASHBOARD["time"] == {"from": "now-1h", "to": "now"} and DASHBOARD["refresh"] == "30s"
    # Above this a ConfigMap cannot be applied: kubectl keeps a copy of it in an annotation of at most 256 KiB.
    assert (FOLDER / "node-local-dns.json").stat().st_size < 200_000


def test_three_rows():
    assert len(ROWS) == 3
    assert [one.get("repeat") for one in ROWS] == [None, None, "node"]
    assert ROWS[2]["collapsed"] and ROWS[2]["panels"]


def test_ids_are_unique():
    ids = [one["id"] for one in [*ROWS, *PANELS]]
    assert len(ids) == len(set(ids)) > 60


def cells(panel):
    place = panel["gridPos"]
    assert place["w"] > 0 and place["h"] > 0 and place["x"] >= 0 and place["x"] + place["w"] <= 24
    return {(x, y) for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])}


@pytest.mark.parametrize("group", [DASHBOARD["panels"], *[one["panels"] for one in ROWS if one["collapsed"]]],
                         ids=["outer", "inner"])
def test_panels_do_not_overlap(group):
    seen = {}
    for panel in group:
        for cell in cells(panel):
            assert cell not in seen, f"{panel['title']} lies on {seen[cell]}"
            seen[cell] = panel["title"]


@pytest.mark.parametrize("panel", PANELS, ids=name_of)
def test_panel(panel):
    assert panel["type"] in KINDS
    assert 3 <= len(panel["title"]) < 45
    # What it shows, and what a bad value means: two sentences at least.
    assert len(re.findall(r"[.:;]( |$)", panel["description"])) >= 2 and len(panel["description"]) < 400
    assert panel["datasource"] == SOURCE
    assert [one["refId"] for one in panel["targets"]] == [chr(ord("A") + at) for at in range(len(panel["targets"]))]
    defaults = panel["fieldConfig"]["defaults"]
    if panel["type"] in ("timeseries", "stat", "bargauge"):
        assert defaults["unit"]
    for target in panel["targets"]:
        assert target["datasource"] == SOURCE
        assert target["range"] != target["instant"]
        # Every series of a graph has a name, and is found by it.
        assert panel["type"] not in ("timeseries", "state-timeline", "heatmap") or target["legendFormat"] != "__auto"
    if panel["type"] == "heatmap":
        assert [one["format"] for one in panel["targets"]] == ["heatmap"]
    names = {target["legendFormat"] for target in panel["targets"]}
    for override in panel["fieldConfig"]["overrides"]:
        assert override["matcher"]["options"] in names or "{{rcode}}" in names


@pytest.mark.parametrize("where, expr", [pytest.param(*one, id=one[0]) for one in expressions()])
def test_expression(where, expr):
    used = set(USED.findall(expr))
    assert used <= set(VARIABLES) | BUILT_IN
    # Every metric is asked for the chosen job and nodes, and rates over what Grafana thinks fit for the scrape.
    assert expr.count('job=~"$job", $node_label=~"$node"') == len(re.findall(r"\b(?:up|[a-z]+_[a-z_]+)\{", expr))
    assert not re.search(r"\[\d+[smh]\]", expr) or where == "Failovers"


def test_variables():
    assert list(VARIABLES) == ["datasource", "job", "node_label", "node", "upstream"]
    assert VARIABLES["job"]["current"]["value"] == ["node-local-dns"]
    for name in ("job", "node", "upstream"):
        assert VARIABLES[name]["multi"] and VARIABLES[name]["datasource"] == SOURCE
    for name in ("node", "upstream"):
        assert VARIABLES[name]["includeAll"] and VARIABLES[name]["allValue"] == ".*"
    for at, (name, one) in enumerate(VARIABLES.items()):
        assert set(USED.findall(str(one["query"]))) <= set(list(VARIABLES)[:at]), f"{name} needs what comes later"
        assert f"${name}" in json.dumps(DASHBOARD).replace("${", "$"), f"nobody uses {name}"


def test_promtool_reads_every_expression(tmp_path):
    """Grafana's variables filled in, as rules of a file: promtool has no other way to parse an expression."""
    def filled(expr):
        for name, value in (("$__rate_interval", "1m"), ("$__range", "1h"), ("$node_label", "node")):
            expr = expr.replace(name, value)
        return USED.sub(".*", expr)
    rules = [{"record": f"dashboard:{at}", "expr": filled(expr)} for at, (_, expr) in enumerate(expressions())]
    file = tmp_path / "rules.yaml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0 and f"{len(rules)} rules found" in done.stdout, done.stdout + done.stderr
