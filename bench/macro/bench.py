# Compares the cost of DNS caches in one run, in a network namespace of its own: us, others, the limit of sockets.
#
# Every server runs with one thread on one CPU; the load generator (load/) and the upstream (upstream/) on another.
# Rounds are interleaved (each measures every server once), so that a slow moment of the machine hits all alike.
import argparse
import itertools
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

import fleet
import measure
import peers
import plot
import report
import scenarios

IN_NAMESPACE = "NLD_BENCH_NAMESPACE"


def enter_namespace(program, argv):
    """Starts `program` again in a fresh network namespace, which vanishes with it; there, returns."""
    if IN_NAMESPACE not in os.environ:
        os.environ[IN_NAMESPACE] = "1"
        os.execvp("unshare", ["unshare", "--net", "--", sys.executable, os.path.abspath(program), *argv])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def in_turn(servers, number):
    """The servers of a round by name, each time beginning with another one."""
    order = list(servers.items())
    turn = number % len(order)
    return order[turn:] + order[:turn]


def cpus():
    """The CPU of the server under test, and that of everything else."""
    mine = sorted(os.sched_getaffinity(0))
    return mine[0], mine[-1]


def parse(argv):
    parser = argparse.ArgumentParser(
        description="CPU, latency, start and memory of DNS caches, beside the limit of sockets, in one run"
    )
    parser.add_argument("--program", default="build/node-local-dns", help="the program to measure")
    parser.add_argument("--programs", default="build/bench", type=pathlib.Path, help="the bench's own, built")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures here too")
    parser.add_argument("--quick", action="store_true", help="under three minutes: less of everything")
    parser.add_argument("--rounds", type=int, help="how often each server is measured: 5, quick 3")
    parser.add_argument("--scale", type=float, help="multiplies the queries of a run: 1, quick 0.5")
    parser.add_argument("--only", metavar="SCENARIO[,...]", help=", ".join(s.name for s in scenarios.SCENARIOS))
    parser.add_argument("--servers", metavar="NAME[,...]",
                        help="limit, node-local-dns, unbound, dnsmasq, knot-resolver, dnsdist, names of --peer")
    parser.add_argument("--peer", metavar="NAME=COMMAND", action="append", default=[],
                        help="another server; {port}, {upstream}, {corefile}, {directory} are filled in")
    options = parser.parse_args(argv)
    if options.rounds is None:
        options.rounds = 3 if options.quick else 5
    if options.scale is None:
        options.scale = 0.5 if options.quick else 1.0
    if options.rounds < 1 or options.scale <= 0:
        parser.error("--rounds and --scale must be positive")
    return options


def select(options):
    """The peers to run, and the names asked for."""
    known = [peers.ours(options.program), *map(peers.given, options.peer), *peers.debian()]
    names = [report.LIMIT, *(peer.name for peer in known)]
    wanted = options.servers.split(",") if options.servers else names
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise ValueError(f"--servers: no server {', '.join(unknown)}; there are {', '.join(names)}")
    return [peer for peer in known if peer.name in wanted], wanted


def run_fleet(kind, members, names, chosen, options, site):
    """Samples by scenario and server."""
    samples = {}
    with fleet.Fleet(site, kind, members, names) as servers:
        for name, failure in servers.failures.items():
            print(f"bench: {name}: {failure}", file=sys.stderr)
        for _, together in itertools.groupby(chosen, lambda scenario: scenario.together or scenario.name):
            group = list(together)
            for scenario in group:
                if scenario.warm:
                    servers.warm(scenario)
                samples[scenario.name] = {name: [] for name in servers.participants(scenario)}
            for number in range(options.rounds):
                for scenario in group:
                    if number < (scenario.rounds or options.rounds):
                        run_round(number, scenario, servers, options.scale, samples)
            for scenario in group:
                print(report.row(scenario, samples, names), flush=True)
    return samples


def run_round(number, scenario, servers, scale, samples):
    """Measures every server once, each time beginning with another one."""
    for name, server in in_turn(servers.participants(scenario), number):
        if scenario.source:
            measured = samples[scenario.source][name][-1]
            sample = {"value": measured[scenario.per], "problems": measured["problems"]}
        else:
            sample = measure.measure(servers.site, scenario, server, scale)
        samples[scenario.name][name].append(sample)


def run(options, scratch):
    chosen = scenarios.chosen(options.only, options.quick)
    members, wanted = select(options)
    server_cpu, load_cpu = cpus()
    if server_cpu == load_cpu:
        print("bench: one CPU only: servers and load share it", file=sys.stderr)
    site = fleet.Site(options.programs.resolve(), scratch, server_cpu, load_cpu)
    samples = {}
    names = [name for name in [report.LIMIT, *(member.name for member in members)] if name in wanted]
    print(report.header(names), flush=True)
    try:
        site.upstream.start()
        for kind in dict.fromkeys(scenario.fleet for scenario in chosen):
            of_fleet = [scenario for scenario in chosen if scenario.fleet == kind]
            samples |= run_fleet(kind, members, names, of_fleet, options, site)
    finally:
        site.upstream.stop()
    return samples, {member.name: member.version for member in members}


def main(argv):
    options = parse(argv)
    enter_namespace(__file__, argv)
    # A killed bench must still stop what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: terminated"))
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="nld-bench-"))
    scratch.chmod(0o755)  # servers may change to users of their own
    try:
        samples, versions = run(options, scratch)
    except ValueError as error:
        sys.exit(f"bench: {error}")
    except Exception:
        for log in sorted(scratch.glob("*.log")):
            sys.stderr.write(f"--- {log.name}\n{log.read_text(errors='replace')[-2000:]}\n")
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    summary = report.summarise(samples)
    if options.json:
        report.write(options.json, summary, samples, versions, options.rounds)
        picture = options.json.with_suffix(".svg")
        picture.write_text(plot.draw(summary))
        print(f"figures: {options.json}, {picture}")
    problems = report.problems(summary)
    print("".join(f"! {line}\n" for line in problems), end="")
    return 1 if report.spoilt(summary) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
