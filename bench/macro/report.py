# What the samples of a run say: medians, ratios within the run, a table, JSON.
import json
import os
import pathlib
import platform
import statistics
import time

import scenarios

OURS = "node-local-dns"
LIMIT = "limit"
REFERENCE = "unbound"
TITLE = 42


def median(samples, key="value"):
    return statistics.median(sample[key] for sample in samples)


def ratio(samples, scenario, name, to):
    """How many times what `to` needs `name` needs: the median of the rounds' own ratios, which share their moment."""
    ours = samples[scenario.name].get(name)
    others = samples.get(scenario.against if to == REFERENCE and scenario.against else scenario.name, {}).get(to)
    if not ours or not others:
        return None
    pairs = [(a["value"], b["value"]) for a, b in zip(ours, others) if b["value"] > 0]
    return statistics.median(a / b for a, b in pairs) if pairs else None


def width(name):
    return max(len(name), 7) + 2


def header(names):
    columns = "".join(f"{name:>{width(name)}}" for name in names)
    return f"{'':<{TITLE}}{columns}{': limit':>9}{': unbound':>10}"


def title(scenario):
    return f"{scenario.title}, {scenario.unit}" if scenario.unit else scenario.title


def row(scenario, samples, names):
    """One line: the median of each server, then our ratios; '!' marks figures that a problem makes worthless."""
    cells = ""
    for name in names:
        measured = samples[scenario.name].get(name)
        mark = "!" if measured and any(sample["problems"] for sample in measured) else ""
        cells += f"{f'{mark}{median(measured):.2f}' if measured else '-':>{width(name)}}"
    for other in (LIMIT, REFERENCE):
        value = ratio(samples, scenario, OURS, other)
        cells += f"{'' if value is None else f'{value:.2f}':>{9 if other == LIMIT else 10}}"
    return f"{title(scenario):<{TITLE}}{cells}"


def summarise(samples):
    titles = {scenario.name: scenario for scenario in scenarios.SCENARIOS}
    summary = {}
    for name, by_server in samples.items():
        scenario = titles[name]
        figures = {}
        for server, measured in by_server.items():
            keys = sorted({key for sample in measured for key in sample} - {"problems", "value", "calls"})
            values = [sample["value"] for sample in measured]
            figures[server] = {"value": statistics.median(values), "range": [min(values), max(values)]}
            figures[server] |= {key: median(measured, key) for key in keys}
            figures[server]["ratio_to_limit"] = ratio(samples, scenario, server, LIMIT)
            figures[server]["ratio_to_unbound"] = ratio(samples, scenario, server, REFERENCE)
            figures[server]["problems"] = sorted({p for sample in measured for p in sample["problems"]})
        summary[name] = {"title": scenario.title, "unit": scenario.unit, "servers": figures}
    return summary


def problems(summary):
    return [
        f"{figures['title']}: {server}: {problem}"
        for figures in summary.values()
        for server, figure in figures["servers"].items()
        for problem in figure["problems"]
    ]


def spoilt(summary):
    """Whether a figure of ours, or the limit it is compared with, is worth nothing."""
    return any(
        figures["servers"].get(name, {}).get("problems") for figures in summary.values() for name in (OURS, LIMIT)
    )


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def write(path, summary, samples, versions, rounds):
    result = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {"processor": processor(), "kernel": platform.release(), "cpus": os.cpu_count()},
        "versions": versions,
        "rounds": rounds,
        "scenarios": summary,
        "samples": samples,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=2) + "\n")
