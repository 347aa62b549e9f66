"""The rules of deploy/prometheus: promtool accepts them, their scenarios pass, nothing is without a scenario."""

import copy
import importlib.machinery
import importlib.util
import json
import re
import subprocess

import pytest
import yaml

from lab.ours import REPOSITORY

FOLDER = REPOSITORY / "deploy" / "prometheus"
SCENARIOS = FOLDER / "tests"
METRIC = re.compile(r"\b(?:coredns|node_local_dns|kube|up|process)(?:_[a-z0-9_]+)?\b(?=[{\[)\s])")
RECORDED = re.compile(r"\b[a-z_]+:[a-z0-9_]+:[a-z0-9_]+\b")


def load(path):
    return yaml.safe_load(path.read_text())


def rules_of(path):
    return [rule for group in load(path)["groups"] for rule in group["rules"]]


ALERTS = {rule["alert"]: rule for rule in rules_of(FOLDER / "alerts.yaml")}
RECORDING = {rule["record"]: rule for rule in rules_of(FOLDER / "recording.yaml")}
ALERT_SCENARIOS = load(SCENARIOS / "alerts.yaml")["tests"]
RECORDING_SCENARIOS = load(SCENARIOS / "recording.yaml")["tests"]


def promtool(*arguments):
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


def metrics_in(expr):
    """What it reads in the end: recorded series replaced by what they are made of."""
    found = set(METRIC.findall(expr))
    for name in RECORDED.findall(expr):
        found |= metrics_in(RECORDING[name]["expr"])
    return found


def name_of(series):
    return series["series"].partition("{")[0]


@pytest.mark.parametrize("name", ["alerts.yaml", "recording.yaml"])
def test_promtool_accepts(name):
    code, text = promtool("check", "rules", FOLDER / name)
    assert code == 0, text


def test_recording_scenarios():
    code, text = promtool("test", "rules", SCENARIOS / "recording.yaml")
    assert code == 0, text


def recorded_for(rule):
    """The recording rules that it reads, and those that these read."""
    wanted = set(RECORDED.findall(rule["expr"]))
    for name in list(wanted):
        wanted |= set(RECORDED.findall(RECORDING[name]["expr"]))
    return [one for name, one in RECORDING.items() if name in wanted]


def write_test(folder, name, rule):
    """A test of promtool's: this one rule, as it is or changed, with its scenarios. All rules beside all scenarios
    would take three times as long and say the same."""
    scenarios = [one for one in ALERT_SCENARIOS if one["name"].startswith(f"{rule['alert']} ")]
    (folder / f"{name}.rules.yaml").write_text(
        json.dumps({"groups": [{"name": "one", "rules": [*recorded_for(rule), rule]}]}))
    test = folder / f"{name}.yaml"
    test.write_text(json.dumps({"rule_files": [f"{name}.rules.yaml"], "evaluation_interval": "1m",
                                "tests": scenarios}))
    return str(test)


def passed(text):
    """"Unit Testing:  FILE" goes before "  SUCCESS" on standard output; failures are on the other."""
    return re.findall(r"Unit Testing:  (\S+)\n  SUCCESS", text)


def test_alert_scenarios(tmp_path):
    """tests/alerts.yaml, an alert at a time."""
    assert load(SCENARIOS / "alerts.yaml")["rule_files"] == ["../recording.yaml", "../alerts.yaml"]
    files = [write_test(tmp_path, alert, rule) for alert, rule in ALERTS.items()]
    code, text = promtool("test", "rules", *files)
    assert code == 0, text
    assert passed(text) == files


@pytest.mark.parametrize("alert", ALERTS)
def test_alert_has_scenarios_that_fire_and_near_misses(alert):
    """A near miss has the series that the alert reads, and at its time the alert could have fired."""
    firing, silent = [], []
    for scenario in ALERT_SCENARIOS:
        for check in scenario["alert_rule_test"]:
            if check["alertname"] == alert:
                (firing if check["exp_alerts"] else silent).append(scenario)
                assert scenario["name"].startswith(f"{alert} {'fires' if check['exp_alerts'] else 'silent: '}")
    assert firing and silent
    for scenario in silent:
        assert {name_of(series) for series in scenario["input_series"]} & metrics_in(ALERTS[alert]["expr"])


