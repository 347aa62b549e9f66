"""The module's settings: schemas, defaults, translations and what is made of them agree; wrong values are refused."""

import copy
import json
import re

import pytest
from jsonschema import Draft4Validator, Draft7Validator

from helm import addon_operator, chart, from_schema
from helm.addon_operator import KEY, load
from helm.chart import MODULE, Refused, setting
from helm.from_schema import described

CONFIG = load("openapi/config-values.yaml")
RUSSIAN = "openapi/doc-ru-config-values.yaml"
ROOT = MODULE.parents[1]

# What addon-operator's validator (go-openapi) and Deckhouse's page generator know.
KEYWORDS = {"type", "properties", "additionalProperties", "required", "items", "enum", "default", "description",
            "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "oneOf",
            "x-config-version", "x-examples", "x-kubernetes-preserve-unknown-fields"}


def walk(schema, path=""):
    """Each schema within, with the path of its setting."""
    yield path, schema
    for name, one in schema.get("properties", {}).items():
        yield from walk(one, f"{path}.{name}".lstrip("."))
    if isinstance(schema.get("items"), dict):
        yield from walk(schema["items"], f"{path}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from walk(schema["additionalProperties"], f"{path}.*")
    for one in schema.get("oneOf", []):
        yield from walk(one, path)


def test_schemas_are_schemas():
    for one in addon_operator.schemas():
        Draft4Validator.check_schema(from_schema.plain(one))
    Draft7Validator.check_schema(json.loads((MODULE / "values.schema.json").read_text()))


def test_only_keywords_that_the_operator_knows():
    for path, schema in walk(CONFIG):
        assert set(schema) <= KEYWORDS, path


def test_objects_are_closed():
    """go-openapi leaves inner objects open, so a typing error would pass unnoticed."""
    assert [path for path, schema in walk(CONFIG)
            if schema.get("type") == "object" and "additionalProperties" not in schema] == []


def test_patterns_are_go_patterns():
    for path, schema in walk(CONFIG):
        if "pattern" in schema:
            assert schema["pattern"][0] + schema["pattern"][-1] == "^$", path
            assert not re.search(r"\(\?|\\[1-9bBdDwWsS]", schema["pattern"]), f"{path}: RE2 and Python must agree"


def test_written_files_are_as_the_schema_says():
    for path, text in from_schema.generated().items():
        assert path.read_text() == text, f"{path.name} is older than the schema: run tests/deploy/helm/from_schema.py"


def test_helm_and_operator_have_the_same_defaults():
    values = load("values.yaml")
    assert values == {addon_operator.SWITCH: False, KEY: addon_operator.apply_defaults({}, CONFIG)}


def test_choices_named_in_values_yaml_are_the_schemas():
    """`mode: fallback # fallback | transparent | …`"""
    named = dict(re.findall(r"^ +(\w+): [\w]+ # ((?:\w+ \| )+\w+)", (MODULE / "values.yaml").read_text(), re.M))
    choices = {path.rpartition(".")[2]: " | ".join(schema["enum"]) for path, schema in described(CONFIG)
               if "enum" in schema and path != "image.pullPolicy"}
    assert named == choices


def test_defaults_and_examples_are_valid():
    chart.check_schema(load("values.yaml"))
    addon_operator.validate(addon_operator.apply_defaults({}, CONFIG), CONFIG)
    examples = [(path, schema, example) for path, schema in walk(CONFIG) for example in schema.get("x-examples", [])]
    assert len(examples) > 10
    for path, schema, example in examples:
        errors = [error.message for error in Draft4Validator(from_schema.plain(schema)).iter_errors(example)]
        assert errors == [], path


# --- words -----------------------------------------------------------------------------------------------------------

def test_every_setting_is_described_in_both_languages():
    english = {path: schema.get("description", "") for path, schema in described(CONFIG)}
    russian = {path: schema.get("description", "") for path, schema in described(load(RUSSIAN))}
    assert list(english) == list(russian), "the same settings in the same order"
    for path, text in english.items():
        assert text.strip()[:1].isupper() and text.strip().endswith("."), f"{path}: {text!r}"
        assert not re.search("[а-яё]", text, re.I), path
    for path, text in russian.items():
        assert re.search("[а-яё]", text, re.I) and text.strip().endswith((".", "`")), f"{path}: {text!r}"


def test_both_languages_name_the_same_values():
    """A value in backquotes that only one of the two names is a translation that was forgotten."""
    russian = dict(described(load(RUSSIAN)))
    for path, schema in described(CONFIG):
        words = [set(re.findall(r"`[^`]+`", one["description"])) for one in (schema, russian[path])]
        assert words[0] == words[1], path


# --- the chart's own data --------------------------------------------------------------------------------------------

def test_version_is_the_projects():
    (version,) = re.findall(r"^project\([^)]*VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text(), re.M)
    metadata = load("Chart.yaml")
    assert metadata["appVersion"] == metadata["version"] == version
    assert metadata["apiVersion"] == "v1", "Helm 2 reads no other"


def test_names_are_one():
    module = load("module.yaml")
    assert module["name"] == load("Chart.yaml")["name"] == "node-local-dns"
    assert module["namespace"] == (MODULE / ".namespace").read_text().strip() == "kube-system"
    assert set(module["descriptions"]) == {"en", "ru"}


# --- wrong values ----------------------------------------------------------------------------------------------------

WRONG = [
    ("mode", "Fallback"), ("mode", "notrack"), ("mode", ""), ("mode", True),
    ("fallbackMethod", "dnat"), ("kubeProxyMode", "userspace"), ("iptablesBackend", "nftables"),
    ("localAddresses", []), ("localAddresses", "169.254.20.10"), ("localAddresses", ["169.254.20.256"]),
    ("localAddresses", ["169.254.20"]), ("localAddresses", ["169.254.20.10/32"]), ("localAddresses", ["localhost"]),
    ("localAddresses", ["10.0.0.1", "10.0.0.1"]), ("localAddresses", ["fd00::g"]), ("localAddresses", ["010.0.0.1"]),
    ("clusterDomain", "cluster.local."), ("clusterDomain", "Cluster.local"), ("clusterDomain", "cluster local"),
    ("clusterDNS.service", "kube-system/kube-dns"), ("clusterDNS.addresses", ["10.96.0.10", "fd00::a", "10.96.0.11"]),
    ("clusterDNS.addresses", ["10.96.0.10:53"]), ("clusterDNS.podSelector", "k8s-app=kube-dns"),
    ("clusterDNS.targetPorts.udp", 53), ("clusterDNS.targetPorts.udp", "0"), ("clusterDNS.address", "10.96.0.10"),
    ("upstreamServers", ["dns.example.com"]), ("upstreamServers", ["tls://9.9.9.9"]), ("upstreamServers", ["9.9.9.9:"]),
    ("upstreamServers", ["[fd00::1]"]), ("upstreamServers", [f"10.0.0.{one}" for one in range(1, 17)]),
    ("forwardZones", {"corp.example.com": ["10.0.0.53"]}), ("forwardZones", [{"zone": "corp.example.com"}]),
    ("forwardZones", [{"zone": "corp.example.com", "servers": []}]), ("forwardZones", [{"servers": ["10.0.0.53"]}]),
    ("forwardZones", [{"zone": ".", "servers": ["10.0.0.53"]}]),
    ("forwardZones", [{"zone": "a b", "servers": ["10.0.0.53"]}]),
    ("forwardZones", [{"zone": "a{", "servers": ["10.0.0.53"]}]),
    ("forwardZones", [{"zone": "a", "servers": ["10.0.0.53"], "tls": True}]),
    ("cache.successTTL", 0), ("cache.successTTL", "30s"), ("cache.denialTTL", 1.5), ("cache.prefetch", -1),
    ("cache.serveStale", "1d"), ("cache.serveStale", True), ("cache.ttl", 30), ("cache", 30),
    ("cacheMemory", 67108864), ("cacheMemory", "64Mi"), ("cacheMemory", "64 MiB"), ("cacheMemory", "0MiB"),
    ("workers", 0), ("workers", "auto"), ("workers", 257), ("logLevel", "INFO"), ("logQueries", True),
    ("extraArgs", "--probe-interval=1s"), ("extraArgs", ["probe-interval=1s"]), ("extraArgs", ["--probe-interval 1s"]),
    ("image", "node-local-dns:0.1.0"), ("image.repository", ""), ("image.repository", "a b"), ("image.tag", "a/b"),
    ("image.tag", 1.0), ("image.digest", "sha256:abc"), ("image.pullPolicy", "always"),
    ("image.pullSecrets", ["registry"]),
    ("image.pullSecrets", [{"secret": "registry"}]), ("image.name", "node-local-dns"),
    ("resources.limits.memory", "lots"), ("resources.memory", "64Mi"), ("priorityClassName", "System"),
    ("tolerations", {"operator": "Exists"}), ("tolerations", [{"operator": "Any"}]), ("nodeSelector", {"gpu": True}),
    ("affinity", {"nodeAfinity": {}}), ("podAnnotations", {"a": 1}),
    ("maxSurge", -1), ("maxSurge", "0%"), ("maxSurge", "101%"), ("maxSurge", "1"),
    ("metrics.enabled", "yes"), ("metrics.monitor", "serviceMonitor"), ("metrics.interval", "30"),
    ("metrics.namespace", "Monitoring"), ("metrics.labels", ["release"]), ("metrics.rules", "auto"),
    ("metrics.port", 9253),
    ("dashboard.kind", "configmap"), ("dashboard.labels", {"grafana_dashboard": 1}),
    ("corefile", {"data": "."}), ("kubeproxymode", "ipvs"), ("nodelocaldns", {}),
]


@pytest.mark.parametrize("path, value", WRONG, ids=[f"{path}={json.dumps(value)[:40]}" for path, value in WRONG])
def test_wrong_value_is_refused(path, value):
    """By Helm's schema and by the operator's, and the message says where."""
    with pytest.raises(Refused) as helm:
        chart.check_schema(addon_operator.merge(load("values.yaml"), {KEY: setting(path, value)}))
    place = re.sub(r"\[\d+\]", "", helm.value.path)
    known = f"{KEY}.{path}"
    assert place.startswith(known) or place == known.rpartition(".")[0] and path.rpartition(".")[2] in str(helm.value)
    with pytest.raises(Refused):
        addon_operator.WithSchemas(setting(path, value))


def test_every_setting_can_be_wrong():
    """A setting without a row above could be one that takes anything."""
    tried = {path for path, _ in WRONG}
    for path, _ in described(CONFIG):
        if "[]" not in path and path not in tried:
            assert any(one.startswith(f"{path}.") for one in tried) or any(
                path.startswith(f"{one}.") for one in tried) or path in EITHER_WAY, path


# Objects and texts of which a neighbour's row says the same.
EITHER_WAY = {"clusterDNS.targetPorts.tcp", "resources.requests", "dashboard.namespace"}


def test_nothing_else_is_refused():
    """The same machinery takes what is right, so that the rows above fail for their own reason."""
    for path, schema in described(CONFIG):
        if "default" in schema and "[]" not in path:
            addon_operator.WithSchemas(setting(path, copy.deepcopy(schema["default"])))
