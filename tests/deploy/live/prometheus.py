"""A real Prometheus: scrapes every second, evaluates the rules of deploy/prometheus, is asked over its HTTP API."""

import json
import pathlib
import urllib.error
import urllib.parse
import urllib.request

from lab.ours import REPOSITORY
from lab.processes import Process

ADDRESS = "127.0.0.1:9090"
RULES = [REPOSITORY / "deploy" / "prometheus" / name for name in ("recording.yaml", "alerts.yaml")]
SCRAPE_INTERVAL = 1  # second


def job(name, targets, node=None, service=None):
    """A scrape of fixed addresses, relabelled as a ServiceMonitor does: job is the Service, node that of the pod."""
    config = {"job_name": name, "static_configs": [{"targets": targets, "labels": {}}], "relabel_configs": []}
    for meta, label, value in (("__meta_kubernetes_pod_node_name", "node", node),
                               ("__meta_kubernetes_service_name", "job", service)):
        if value:
            config["static_configs"][0]["labels"][meta] = value
            config["relabel_configs"].append({"source_labels": [meta], "target_label": label})
    return config


class Prometheus(Process):
    """Runs in the calling thread's namespace."""

    def __init__(self, directory, jobs):
        directory = pathlib.Path(directory)
        config = directory / "prometheus.json"  # JSON is YAML
        config.write_text(json.dumps({
            "global": {"scrape_interval": f"{SCRAPE_INTERVAL}s", "scrape_timeout": "900ms",
                       "evaluation_interval": "1s"},
            "rule_files": [str(path) for path in RULES], "scrape_configs": jobs}))
        # One processor: the laboratory beside it wants the other.
        super().__init__(["prometheus", f"--config.file={config}", f"--storage.tsdb.path={directory / 'data'}",
                          f"--web.listen-address={ADDRESS}", "--log.level=warn"], directory, "prometheus",
                         {"GOMAXPROCS": "1"})

    def start(self):
        super().start()
        self.wait_for_sockets([("tcp", None, 9090)], timeout=20)
        return self

    @staticmethod
    def get(path, **parameters):
        """The `data` of an answer; what Prometheus says of a bad query is the error's text."""
        text = urllib.parse.urlencode(parameters, doseq=True)
        try:
            with urllib.request.urlopen(f"http://{ADDRESS}/api/v1/{path}?{text}", timeout=20) as response:
                return json.load(response)["data"]
        except urllib.error.HTTPError as error:
            with error:
                raise ValueError(f"{parameters}: {json.load(error).get('error')}") from error

    def instant(self, expr, at):
        """[(labels, value)]"""
        data = self.get("query", query=expr, time=at)
        assert data["resultType"] == "vector", expr
        return [(one["metric"], float(one["value"][1])) for one in data["result"]]

    def range(self, expr, begin, end, step=1):
        """[(labels, [(time, value)])]"""
        data = self.get("query_range", query=expr, start=begin, end=end, step=step)
        return [(one["metric"], [(at, float(value)) for at, value in one["values"]]) for one in data["result"]]

    def label_values(self, label, selector=None):
        return self.get(f"label/{label}/values", **({"match[]": selector} if selector else {}))

    def rules(self):
        return [rule for group in self.get("rules")["groups"] for rule in group["rules"]]
