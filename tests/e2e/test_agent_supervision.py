"""The agent keeps one DNS server running: its own or another program; killed, hung, or never able to start."""

import os
import signal

import pytest

from lab.agent import alive, command_line, kill, state
from lab.node import ENDPOINTS, INTERFACE, LOCAL, LOCAL_ANSWER, UPSTREAM, WHO
from lab.processes import open_sockets
from lab.steady import Steady
from lab.waiting import PATIENCE, wait_until


def unbound_command(directory):
    conf = directory / "external.conf"
    conf.write_text("\n".join([
        "server:", *(f"  interface: {address}" for address in LOCAL.values()), '  username: ""', '  chroot: ""',
        '  pidfile: ""', f'  directory: "{directory}"', "  use-syslog: no", "  num-threads: 1", "  so-rcvbuf: 0",
        "  access-control: 0.0.0.0/0 allow", "  access-control: ::/0 allow", '  module-config: "iterator"',
        "  local-zone: test. redirect", f'  local-data: "test. A {LOCAL_ANSWER}"',
        "remote-control:", "  control-enable: no", ""]))
    return f"/usr/sbin/unbound -d -p -c {conf}"


def dnsmasq_command(directory):
    return ("/usr/sbin/dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --bind-interfaces "
            f"--user=root --pid-file={directory}/dnsmasq.pid --address=/test/{LOCAL_ANSWER} "
            + " ".join(f"--listen-address={address}" for address in LOCAL.values()))


COMMANDS = {"own": None, "unbound": unbound_command, "dnsmasq": dnsmasq_command}


def flags_for(kind, directory):
    make = COMMANDS[kind]
    return ["--server-command", make(directory)] if make else []


@pytest.mark.parametrize("kind", COMMANDS)
def test_killed_server_is_restarted(node, run_agent, tmp_path, kind):
    agent = run_agent(*flags_for(kind, tmp_path))
    pid = agent.wait_serving()
    assert kind == "own" or kind in command_line(pid)[0]
    with Steady(node.pod, LOCAL[4], WHO) as client:
        client.wait_for("local", 0, count=20)
        killed, dead = kill(pid)
        fresh = agent.wait_serving(beside=[pid])
        client.wait_for("local", client.now(), count=20)
    assert client.lost(0, dead) <= client.queued(killed, dead), client.summary(0, dead)
    assert client.lost(dead) <= 2, client.summary(dead)
    assert len(agent.lines(rf"lost the DNS server, pid {pid}: killed by signal 9")) == 1
    assert agent.value("node_local_dns_server_restarts_total", cause="signal") == 1
    assert agent.value("node_local_dns_failovers_total", cause="signal") == 1
    assert agent.value("node_local_dns_server_up") == 1
    wait_until(lambda: agent.status()[0] == 0, 2, "a healthy node")
    _, status = agent.status()
    assert (status["answers"], status["server"]["pid"]) == ("local", fresh)
    assert status["server"]["restarts"] == 1
    failover = status["failovers"][-1]
    assert "signal 9" in failover["cause"] and failover["lasted_ms"] >= 0


def test_restarted_at_once(node, run_agent):
    """By the agent's own words: from the server's end to the next one's first answer. 20 to 60 ms on a machine with
    nothing else to do; other tests want the processors, too, so here only the order of magnitude counts. The pauses
    themselves are pinned by the supervisor's unit tests, with a clock of their own."""
    agent = run_agent()
    pids = []
    for _ in range(3):
        pids.append(agent.wait_serving(beside=pids))
        kill(pids[-1])
    agent.wait_serving(beside=pids)
    lasted = [failover["lasted_ms"] for failover in agent.status()[1]["failovers"]]
    assert len(lasted) == 3 and min(lasted) < 1000 * PATIENCE, lasted


