# One sample of one server in one scenario: the figure, what else is worth keeping, and what makes it worthless.
import re
import subprocess
import tempfile
import time

import process

LOST_LIMIT = 0.001  # share of queries that may stay unanswered before a figure is worth nothing
UPSTREAM_LIMIT = 0.02  # the upstream's CPU time by the server's: more means that answers were not cached


def measure(site, scenario, server, scale):
    return globals()[f"measure_{scenario.kind}"](site, scenario, server, scale)


def queries_of(scenario, scale):
    return max(int(scenario.queries * scale), 100)


def load(site, scenario, server, queries):
    flags = [*scenario.flags, "--names", scenario.names, "--queries", queries]
    if scenario.is_miss:
        flags += site.never_used()
    return site.load(server, *flags)


def problems_of(result, queries):
    answered = result["good"] + result["bad"]
    if result["bad"]:
        yield f"{result['bad']} of {queries} answers are wrong"
    if answered + result["lost"] < queries:
        yield f"only {answered} of {queries} queries done in time"
    elif result["lost"] > queries * LOST_LIMIT:
        yield f"{result['lost']} of {queries} queries lost"


def measure_cpu(site, scenario, server, scale):
    queries = queries_of(scenario, scale)
    before, upstream_before = server.cpu_seconds(), site.upstream.cpu_seconds()
    result = load(site, scenario, server, queries)
    server.wait_for_children()
    cpu = server.cpu_seconds() - before
    problems = list(problems_of(result, queries))
    if not scenario.is_miss and site.upstream.cpu_seconds() - upstream_before > cpu * UPSTREAM_LIMIT:
        problems.append("the upstream was asked: not all was cached")
    answered = max(result["good"] + result["bad"], 1)
    return {
        "value": cpu * 1e6 / answered,
        "qps": answered / result["seconds"],
        "busy": cpu / result["seconds"],
        "lost": result["lost"],
        "reconnects": result["reconnects"],
        "problems": problems,
    }


def measure_latency(site, scenario, server, scale):
    queries = queries_of(scenario, scale)
    before = server.cpu_seconds()
    with site.slow_misses(server, scenario.misses, 2 + queries / 5000):
        result = load(site, scenario, server, queries)
    sample = {key: result[key] for key in ("p50_us", "p99_us", "p999_us", "lost")}
    sample["cpu_us"] = (server.cpu_seconds() - before) * 1e6 / queries
    return sample | {"value": result["p99_us"], "problems": list(problems_of(result, queries))}


def measure_growth(site, scenario, pair, scale):
    """What a query costs a server with several workers, as a multiple of what it costs one with one."""
    one, several = (measure_cpu(site, scenario, server, scale) for server in pair)
    return {
        "value": several["value"] / one["value"],
        "one_worker_us": one["value"],
        "several_workers_us": several["value"],
        "problems": one["problems"] + several["problems"],
    }


def measure_start(_site, _scenario, server, _scale):
    server.stop()
    server.start()
    return {"value": server.start_seconds * 1e3, "problems": []}


def measure_memory(_site, _scenario, server, _scale):
    held = server.memory()
    return {"value": held["Pss"] / 1e6, "rss": held["Rss"] / 1e6, "problems": []}


def measure_budget(site, scenario, server, scale):
    """What a flood of names that never come again adds to the process, as a multiple of the budget. What the first
    queries allocate for those that follow (buffers, frames) belongs to no cached answer."""
    load(site, scenario, server, 2000)
    idle = server.memory()["Pss"]
    queries = queries_of(scenario, scale)
    result = load(site, scenario, server, queries)
    grown = server.memory()["Pss"] - idle
    return {"value": grown / scenario.budget, "problems": list(problems_of(result, queries))}


def measure_syscalls(site, scenario, server, scale):
    """Counted by strace, which slows the server: batches are as full as the load allows."""
    queries = queries_of(scenario, scale)
    with tempfile.NamedTemporaryFile("r") as counts:
        command = ["strace", "--summary-only", "--follow-forks", f"--output={counts.name}", "--attach"]
        tracer = subprocess.Popen([*command, str(server.process.pid)], stderr=subprocess.DEVNULL)
        try:
            wait_for_tracer(server)
            result = load(site, scenario, server, queries)
        finally:
            tracer.terminate()
            tracer.wait(10)
        calls = count_calls(counts.read())
    answered = max(result["good"] + result["bad"], 1)
    total = sum(done for done, _ in calls.values())
    batches = sum(done - failed for name, (done, failed) in calls.items() if name.startswith("recv"))
    per = {"query": total / answered, "batch": total / max(batches, 1)}
    return {
        "value": per[scenario.per],
        "answers_per_batch": answered / max(batches, 1),
        "calls": {name: done for name, (done, _) in calls.items()},
        "problems": list(problems_of(result, queries)),
    }


def wait_for_tracer(server):
    deadline = time.monotonic() + 5
    while process.tracer(server.process.pid) == 0 and time.monotonic() < deadline:
        time.sleep(0.01)


def count_calls(summary):
    """Calls and errors by name, from the table that strace writes."""
    calls = {}
    for line in summary.splitlines():
        # % time, seconds, usecs/call, calls, errors (or nothing), name
        found = re.fullmatch(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:(\d+)\s+)?([a-z]\w*)", line)
        if found and found[3] != "total":
            calls[found[3]] = (int(found[1]), int(found[2] or 0))
    return calls
