"""Panels of what it costs: memory, CPU, open files."""

from source.expressions import BY, INTERVAL, by, of, rate
from source.model import lines, query


def memory(fleet):
    note = ("Resident memory of server and agent. It grows with the cache up to its budget; growth beyond that is a "
            "leak, please report it.")
    if fleet:
        node = by(BY, of("process_resident_memory_bytes"))
        return lines("Memory of a node", note, [query(f"avg({node})", "mean"), query(f"max({node})", "highest")],
                     "bytes", width=6)
    return lines("Memory", note, query(by("instance", of("process_resident_memory_bytes"), "max"), "{{instance}}"),
                 "bytes", stack=True)


def cpu(fleet):
    note = ("CPU of server and agent, in cores. Much CPU with few queries is a flood of malformed ones, or a log that "
            "is too talkative.")
    if fleet:
        node = rate("process_cpu_seconds_total", BY)
        return lines("CPU of a node", note, [query(f"avg({node})", "mean"), query(f"max({node})", "highest")], "cores",
                     width=6)
    return lines("CPU", note, query(rate("process_cpu_seconds_total", "instance"), "{{instance}}"), "cores", stack=True)


def files():
    return lines("Open files", "Open files and sockets of each process. Near the limit (process_max_fds) "
                 "connections are refused.",
                 query(by("instance", of("process_open_fds"), "max"), "{{instance}}"), "short")


def cpu_per_query():
    """Microseconds: what a query costs, to compare versions and settings with."""
    return lines("CPU a query", "CPU time of a node for each query. Misses cost more than hits, TCP more than UDP.",
                 query(f"sum(rate({of('process_cpu_seconds_total')}{INTERVAL})) / "
                       f"({rate('coredns_dns_requests_total')} > 0)", "CPU a query"), "s")
