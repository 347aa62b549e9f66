"""The dashboard: its rows, variables and annotations."""

from source import availability, cache, resources, traffic, upstreams
from source.expressions import ALL, BY
from source.model import DATASOURCE, place, row

TITLE = "Kubernetes / Node Local DNS"
NODE_LABELS = ("node", "instance", "pod", "kubernetes_node")


def rows():
    return [
        row("Overall", [
            availability.nodes_now(), availability.fallback_now(), availability.failovers_now(), upstreams.down_now(),
            traffic.queries_now(), cache.ratio_now(), traffic.servfail_now(), traffic.latency_now(),
            traffic.by_type(), traffic.by_protocol(), traffic.by_code(),
            cache.hit_ratio(), traffic.latency(), traffic.latency_map(),
            availability.who_answers(), availability.failovers(), traffic.errors(),
            availability.versions(), availability.configuration(), resources.memory(fleet=True),
            resources.cpu(fleet=True),
            cache.memory(fleet=True), cache.entries(), cache.evictions(),
            cache.hits_and_misses(), cache.stale(), traffic.dropped(),
            availability.network_fleet(), availability.repairs(), availability.time_on_fallback(),
            traffic.by_plugin(), traffic.connections(), traffic.sizes(),
        ]),
        row("Upstreams: the cluster DNS and the servers of resolv.conf", [
            upstreams.requests(), upstreams.latency(0.95), upstreams.latency_map(),
            upstreams.codes(), upstreams.failures(), upstreams.down(),
            upstreams.health(), upstreams.connections(), upstreams.reuse(),
            upstreams.mismatched(), upstreams.rejects(), upstreams.latency(0.5),
        ]),
        # Collapsed: a hundred nodes are a hundred rows, and only an open one asks Prometheus.
        row("Node $node", [
            availability.who_answers(), availability.network_state(), availability.failovers(),
            traffic.by_type(), traffic.by_protocol(), traffic.by_code(),
            cache.hit_ratio(), traffic.latency(), traffic.latency_map(),
            cache.hits_and_misses(), traffic.errors(), traffic.dropped(),
            cache.memory(fleet=False), cache.entries(), cache.evictions(),
            resources.memory(fleet=False), resources.cpu(fleet=False), resources.cpu_per_query(),
            cache.stale(), availability.repairs(), availability.agent_times(),
            traffic.by_plugin(), traffic.connections(), resources.files(),
        ], repeat="node", collapsed=True),
    ]


# --- variables ------------------------------------------------------------------------------------------------

def choice(name, label, expression, description, *, everything, current=None):
    """A list that Prometheus gives."""
    made = {"type": "query", "name": name, "label": label, "description": description, "datasource": DATASOURCE,
            "definition": expression, "query": {"query": expression, "refId": f"Variable-{name}"}, "refresh": 2,
            "regex": "", "sort": 1, "multi": True, "includeAll": everything, "hide": 0, "options": [],
            "skipUrlSync": False, "current": current or {}}
    if everything:
        made["allValue"] = ".*"  # also what has no such label, and shorter than a list of a thousand nodes
        made["current"] = {"selected": True, "text": ["All"], "value": ["$__all"]}
    return made


def variables():
    return [
        {"type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus", "regex": "",
         "hide": 0, "multi": False, "includeAll": False, "refresh": 1, "options": [], "skipUrlSync": False,
         "current": {}},
        choice("job", "Job", "label_values(coredns_build_info, job)",
               "The scrape's job. The cluster DNS may be a CoreDNS, too: choose the job of the nodes' cache.",
               everything=False, current={"selected": True, "text": ["node-local-dns"], "value": ["node-local-dns"]}),
        {"type": "custom", "name": "node_label", "label": "Node label", "query": ",".join(NODE_LABELS), "hide": 0,
         "description": "The label that names a node: node, if the scrape sets it; else what there is.",
         "multi": False, "includeAll": False, "skipUrlSync": False,
         "current": {"selected": True, "text": NODE_LABELS[0], "value": NODE_LABELS[0]},
         "options": [{"selected": one == NODE_LABELS[0], "text": one, "value": one} for one in NODE_LABELS]},
        choice("node", "Node", 'label_values(coredns_build_info{job=~"$job"}, $node_label)',
               "Nodes that all panels look at, and that have a row of their own below.", everything=True),
        choice("upstream", "Upstream", "label_values({__name__=~"
               '"coredns_forward_requests_total|coredns_proxy_request_duration_seconds_count", '
               f"{ALL}}}, to)", "Servers of the row Upstreams.", everything=True),
    ]


# --- annotations ----------------------------------------------------------------------------------------------

def annotation(name, expr, color, title):
    """Grafana to version 12 reads `expr` and its neighbours; the copy in `target` is for those after it."""
    return {"name": name, "datasource": DATASOURCE, "enable": True, "hide": False, "iconColor": color, "expr": expr,
            "step": "30s", "titleFormat": title, "textFormat": "", "useValueForTime": False,
            "tagKeys": ",".join((*NODE_LABELS, "cause")),  # Grafana fills in no variables here
            "target": {"refId": "Anno", "expr": expr, "interval": "30s"}}


def annotations():
    return {"list": [
        # Two minutes, so that a scrape interval of a minute has two samples in it.
        annotation("Failovers", f"sum by ({BY}, cause) (changes(node_local_dns_failovers_total{{{ALL}}}[2m])) > 0",
                   "orange", "Failover: {{cause}}"),
        annotation("Fallback", f"max by ({BY}) (node_local_dns_fallback_active{{{ALL}}}) == 1", "red",
                   "On the fallback"),
    ]}


def dashboard():
    return {
        "uid": "node-local-dns", "title": TITLE, "tags": ["kubernetes", "dns", "node-local-dns"],
        "description": "The DNS cache of every node: what is asked, who answers, what it costs. Fills from "
                       "node-local-dns, and from CoreDNS's node-cache where that has the metric.",
        "schemaVersion": 39, "version": 1, "editable": True, "graphTooltip": 1, "fiscalYearStartMonth": 0,
        "liveNow": False, "id": None, "timezone": "", "weekStart": "", "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"}, "timepicker": {},
        "links": [{"type": "dashboards", "title": "DNS", "tags": ["dns"], "asDropdown": True, "includeVars": False,
                   "keepTime": True, "targetBlank": False, "icon": "external link", "tooltip": "", "url": ""}],
        "annotations": annotations(), "templating": {"list": variables()}, "panels": place(rows()),
    }