@pytest.mark.parametrize("kind", COMMANDS)
def test_hung_server_is_replaced(node, run_agent, tmp_path, kind):
    agent = run_agent(*flags_for(kind, tmp_path))
    pid = agent.wait_serving()
    with Steady(node.pod, LOCAL[4], WHO) as client:
        client.wait_for("local", 0, count=20)
        hung = client.now()
        os.kill(pid, signal.SIGSTOP)
        agent.wait_serving(beside=[pid])
        back = client.now()
        client.wait_for("local", back, count=20)
    assert client.silence(hung) < 1.5 * PATIENCE, client.summary(hung)
    assert client.lost(back) == 0
    assert not alive(pid)
    assert len(agent.lines("the DNS server hangs")) == 1
    assert "hung" in agent.status()[1]["failovers"][-1]["cause"]


def test_crash_loop_stays_on_the_fallback(node, run_agent):
    agent = run_agent("--server-command", "/bin/false", launch=True)
    agent.wait_log("lost the DNS server, pid .*: exited with 1", count=5)
    for space in (node.pod, node.host):
        for tcp in (False, True):
            node.wait_for("cluster", space, tcp=tcp)
    wait_until(lambda: agent.status()[0] == 1, 2, "status to tell of the fallback")
    _, status = agent.status()
    assert status["answers"] == "fallback"
    assert status["steered"]["aside"] and status["steered"]["packets"] > 0
    assert "exited with 1" in status["server"]["last_end"]
    assert agent.value("node_local_dns_fallback_active") == 1
    assert agent.value("node_local_dns_server_up") == 0
    wait_until(lambda: (agent.status()[1]["server"]["next_start_in_ms"] or 0) > 200, 5, "the pauses to grow")
    assert agent.stop() == 0


BROKEN = ".:53 {\n    nonsense here\n}\n"


def test_broken_corefile_at_the_start(node, run_agent):
    """The agent ends, but the rules are there: pods are served while somebody mends the file."""
    agent = run_agent(conf=BROKEN, launch=True)
    assert agent.wait() == 1
    assert agent.lines(rf"{agent.conf}:2: .*nonsense")
    assert node.asks() == node.asks(tcp=True) == "cluster"
    assert INTERFACE not in node.links()


def test_corefile_that_broke_later(node, run_agent):
    """The next server cannot start: `status` says why, and all is well once the file is."""
    agent = run_agent()
    good = agent.conf.read_text()
    pid = agent.wait_serving()
    agent.conf.write_text(BROKEN)
    kill(pid)
    agent.wait_log("lost the DNS server, pid .*: exited with", count=2)
    node.wait_for("cluster")
    wait_until(lambda: agent.status()[0] == 1, 2, "status to tell of the fallback")
    assert f"{agent.conf}:2" in agent.status()[1]["server"]["last_end"]
    agent.conf.write_text(good)
    agent.wait_serving(beside=[pid])
    node.wait_for("local")
    wait_until(lambda: agent.status()[0] == 0, 2, "a healthy node")


def test_server_command_that_does_not_exist(node, run_agent):
    agent = run_agent("--server-command", "/nonexistent/dns -x", launch=True)
    agent.wait_log("/nonexistent/dns")
    node.wait_for("cluster")
    wait_until(lambda: agent.status()[0] == 1, 2, "status to tell of the fallback")
    assert "/nonexistent/dns" in agent.status()[1]["server"]["last_end"]


def test_server_lives_on_without_its_agent_and_is_adopted(node, run_agent):
    """Not one query of the steady client is lost by an agent's crash and its successor."""
    first = run_agent()
    pid = first.wait_serving()
    with Steady(node.pod, LOCAL[4], WHO) as client, Steady(node.host, LOCAL[4], WHO) as host:
        client.wait_for("local", 0, count=20)
        kill(first.pid)
        assert node.asks() == "local"
        second = run_agent(conf=first.conf.read_text(), name=first.output.stem, launch=True)
        second.wait_log(rf"adopted the DNS server that a former agent left, pid {pid}")
        wait_until(lambda: second.status()[1]["server"]["state"] == "serving", 5, "the adopted server to answer")
        after = client.now()
        client.wait_for("local", after, count=20)
        host.wait_for("local", after, count=20)
    assert client.counts()["local"] == len(client.queries), client.summary()
    assert host.lost() == 0, host.summary()
    _, status = second.status()
    assert (status["server"]["pid"], status["server"]["adopted"]) == (pid, True)
    kill(pid)  # a server that is no child of the agent
    assert second.wait_serving(beside=[pid]) != pid


