# What the kernel offers beside plain sockets: ways to serve UDP (kernel/), in one run, without any DNS.
#
# Prints a table: microseconds of CPU time for each query, and their ratio to the first column within a round.
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

import bench
import fleet
import process

ROUNDS = 9
NAMES = ("--names", 1000, "--order", "uniform")
PAIRS = (*NAMES, "--queries", 60_000, "--connections", 64, "--window", 2)
PACED = (*NAMES, "--queries", 3_000, "--connections", 16, "--rate")

PLAIN = "limit_udp_answerer"
ONE = {"plain": (PLAIN,), "io_uring": ("kernel_udp_uring",), "UDP_SEGMENT": ("kernel_udp_ways", "segments"),
       "SO_BUSY_POLL": ("kernel_udp_ways", "busy")}
TWO = {"by hash": (PLAIN, 2), "SO_INCOMING_CPU": ("kernel_udp_ways", "processor", 2)}

# Title, ways, flags of a load, how many loads: the second one runs where the server does.
LOADS = (
    ("64 clients, two queries each", ONE, PAIRS, 1),
    ("5,000 queries/s", ONE, (*PACED, 5000), 1),
    ("two processes, clients on both CPUs", TWO, PAIRS, 2),
    ("two processes, clients on both CPUs, 2 × 2,500 queries/s", TWO, (*PACED, 2500), 2),
)


def start(site, ways, processors):
    servers = {}
    for title, (program, *arguments) in ways.items():
        port = next(site.ports)
        path = site.programs / program
        if not path.exists():
            print(f"kernel: {path} is not built: {title} is left out", file=sys.stderr)
            continue
        server = process.Server(title, [path, f"127.0.0.1:{port}", *arguments], processors, port,
                                site.scratch / "kernel.log", reflects=True)
        try:
            server.start()
        except RuntimeError as error:
            print(f"kernel: {title} is left out: {error}", file=sys.stderr)
            continue
        servers[title] = server
    return servers


def sample(site, server, flags, processors):
    """Microseconds for each query, and the worst p99 of the loads."""
    before = server.cpu_seconds()
    loads = []
    for processor in processors:
        with process.pinned({processor}):
            loads.append(subprocess.Popen(site.load_command(server, flags), stdout=subprocess.PIPE, text=True))
    results = [json.loads(load.communicate()[0]) for load in loads]
    answered = sum(result["good"] for result in results)
    if any(result["lost"] or result["bad"] for result in results):
        print(f"kernel: {server.name}: lost or bad answers", file=sys.stderr)
    return ((server.cpu_seconds() - before) * 1e6 / max(answered, 1), max(result["p99_us"] for result in results))


def compare(site, ways, flags, loads):
    processors = {site.server_cpu} if loads == 1 else {site.server_cpu, site.load_cpu}
    clients = [site.load_cpu, site.server_cpu][:loads]
    servers = start(site, ways, processors)
    samples = {title: [] for title in servers}
    try:
        for number in range(ROUNDS):
            for title, server in bench.in_turn(servers, number):
                samples[title].append(sample(site, server, flags, clients))
    finally:
        for server in servers.values():
            server.stop()
    return samples


def table(title, samples):
    first = next(iter(samples.values()))
    print(f"| {title} | µs | : {next(iter(samples))} | p99, µs |\n|---|---|---|---|")
    for way, measured in samples.items():
        ratio = statistics.median(own[0] / other[0] for own, other in zip(measured, first))
        cost, latency = (statistics.median(column) for column in zip(*measured))
        print(f"| {way} | {cost:.2f} | {ratio:.2f} | {latency:.0f} |")
    print(flush=True)


def main():
    bench.enter_namespace(__file__, sys.argv[1:])
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="nld-bench-"))
    try:
        site = fleet.Site(pathlib.Path(sys.argv[1]).resolve(), scratch, *bench.cpus())
        for title, ways, flags, loads in LOADS:
            table(title, compare(site, ways, flags, loads))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
