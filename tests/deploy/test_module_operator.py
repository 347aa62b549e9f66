"""The module in Deckhouse and in Antiopa: off by default, how it is switched on, and what is installed then."""

import subprocess

import pytest
import yaml

from helm import chart
from helm.addon_operator import Antiopa, WithSchemas, cluster
from helm.chart import MODULE, PROMETHEUS_OPERATOR, Refused
from schemas.validation import problems

OPERATORS = (Antiopa, WithSchemas)
MODULE_CONFIG = """
apiVersion: deckhouse.io/v1alpha1
kind: ModuleConfig
metadata:
  name: node-local-dns
spec:
  version: 1
  enabled: %s
"""


def install(operator, *arguments):
    """As addon-operator calls Helm: release and namespace are its own choice."""
    values = operator.for_helm()
    return chart.template(values["nodeLocalDns"], "--name", "node-local-dns", "--namespace", "d8-system", *arguments,
                          **{"global": values["global"]})


# --- on and off ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("operator", OPERATORS)
def test_off_by_default(operator, tmp_path):
    assert operator.from_config_map({}).enabled(tmp_path) is False


@pytest.mark.parametrize("config_map, antiopa, with_schemas", [
    ({"nodeLocalDns": "{}"}, True, False),  # the section alone is Antiopa's way
    ({"nodeLocalDns": "{}", "nodeLocalDnsEnabled": "true"}, True, True),
    ({"nodeLocalDns": "kubeProxyMode: ipvs\n", "nodeLocalDnsEnabled": "true"}, True, True),
    ({"nodeLocalDnsEnabled": "true"}, False, True),
    ({"nodeLocalDns": "{}", "nodeLocalDnsEnabled": "false"}, True, False),  # Antiopa does not know the switch
    ({"nodeLocalDns": "false"}, False, None),  # and an operator with schemas takes a map only
])
def test_config_map(config_map, antiopa, with_schemas, tmp_path):
    assert Antiopa.from_config_map(config_map).enabled(tmp_path) is antiopa
    if with_schemas is not None:
        assert WithSchemas.from_config_map(config_map).enabled(tmp_path) is with_schemas


@pytest.mark.parametrize("settings", ["", "  settings:\n    kubeProxyMode: ipvs\n"])
@pytest.mark.parametrize("enabled", [True, False])
def test_module_config(enabled, settings, tmp_path):
    resource = yaml.safe_load(MODULE_CONFIG % str(enabled).lower() + settings)
    assert WithSchemas.from_module_config(resource).enabled(tmp_path) is enabled


@pytest.mark.parametrize("operator", OPERATORS)
def test_not_before_the_cluster_is_there(operator, tmp_path):
    config_map = {"nodeLocalDns": "{}", "nodeLocalDnsEnabled": "true"}
    early = operator.from_config_map(config_map, global_values=cluster(clusterIsBootstrapped=False))
    assert early.enabled(tmp_path) is False
    assert "bootstrapped" in (tmp_path / "MODULE_ENABLED_REASON").read_text()
    # An addon-operator of one's own knows no such value.
    assert operator.from_config_map(config_map, global_values={}).enabled(tmp_path) is True


def run_script(directory, text):
    """As an operator that does not know MODULE_ENABLED_REASON yet; both files of values have this text."""
    (directory / "values").write_text(text)
    environment = {"PATH": "/usr/bin:/bin", "VALUES_PATH": directory / "values",
                   "CONFIG_VALUES_PATH": directory / "values", "MODULE_ENABLED_RESULT": directory / "result"}
    return subprocess.run([MODULE / "enabled"], env=environment, check=False, timeout=10, capture_output=True)


def test_script_without_a_reason_file(tmp_path):
    assert run_script(tmp_path, "{}").returncode == 0
    assert (tmp_path / "result").read_text() == "false\n"


def test_script_fails_on_what_it_cannot_read(tmp_path):
    """The operator logs that and asks again; a verdict would be a guess."""
    assert run_script(tmp_path, "{").returncode != 0
    assert not (tmp_path / "result").exists()