def test_server_of_other_flags_is_replaced(node, run_agent):
    first = run_agent()
    pid = first.wait_serving()
    with Steady(node.pod, LOCAL[4], WHO) as client:
        client.wait_for("local", 0, count=20)
        kill(first.pid)
        second = run_agent("--log-level", "debug", conf=first.conf.read_text())
        fresh = second.wait_serving(beside=[pid])
        client.wait_for("local", client.now(), count=20)
    assert fresh != pid and not alive(pid)
    assert client.lost() == 0, client.summary()


def test_agent_holds_no_socket_of_its_server(node, run_agent):
    """A copy of such a socket would swallow queries for good."""
    agent = run_agent()
    pid = agent.wait_serving()
    with agent.frozen():
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: state(pid) == "Z", 2, "the server's end")
        assert not [one for one in open_sockets(agent.pid) if one[2] == 53]


def ends_in_time(agent, number=signal.SIGTERM):
    before = Steady.now()
    assert agent.stop(number, timeout=6) == 0, agent.text()
    assert Steady.now() - before < 5 * PATIENCE


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_leaves_the_fallback(node, run_agent, number):
    agent = run_agent()
    pid = agent.wait_serving()
    with Steady(node.pod, LOCAL[4], WHO) as client, Steady(node.host, LOCAL[4], WHO, reopen=True) as host:
        client.wait_for("local", 0, count=20)
        host.wait_for("local", 0, count=20)
        ends_in_time(agent, number)
        assert not alive(pid) and INTERFACE not in node.links()
        client.wait_for("cluster", client.now(), count=20)
        host.wait_for("cluster", client.now(), count=20)
    assert client.lost() == 0, client.summary()
    # Its socket's address goes: one send fails, and what was under way finds no home. 10 are 50 ms.
    assert host.lost() <= 10 * PATIENCE, host.summary()
    for family in LOCAL:
        for tcp in (False, True):
            assert node.asks(family=family, tcp=tcp) == "cluster"
            node.wait_for("cluster", node.host, family=family, tcp=tcp)


def test_stop_with_a_hung_server(node, run_agent):
    agent = run_agent()
    pid = agent.wait_serving()
    os.kill(pid, signal.SIGSTOP)
    ends_in_time(agent)
    assert not alive(pid) and INTERFACE not in node.links()
    assert node.asks() == "cluster"


def test_stop_during_a_reload(node, run_agent):
    agent = run_agent()
    pid = agent.wait_serving()
    for _ in range(5):
        agent.send_signal(signal.SIGHUP)
    ends_in_time(agent)
    assert not alive(pid)
    assert node.asks() == "cluster"


def test_stop_right_after_the_start(node, run_agent):
    agent = run_agent(launch=True)
    agent.wait_log(".")
    ends_in_time(agent)
    assert INTERFACE not in node.links()


def test_interface_stays_when_told(node, run_agent):
    agent = run_agent("-skipteardown")
    ends_in_time(agent)
    assert INTERFACE in node.links() and node.addresses() == set(LOCAL.values())
    assert node.asks() == "cluster"


def test_reload_is_the_servers(node, run_agent):
    """SIGHUP to the agent reaches the server, which reads its Corefile again."""
    agent = run_agent()
    pid = agent.wait_serving()
    assert node.asks() == "local"
    agent.conf.write_text(agent.conf.read_text().replace(UPSTREAM, ENDPOINTS[4][0]))
    agent.send_signal(signal.SIGHUP)
    agent.wait_log("reload complete")
    assert node.asks(name="new.test") == "cluster"  # by way of the local server, which asks another one now
    assert agent.value("node_local_dns_fallback_active") == 0
    assert agent.wait_serving() == pid
