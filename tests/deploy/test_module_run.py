"""What only the chart has, run in a cluster in a box: zones and upstreams from settings decide who is asked."""

from helm.chart import template
from lab.agent import kill
from lab.node import CLUSTER_ANSWER, ENDPOINTS, LOCAL_ANSWER, UPSTREAM
from test_kubernetes_run import EXTERNAL, LOCAL, UPSTREAMS, answers, box, running

INSIDE = "www.corp.test"


def test_zones_and_upstreams(binary, tmp_path):
    """Two servers that answer all names, each with an address of its own: the answer tells who was asked."""
    settings = {"forwardZones": [{"zone": "corp.test", "servers": [UPSTREAM], "forceTCP": True}],
                "upstreamServers": [ENDPOINTS[4][0]], "cacheMemory": "8MiB", "workers": 1, "logQueries": "all",
                "cache": {"prefetch": 5, "serveStale": "1h"}, "kubeProxyMode": "iptables"}
    with box("iptables") as node, running(tmp_path, template(settings), UPSTREAMS, nameservers=[]) as agent:
        node.wait_for("local", server=LOCAL[4], name=INSIDE)
        assert answers(node.pod, INSIDE, LOCAL[4]) == [[LOCAL_ANSWER]] * 2
        assert answers(node.pod, EXTERNAL, LOCAL[4]) == [[CLUSTER_ANSWER]] * 2
        assert f'"A IN {EXTERNAL}.' in agent.text(), "the server answered, and logged it"
        with agent.frozen():
            kill(agent.children()[0])
            assert answers(node.pod, INSIDE, LOCAL[4]) == [[CLUSTER_ANSWER]] * 2