# --- what is installed -----------------------------------------------------------------------------------------------

def test_antiopa_with_empty_settings():
    """nodeLocalDns: "{}" is a whole installation, the same as with Helm but for the cluster's own domain."""
    installed = install(Antiopa.from_config_map({"nodeLocalDns": "{}"}))
    assert [line for one in installed.objects for line in problems(one)] == []
    plain = chart.template({"clusterDomain": "cluster.example"}, "--namespace", "kube-system")
    assert installed.objects == plain.objects
    assert {one["metadata"]["namespace"] for one in installed.objects} == {"kube-system"}


def test_deckhouse_with_empty_settings():
    installed = install(WithSchemas.from_config_map({"nodeLocalDns": "{}", "nodeLocalDnsEnabled": "true"}))
    assert [line for one in installed.objects for line in problems(one)] == []
    assert {one["metadata"]["namespace"] for one in installed.objects} == {"kube-system"}
    for one in installed.objects:
        assert one["metadata"]["labels"]["heritage"] == "deckhouse"
        assert one["metadata"]["labels"]["module"] == "node-local-dns"
    assert {"name": "CLUSTER_DOMAIN", "value": "cluster.example"} in installed.container["env"]
    # Deckhouse's cluster DNS: its Service, and ports of its pods that have names.
    assert "--dns-service=kube-system/d8-kube-dns:dns,dns-tcp" in installed.container["args"]
    upstream = installed.one("Service", "kube-dns-upstream")["spec"]
    assert upstream["selector"] == {"k8s-app": "kube-dns"}
    assert {port["name"]: port["targetPort"] for port in upstream["ports"]} == {"dns": "dns", "dns-tcp": "dns-tcp"}


def test_deckhouse_takes_over_the_service_address():
    installed = install(WithSchemas({"mode": "transparent"}))
    assert "-localip=$(D8_KUBE_DNS_SERVICE_HOST)" in installed.container["args"]
    policy = install(WithSchemas({"mode": "cilium"})).one("CiliumLocalRedirectPolicy", "nodelocaldns")
    assert policy["spec"]["redirectFrontend"]["serviceMatcher"]["serviceName"] == "d8-kube-dns"


def test_deckhouse_monitoring():
    settings = {"metrics": {"rules": True}, "dashboard": {"kind": "GrafanaDashboardDefinition"}}
    installed = install(WithSchemas(settings), "--api-versions", PROMETHEUS_OPERATOR)
    for kind in ("ServiceMonitor", "PrometheusRule"):
        metadata = installed.one(kind)["metadata"]
        assert metadata["namespace"] == "d8-monitoring" and metadata["labels"]["prometheus"] == "main"
    dashboard = installed.one("GrafanaDashboardDefinition")
    assert "prometheus.deckhouse.io/grafana-dashboard" in dashboard["metadata"]["labels"]


def test_what_deckhouse_adds_to_the_values_is_taken():
    """`registry` comes with a ModuleSource, `internal` with the schema."""
    operator = WithSchemas()
    operator.values["registry"] = {"base": "registry.example.com", "dockercfg": "e30=", "scheme": "HTTPS"}
    values = {"global": operator.global_values, "nodeLocalDns": operator.values}
    assert values["nodeLocalDns"]["internal"] == {}
    got = chart.template(values["nodeLocalDns"], **{"global": values["global"]})
    assert got.objects == install(WithSchemas()).objects


def test_wrong_settings_do_not_reach_helm():
    with pytest.raises(Refused, match="nodeLocalDns.kubeProxyMode"):
        WithSchemas.from_config_map({"nodeLocalDns": "kubeProxyMode: userspace", "nodeLocalDnsEnabled": "true"})
    with pytest.raises(Refused, match="'kubeproxyMode' was unexpected"):
        WithSchemas({"kubeproxyMode": "ipvs"})
