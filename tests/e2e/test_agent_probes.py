"""What the kubelet asks: `probe`, /healthz and /readyz, also while two pods share the node."""

import http.client
import os
import signal

from lab import ours
from lab.agent import METRICS
from lab.node import INTERFACE
from lab.processes import Process
from lab.waiting import wait_until


def http_get(path, address=METRICS):
    host, port = address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=3)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def probe():
    return ours.run("probe", "-interfacename", INTERFACE)


def in_another_pod(*command):
    """With PID and mount namespaces of its own, as a container has them."""
    return ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "--", *command]


def test_healthy(node, run_agent):
    agent = run_agent()
    agent.wait_serving()
    wait_until(lambda: http_get("/readyz") == (200, "ok\n"), 2, "readiness")
    assert http_get("/healthz") == (200, "ok\n")
    done = probe()
    assert (done.returncode, done.stdout, done.stderr) == (0, "ok\n", "")


def test_hung_server_is_not_ready_but_alive(node, run_agent):
    agent = run_agent("--server-command", "/bin/sleep 1000", launch=True)  # never answers
    wait_until(lambda: http_get("/healthz")[0] == 200, 2, "the agent")
    status, body = http_get("/readyz")
    assert status == 503 and "DNS server: " in body
    done = probe()
    assert done.returncode == 1 and "DNS server: " in done.stderr
    assert agent.running()


def test_killed_server_shows_and_comes_back(node, run_agent):
    agent = run_agent()
    pid = agent.wait_serving()
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: http_get("/readyz")[0] == 503, 3, "the hang to show")
    assert http_get("/healthz")[0] == 200
    agent.wait_serving(beside=[pid])
    wait_until(lambda: http_get("/readyz")[0] == 200, 3, "readiness")


def test_without_an_agent(node):
    done = probe()
    assert done.returncode == 1 and f"no agent of interface {INTERFACE} runs here" in done.stderr


def test_the_agent_of_another_pod_does_not_count(node, run_agent, tmp_path):
    agent = run_agent()
    agent.wait_serving()
    pod = Process(in_another_pod(ours.BINARY, "probe", "-interfacename", INTERFACE), tmp_path, "pod").start()
    assert pod.wait() == 1 and "another pod's does" in pod.text()


def test_each_pod_has_its_own(node, run_agent, tmp_path):
    """The second pod is ready by its own agent, although its address and ports are the first one's as well."""
    agent = run_agent()
    agent.wait_serving()
    script = f'''"$@" & agent=$!
        for try in $(seq 100); do {ours.BINARY} probe -interfacename {INTERFACE} && break; sleep 0.1; done
        kill $agent; wait $agent'''
    pod = Process(in_another_pod("bash", "-c", script, "bash", ours.BINARY, "run", *agent.flags), tmp_path,
                  "pod").start()
    assert pod.wait(15) == 0, pod.text()
    assert "\nok\n" in pod.text()
    assert agent.running() and probe().returncode == 0
