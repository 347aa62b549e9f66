"""HTTP ports that an old node-cache still holds: DNS does not wait for them, and they are taken when free."""

import socket

import pytest

from lab import ours
from lab.agent import METRICS, SERVER_METRICS
from lab.metrics import http_get, scrape
from lab.node import LOCAL, UPSTREAM
from lab.waiting import stays, wait_until

HEALTH = "127.0.0.1:8080"


def hold(address):
    """A listener as Go makes it: without SO_REUSEPORT."""
    host, port = address.rsplit(":", 1)
    host = host.strip("[]")
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, int(port)))
    listener.listen(8)
    return listener


def http_status(address, path):
    try:
        return http_get(address, path)[0]
    except OSError:
        return 0


@pytest.mark.parametrize("listen", [METRICS, "[::]:9353", "0.0.0.0:9353"])
def test_the_agents_port(node, run_agent, listen):
    with hold(listen):
        agent = run_agent(metrics=listen)  # serves DNS
        agent.wait_log(r"9353: bind: Address already in use: trying again until it is free")
    wait_until(lambda: http_status(METRICS, "/healthz") == 200, 8, "the port to be taken")
    agent.wait_log(r"listening on \S+9353 now, it is free")
    assert len(agent.lines("trying again until it is free")) == 1
    assert http_status(METRICS, "/readyz") == 200


def test_the_servers_ports_under_the_agent(node, run_agent):
    conf = ours.block("cache 30", f"health {HEALTH}", f"forward . {UPSTREAM}",
                      bind=" ".join(LOCAL.values()), metrics=SERVER_METRICS)
    with hold(SERVER_METRICS), hold(HEALTH):
        agent = run_agent(conf=conf)
        assert node.asks() == "local"
        agent.wait_log("trying again until it is free", count=2)
        stays(agent.running, 0.5)
    wait_until(lambda: http_status(HEALTH, "/health") == 200, 8, "the health port to be taken")
    wait_until(lambda: scrape(SERVER_METRICS), 8, "the metrics port to be taken")
    assert agent.status()[1]["server"]["restarts"] == 0