@pytest.mark.parametrize("record", RECORDING)
def test_recording_rule_has_a_scenario(record):
    checks = [check for scenario in RECORDING_SCENARIOS for check in scenario["promql_expr_test"]]
    assert any(record in check["expr"] and check["exp_samples"] for check in checks)


def test_no_scenario_without_a_rule():
    named = {check["alertname"] for scenario in ALERT_SCENARIOS for check in scenario["alert_rule_test"]}
    assert named == set(ALERTS)


# --- would the scenarios notice? ------------------------------------------------------------------------------

LIMIT = re.compile(r"(?<=[>] )(\d+(?:\.\d+)?)")


def mutants(rule):
    """The rule with one thing changed that a scenario must notice: (what, rule)."""
    if "for" in rule:
        changed = copy.deepcopy(rule)
        del changed["for"]
        yield "no for", changed
    for limit in LIMIT.finditer(rule["expr"]):
        if float(limit[1]) == 0:  # > 0 is no threshold but whether there is something
            continue
        for factor in (0.2, 20):
            changed = copy.deepcopy(rule)
            value = f"{float(limit[1]) * factor:g}"
            changed["expr"] = rule["expr"][:limit.start()] + value + rule["expr"][limit.end():]
            yield f"{limit[0]} → {value}", changed
    for part in re.finditer(r"\n? *(?:and|unless) on \([a-z, ]*\)", rule["expr"]):
        if "unless" in part[0]:
            changed = copy.deepcopy(rule)
            changed["expr"] = rule["expr"].replace(part[0], part[0].replace("unless", "and"), 1)
            yield f"{part[0].strip()} turned round", changed


def test_scenarios_notice_changed_rules(tmp_path):
    """One run of promtool for all: a process for each mutant would take half a minute."""
    files = {write_test(tmp_path, f"{alert}-{number}", changed): (alert, what)
             for alert, rule in ALERTS.items() for number, (what, changed) in enumerate(mutants(rule))}
    code, text = promtool("test", "rules", *files)
    assert code != 0 and text.count("Unit Testing:") == len(files) > 50, text
    assert [files[name] for name in passed(text)] == []


# --- what an operator reads -----------------------------------------------------------------------------------

@pytest.mark.parametrize("alert", ALERTS)
def test_alert_says_what_to_do(alert):
    rule = ALERTS[alert]
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    notes = rule["annotations"]
    assert set(notes) == {"summary", "description", "runbook_url"}
    assert notes["runbook_url"] == f"docs/troubleshooting.md#{alert.lower()}"
    assert len(notes["summary"]) <= 100 and notes["summary"].endswith(".")
    assert 40 < len(notes["description"]) < 400


def test_table_of_the_readme():
    rows = re.findall(r"^\| `(NodeLocalDNS\w+)` \| (\w+) \| (\w*) ?\|", (FOLDER / "README.md").read_text(), re.M)
    assert rows == [(name, rule["labels"]["severity"], rule.get("for", "")) for name, rule in ALERTS.items()]
    assert f"{len(ALERTS)} alerts" in (FOLDER / "README.md").read_text()
    assert f"{len(RECORDING)} recording rules" in (FOLDER / "README.md").read_text()


def test_object_for_the_operator_is_what_build_writes():
    loader = importlib.machinery.SourceFileLoader("prometheus_build", str(FOLDER / "build"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("prometheus_build", loader))
    loader.exec_module(module)
    assert module.TARGET.read_text() == module.rendered(), "run deploy/prometheus/build"
    groups = [*load(FOLDER / "recording.yaml")["groups"], *load(FOLDER / "alerts.yaml")["groups"]]
    written = load(module.TARGET)
    assert written["kind"] == "PrometheusRule" and written["spec"]["groups"] == groups
    assert load(FOLDER / "kustomization.yaml")["resources"] == [module.TARGET.name]


def test_documented_metrics_only():
    document = (REPOSITORY / "docs" / "metrics.md").read_text()
    for rule in [*ALERTS.values(), *RECORDING.values()]:
        for metric in metrics_in(rule["expr"]):
            base = re.sub(r"_(bucket|count|sum)$", "", metric)
            assert metric == "up" or metric.startswith("kube_") or f"`{base}`" in document or f"`{metric}`" in document
