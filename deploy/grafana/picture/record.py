"""Runs the live test's scene for two minutes and writes what Prometheus answers to the dashboard's open rows."""

import json
import pathlib
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests" / "e2e"), str(ROOT / "tests" / "deploy")]

from live import grafana  # noqa: E402 (the path above)
from live.scene import Scene  # noqa: E402
from lab.namespaces import remove_orphans  # noqa: E402


def legend(template, labels):
    return grafana.IN_LEGEND.sub(lambda match: labels.get(match[1], ""), template)


def record(scene):
    begin, end = scene.begin + 5, scene.end
    values = grafana.Values(end - begin, job=["node-local-dns"], node_label="node", node=".*", upstream=".*")
    recorded = []
    for panel in grafana.load()["panels"]:
        if panel["type"] == "row":
            recorded.append({"panel": {key: panel[key] for key in ("id", "type", "title", "gridPos")}, "series": []})
            continue
        series = []
        for target in panel["targets"]:
            expr = values.filled(target["expr"])
            found = ([(labels, [(end, value)]) for labels, value in scene.prometheus.instant(expr, end)]
                     if target["instant"] else scene.prometheus.range(expr, begin, end))
            name = values.filled(target["legendFormat"])
            series += [{"labels": labels, "name": legend(name, labels) if name != "__auto" else panel["title"],
                        "times": [int(at * 1000) for at, _ in points],
                        # JSON has no NaN.
                        "values": [value if value == value and abs(value) != float("inf") else None
                                   for _, value in points]} for labels, points in found]
        recorded.append({"panel": panel, "series": series})
    return {"from": int(begin * 1000), "to": int(end * 1000), "panels": recorded}


def main():
    remove_orphans()
    with tempfile.TemporaryDirectory() as directory, Scene(directory, loop=False) as scene:
        time.sleep(35)
        for trouble in (scene.crash, scene.fall_back, scene.lose_network):
            trouble()
            time.sleep(18)
        scene.reload()
        time.sleep(12)
        scene.end = time.time()
        pathlib.Path(sys.argv[1]).write_text(json.dumps(record(scene)))


if __name__ == "__main__":
    main()
