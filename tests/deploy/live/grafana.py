"""What Grafana does with a dashboard before it asks Prometheus: variables, legends."""

import json
import re

from lab.ours import REPOSITORY
from live.prometheus import SCRAPE_INTERVAL

FILE = REPOSITORY / "deploy" / "grafana" / "node-local-dns.json"
LABEL_VALUES = re.compile(r"label_values\((?:(?P<selector>.*), *)?(?P<label>\w+)\)")
IN_LEGEND = re.compile(r"\{\{ *(\w+) *\}\}")


def load():
    return json.loads(FILE.read_text())


def panels(dashboard):
    """All of them, also those inside collapsed rows."""
    return [part for one in dashboard["panels"] for part in [one, *one.get("panels", [])] if part["type"] != "row"]


def variables(dashboard):
    return {one["name"]: one for one in dashboard["templating"]["list"]}


class Values:
    """Chosen values of the variables. Several of one variable become a regular expression, as Grafana writes it."""

    def __init__(self, seconds, **chosen):
        self._texts = {"__range": f"{int(seconds)}s",
                       # Four scrapes, or one more than a point of the graph, whatever is longer.
                       "__rate_interval": f"{max(4 * SCRAPE_INTERVAL, 1 + SCRAPE_INTERVAL)}s"}
        for name, value in chosen.items():
            self._texts[name] = value if isinstance(value, str) else "(" + "|".join(map(self._escaped, value)) + ")"

    @staticmethod
    def _escaped(value):
        return re.sub(r"([.\\|()\[\]{}*+?^$])", r"\\\\\1", value)

    def filled(self, text):
        for name in sorted(self._texts, key=len, reverse=True):
            text = text.replace("${" + name + "}", self._texts[name]).replace("$" + name, self._texts[name])
        assert not re.search(r"\$\{?[a-z_]", text), text
        return text


def legend_labels(legend):
    return set(IN_LEGEND.findall(legend))


def label_values(prometheus, query):
    """The list of a variable."""
    match = LABEL_VALUES.fullmatch(query)
    assert match, query
    return prometheus.label_values(match["label"], match["selector"])
