"""A real Prometheus scrapes the real program under load: every query of dashboard and rules returns data."""

import math
import re

import yaml

from live import grafana
from live.prometheus import RULES
from live.scene import DEAD, UPSTREAM, Scene

DASHBOARD = grafana.load()
OURS = {"job": ["node-local-dns"], "node_label": "node", "node": ["worker-1"], "upstream": ".*"}
NODE_CACHE = {"job": ["node-cache"], "node_label": "node", "node": ".*", "upstream": ".*"}

# Right is when these show nothing, so the test asks without their last comparison: (panel, query): reason.
EMPTY_WHEN_WELL = {
    ("Repairs and failed steps", "B"): "steps that failed; a node on which none fails has only zeros",
}
# Alerts whose expression must be true at the end, be it for seconds only: what the scene does to the node. And those
# that must not be. The rest depends on the hour: how many packets a second, how slow this machine is.
CAUSED = {"AllUpstreamsDown", "UpstreamDown", "ConcurrencyRejects", "LoopDetected", "CertificateExpires"}
UNTRUE = {"Absent", "TargetDown", "AgentDown", "MissingOnNode", "InterfaceMissing", "RulesMissing",
          "ReconcileStalled", "SetupErrors", "Overload", "VersionSkew", "Panics"}
LAST_COMPARISON = re.compile(r" > 0$")
# Fault in, fault out: with `bool` a comparison says 0 or 1 instead of leaving series out.
COMPARISON = re.compile(r"(==|>=|<=|!=|>|<)\s+(?=\d)")


def finite(samples):
    return [(labels, values) for labels, values in samples if any(math.isfinite(value) for _, value in values)]


class Checks:
    """Asks, and keeps what did not return what it should."""

    def __init__(self, scene):
        self.scene = scene
        self.values = grafana.Values(scene.end - scene.begin, **OURS)
        self.asked = 0
        self.problems = []

    def ask(self, where, expr, labels=(), instant=False, values=None):
        """At least one series with a number in it, and these labels on every series."""
        self.asked += 1
        expr = (values or self.values).filled(expr)
        try:
            if instant:
                samples = [(have, [(0, value)]) for have, value in
                           self.scene.prometheus.instant(expr, self.scene.end)]
            else:
                samples = self.scene.prometheus.range(expr, self.scene.begin, self.scene.end)
        except ValueError as error:
            self.problems.append(f"{where}: {error}")
            return
        if not finite(samples):
            self.problems.append(f"{where}: nothing for {expr}")
        for have, _ in samples:
            if not set(labels) <= set(have):
                self.problems.append(f"{where}: {have} has not all of {sorted(labels)}")
                break


def check_dashboard(checks, values, wanted=lambda expr: True):
    for panel in grafana.panels(DASHBOARD):
        for target in panel["targets"]:
            expr = target["expr"]
            if not wanted(expr):
                continue
            if (panel["title"], target["refId"]) in EMPTY_WHEN_WELL:
                expr = LAST_COMPARISON.sub("", expr)
            labels = grafana.legend_labels(values.filled(target["legendFormat"]))
            for transformation in panel.get("transformations", []):
                labels |= set(transformation["options"]["renameByName"]) - {"Value"}
            checks.ask(f"{panel['id']} {panel['title']} {target['refId']}", expr, labels, target["instant"], values)


def check_annotations(checks):
    for one in DASHBOARD["annotations"]["list"]:
        labels = grafana.legend_labels(one["titleFormat"]) | {"node"}
        checks.ask(f"annotation {one['name']}", one["expr"], labels)


def check_variables(checks):
    """Lists with the values that there are."""
    expected = {"job": {"node-local-dns", "node-cache"}, "node": {"worker-1"},
                "upstream": {f"{UPSTREAM}:53", f"{DEAD}:53"}}
    for name, one in grafana.variables(DASHBOARD).items():
        if one["type"] != "query":
            continue
        checks.asked += 1
        found = set(grafana.label_values(checks.scene.prometheus, checks.values.filled(one["query"]["query"])))
        if not found >= expected[name]:
            checks.problems.append(f"variable {name}: {found}")


def permissive(expr):
    """The alert's expression, such that it has series on a node that is well: what must be away is there, what is
    compared says 0 or 1. So its metrics, labels and joins are proved, not its verdict."""
    expr = re.sub(r"^absent\((.*)\)$", r"\1", expr.strip())
    return COMPARISON.sub(r"\1 bool ", expr.replace("unless on", "and on"))


def check_rules(checks):
    for path in RULES:
        for rule in (rule for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]):
            if "record" in rule:
                checks.ask(rule["record"], rule["expr"], instant=True)
                checks.ask(f"{rule['record']}, recorded", rule["record"], instant=True)
            else:
                labels = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
                checks.ask(rule["alert"], permissive(rule["expr"]), labels, instant=True)


def check_rule_evaluation(checks):
    """Prometheus itself has evaluated all of them without an error, and sees what the scene did."""
    rules = checks.scene.prometheus.rules()
    assert len(rules) > 30
    for rule in rules:
        if rule["health"] != "ok":
            checks.problems.append(f"{rule['name']}: {rule.get('lastError')}")
    active = {rule["name"].removeprefix("NodeLocalDNS") for rule in rules
              if rule.get("state") in ("pending", "firing")}
    if not CAUSED <= active or UNTRUE & active:
        checks.problems.append(f"alerts: missing {sorted(CAUSED - active)}, untrue {sorted(UNTRUE & active)}")


def test_every_query_returns_data(binary, tmp_path):
    with Scene(tmp_path) as scene:
        scene.play()
        ours = Checks(scene)
        check_dashboard(ours, ours.values)
        check_annotations(ours)
        check_variables(ours)
        check_rules(ours)
        check_rule_evaluation(ours)
        # CoreDNS's node-cache has all but what begins with node_local_dns_.
        theirs = Checks(scene)
        check_dashboard(theirs, grafana.Values(scene.end - scene.begin, **NODE_CACHE),
                        lambda expr: "node_local_dns_" not in expr)
    print(f"{ours.asked} queries of node-local-dns, {theirs.asked} of node-cache")
    assert ours.problems + theirs.problems == []
    assert ours.asked > 150 and theirs.asked > 70
