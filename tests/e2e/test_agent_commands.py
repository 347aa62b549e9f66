"""`rules`, `status`, `cleanup`, the flags of `run`, and kube-proxy's mode as the agent finds it."""

import fcntl
import http.server
import pathlib
import re
import threading

import pytest

from lab import ours
from lab.agent import kill
from lab.kube_proxy import service_chain
from lab.node import CLUSTER_DNS, FAMILIES, INTERFACE, IPTABLES_LEGACY, LOCAL
from lab.waiting import wait_until

ADDRESS = ("-localip", LOCAL[4], "--cluster-dns", CLUSTER_DNS[4], "-interfacename", INTERFACE)


def counted_out(text):
    """Rules without counters and comments of the program that prints them."""
    return [re.sub(r"\[\d+:\d+\]", "", line).rstrip() for line in text.splitlines()
            if line.strip() and not line.startswith("#")]


def our_rules(node):
    return [line for table in ("raw", "nat") for line in counted_out(node.host.run("iptables-save", "-t", table))
            if "NODE-LOCAL-DNS" in line or LOCAL[4] in line]


def our_table(node):
    return node.host.run("nft", "-s", "-t", "list", "table", "ip", "node-local-dns")


# rules

def test_rules_of_the_chain_are_what_run_applies(node, run_agent):
    flags = ("--fallback", "chain", "--kube-proxy-mode", "iptables")
    agent = run_agent(*flags, families=(4,))
    applied = our_rules(node)
    assert agent.stop() == 0
    node.reset()
    printed = ours.run("rules", *flags, *ADDRESS)
    assert printed.returncode == 0, printed.stderr
    assert our_rules(node) == []  # it only prints
    node.host.run("iptables-restore", "--noflush", stdin=printed.stdout)
    assert our_rules(node) == applied


def test_rules_of_steering_are_what_run_applies(node, run_agent):
    agent = run_agent("--fallback", "steer", families=(4,))
    applied = our_table(node)
    assert agent.stop() == 0
    node.reset()
    printed = ours.run("rules", "--fallback", "steer", *ADDRESS)
    assert printed.returncode == 0, printed.stderr
    node.host.run("nft", "-f", "-", stdin=printed.stdout)
    assert our_table(node) == applied


def test_rules_of_the_mission_in_ipvs_mode(node):
    printed = ours.run("rules", "--fallback", "chain", "--kube-proxy-mode", "ipvs", *ADDRESS).stdout
    for line in (f"-I PREROUTING -d {LOCAL[4]}/32 -p tcp -m tcp --dport 53 -j NODE-LOCAL-DNS",
                 f"-I PREROUTING -d {LOCAL[4]}/32 -p udp -m udp --dport 53 -j NODE-LOCAL-DNS",
                 "-A NODE-LOCAL-DNS -m socket -j RETURN",
                 f"-A NODE-LOCAL-DNS -d {LOCAL[4]}/32 -p udp -m udp --dport 53 -j DNAT "
                 f"--to-destination {CLUSTER_DNS[4]}:53"):
        assert line in printed.splitlines()


def test_rules_with_another_service(node):
    printed = ours.run("rules", "--fallback", "chain", "--kube-proxy-mode", "iptables", *ADDRESS,
                       "--dns-service", "dns-system/core:udp-port,tcp-port").stdout
    assert service_chain("udp-port", "udp", "dns-system/core") in printed
    assert service_chain("tcp-port", "tcp", "dns-system/core") in printed


# status

def test_status_without_an_agent(node):
    done = ours.run("status", "-interfacename", INTERFACE)
    assert done.returncode == 2
    assert done.stdout + done.stderr


