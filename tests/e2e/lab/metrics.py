"""Reads the Prometheus text exposition."""

import re
import urllib.error
import urllib.request

_LINE = re.compile(r'^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$')
_LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)",?')


class Metrics:
    """One scrape."""

    def __init__(self, text):
        self.text = text
        self.samples = []
        self.types = {}
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split()
                self.types[name] = kind
            match = _LINE.match(line)
            if match:
                self.samples.append((match[1], dict(_LABEL.findall(match[2] or "")), float(match[3])))

    def series(self, name, /, **labels):
        """[(labels, value)] whose labels include the given ones."""
        return [(have, value) for one, have, value in self.samples
                if one == name and all(have.get(k) == v for k, v in labels.items())]

    def value(self, name, /, **labels):
        """The sum over matching series, 0 when there is none (a counter that was never touched)."""
        return sum(value for _, value in self.series(name, **labels))

    def label_names(self, name):
        found = self.series(name)
        return set(found[0][0]) if found else None


def scrape(endpoint):
    with urllib.request.urlopen(f"http://{endpoint}/metrics", timeout=5) as response:
        return Metrics(response.read().decode())


def http_get(endpoint, path):
    """(status, body)."""
    try:
        with urllib.request.urlopen(f"http://{endpoint}{path}", timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