def test_status_of_a_healthy_node(node, run_agent):
    agent = run_agent()
    node.wait_for("local")
    wait_until(lambda: agent.status()[0] == 0, 2, "a healthy node")
    _, status = agent.status()
    assert (status["mode"], status["method"], status["kube_proxy_mode"]) == ("fallback", "steer", "iptables")
    assert status["answers"] == "local"
    interface = status["interface"]
    assert (interface["name"], interface["up"], set(interface["addresses"])) == (INTERFACE, True, set(LOCAL.values()))
    assert status["rules"]["present"]
    server = status["server"]
    assert (server["pid"], server["state"], server["restarts"]) == (agent.wait_serving(), "serving", 0)
    assert server["uptime_seconds"] >= 0 and server["last_probe_ms"] > 0
    assert any(upstream["to"].startswith("127.0.0.2") for upstream in status["upstreams"]), status["upstreams"]
    assert status["cache"], status
    human = ours.run("status", "-interfacename", INTERFACE)
    assert human.returncode == 0
    for word in (INTERFACE, LOCAL[4], "steer", str(server["pid"])):
        assert word in human.stdout


def test_status_tells_of_repairs(node, run_agent):
    agent = run_agent()
    node.host.ip("link", "delete", INTERFACE)
    agent.wait_log("repaired: ")
    wait_until(lambda: agent.status()[1]["repairs"], 2, "the repair to be told")
    _, status = agent.status()
    assert status["repairs"][0]["kind"] == "interface" and status["repairs"][0]["fault"] == "missing"


def test_status_says_what_is_wrong_with_the_interface(node, run_agent):
    """While it exists, too; and that is no fault of the rules."""
    node.host.ip("link", "add", INTERFACE, "type", "bridge")
    agent = run_agent(launch=True)
    wait_until(lambda: "interface nodelocaldns: " in "".join(agent.status()[1].get("missing", [])), 5, "the error")
    shown = ours.run("status", "-interfacename", INTERFACE).stdout
    assert "missing      interface nodelocaldns: " in shown and "bridge" in shown
    rules = [line for line in shown.splitlines() if line.startswith("rules ")]
    assert len(rules) == 1 and "present, checked " in rules[0], shown
    assert "NOT in order" not in shown


def test_the_server_has_the_programs_name(node, run_agent):
    agent = run_agent()
    for pid in (agent.pid, agent.wait_serving()):
        assert pathlib.Path(f"/proc/{pid}/comm").read_text() == "node-local-dns\n"


def test_metrics_tell_the_same(node, run_agent):
    agent = run_agent()
    metrics = agent.metrics()
    for name in ("coredns_nodecache_setup_errors_total", "node_local_dns_fallback_active",
                 "node_local_dns_fallback_seconds", "node_local_dns_reconcile_duration_seconds_count",
                 "node_local_dns_reconcile_last_success_timestamp_seconds", "node_local_dns_server_up"):
        assert metrics.series(name), f"{name} in\n{metrics.text}"
    assert metrics.value("coredns_nodecache_setup_errors_total") == 0
    assert metrics.value("node_local_dns_server_up") == 1


# cleanup

@pytest.mark.parametrize("flags", [("--fallback", "steer"), ("--fallback", "chain")], ids=["steer", "chain"])
def test_cleanup_removes_everything_and_says_what(node, run_agent, flags):
    def rules():
        return {line for line in node.host.run("iptables-save").splitlines() if line.startswith("-A")}
    before = rules(), node.links()
    agent = run_agent(*flags, "-skipteardown")
    assert agent.stop() == 0
    both = ("-localip", ",".join(LOCAL.values()), "-interfacename", INTERFACE)
    done = ours.run("cleanup", *both)
    assert done.returncode == 0, done.stderr
    assert INTERFACE in done.stdout
    assert re.search("node-local-dns|NODE-LOCAL-DNS", done.stdout)
    # iptables-nft leaves its empty tables behind, which are nobody's.
    assert (rules(), node.links()) == before
    left = node.host.run("nft", "list", "ruleset")
    assert not re.search(f"node-local-dns|NODE-LOCAL-DNS|{LOCAL[4]}|{LOCAL[6]}", left), left
    again = ours.run("cleanup", *both)
    assert again.returncode == 0
    assert INTERFACE not in again.stdout or "no" in again.stdout


# run

@pytest.mark.parametrize(("flags", "named"), [
    (("--mode", "sideways"), "sideways"),
    (("--fallback", "hope"), "hope"),
    (("--kube-proxy-mode", "userspace"), "userspace"),
    (("--iptables-backend", "ebtables"), "ebtables"),
    (("-localip", "169.254.20"), "169.254.20"),
    (("--cluster-dns", "kube-dns"), "kube-dns"),
    (("--dns-service", "nonsense"), "nonsense"),
    (("--probe-name", "a..b"), "a..b"),
    (("-interfacename", "a-name-that-is-too-long"), "a-name-that-is-too-long"),
    (("--no-such-flag",), "no-such-flag"),
], ids=lambda value: value[0].lstrip("-") if isinstance(value, tuple) else "")
def test_bad_flag_is_named(node, flags, named):
    given = dict(zip(ADDRESS[::2], ADDRESS[1::2]))
    given.pop(flags[0], None)
    done = ours.run("run", *(word for flag in given.items() for word in flag), *flags)
    assert done.returncode == 2, done.stderr
    assert named in done.stderr
    assert INTERFACE not in node.links()


def test_pid_file(node, run_agent, tmp_path):
    agent = run_agent("-pidfile", tmp_path / "pid")
    assert int((tmp_path / "pid").read_text()) == agent.pid


@pytest.mark.parametrize("family", FAMILIES)
def test_other_name_and_one_address(node, run_agent, family):
    agent = run_agent(interface="dnscache0", families=(family,))
    assert node.addresses("dnscache0") == {LOCAL[family]}
    kill(agent.wait_serving())
    agent.wait_log("lost the DNS server")
    wait_until(lambda: agent.status()[0] == 0, 5, "a healthy node")
    node.wait_for("local", family=family)


@pytest.fixture(scope="module")
def legacy_lock(tmp_path_factory):
    """A lock file of our own: the usual one is shared by all network namespaces."""
    return tmp_path_factory.mktemp("xtables") / "lock"


@pytest.mark.parametrize("node", [IPTABLES_LEGACY], indirect=True, ids="-".join)
def test_lock_of_another_program_is_waited_for(node, run_agent, legacy_lock):
    """With a bound, and again later: an agent that hangs in it would be of no use."""
    with open(legacy_lock, "w", encoding="ascii") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        agent = run_agent("--fallback", "chain", launch=True, environment={"XTABLES_LOCKFILE": str(legacy_lock)})
        assert agent.wait_serving()
        agent.wait_value("coredns_nodecache_setup_errors_total", lambda value: value > 0, errortype="iptables_lock")
        assert agent.status()[0] != 0
    node.wait_for("local")
    wait_until(lambda: agent.status()[0] == 0, 8, "the rules to be written after all")
    assert any("NODE-LOCAL-DNS" in line for line in node.host.run("iptables-legacy-save").splitlines())


def test_foreign_interface_is_left_alone(node, run_agent):
    """A name given by mistake must not cost the node its uplink."""
    before = node.host.ip("-d", "link", "show", "uplink")
    agent = run_agent(interface="uplink", launch=True)
    agent.wait_log("uplink")
    agent.stop()
    assert node.host.ip("-d", "link", "show", "uplink") == before
    assert LOCAL[4] not in node.host.ip("address", "show", "dev", "uplink")


# kube-proxy's mode

class ProxyMode(http.server.BaseHTTPRequestHandler):
    """kube-proxy's metrics address, which tells the mode."""
    mode = "iptables"

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.mode.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def proxy_mode(node):
    ProxyMode.mode = "iptables"
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 10249), ProxyMode)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield ProxyMode
    server.shutdown()
    server.server_close()
    thread.join()


def test_mode_is_followed(node, run_agent, proxy_mode):
    agent = run_agent("--fallback", "chain", sync="1s")
    assert any(service_chain("dns", "udp") in line for line in our_rules(node))
    proxy_mode.mode = "ipvs"
    wait_until(lambda: any("DNAT" in line for line in our_rules(node)), 3, "the rules for ipvs")
    assert not any("KUBE" in line for line in our_rules(node))
    wait_until(lambda: agent.status()[1]["kube_proxy_mode"] == "ipvs", 2, "status to follow")


def test_mode_is_read_off_the_kernel(node, run_agent):
    agent = run_agent()
    _, status = agent.status()
    assert status["kube_proxy_mode"] == "iptables" and "KUBE-SERVICES" in status["kube_proxy_source"]
