"""Settings that contradict each other, or stand where they have no effect: refused, with what to do instead."""

import json

import pytest

from helm.chart import Refused, template

COREFILE = ".:53 {\n    forward . 192.0.2.1\n}\n"
CONTRADICTIONS = [
    ({"mode": "transparent", "kubeProxyMode": "ipvs"}, "does not work with kubeProxyMode ipvs"),
    ({"fallbackMethod": "chain", "kubeProxyMode": "nftables"}, "chain does not work with kubeProxyMode nftables"),
    ({"fallbackMethod": "chain", "mode": "none"}, "fallbackMethod chain is for mode fallback"),
    ({"localAddresses": ["fe80::10"]}, "fe80::10 is a link-local IPv6 address"),
    ({"localAddresses": ["10.0.0.1", "FEBF::1"]}, "FEBF::1 is a link-local IPv6 address"),
    ({"localAddresses": ["10.96.0.10"], "clusterDNS": {"addresses": ["10.96.0.10"]}}, "that is mode transparent"),
    ({"clusterDNS": {"addresses": ["10.96.0.10", "10.96.0.11"]}}, "one address of a family at most"),
    ({"clusterDNS": {"addresses": ["fd00::10"]}}, "for each family of localAddresses"),
    ({"corefile": COREFILE, "upstreamServers": ["10.0.0.53"]}, "corefile replaces the whole Corefile"),
    ({"corefile": COREFILE, "forwardZones": [{"zone": "lan", "servers": ["10.0.0.53"]}]}, "replaces the whole"),
    ({"corefile": COREFILE, "logQueries": "all"}, "replaces the whole"),
    ({"corefile": COREFILE, "cache": {"successTTL": 60}}, "replaces the whole"),
    ({"corefile": COREFILE, "cache": {"serveStale": "1h"}}, "replaces the whole"),
    ({"forwardZones": [{"zone": "cluster.local", "servers": ["10.0.0.53"]}]}, "cluster.local is there already"),
    ({"forwardZones": [{"zone": "in-addr.arpa", "servers": ["10.0.0.53"]}]}, "in-addr.arpa is there already"),
    ({"forwardZones": [{"zone": "lan", "servers": ["10.0.0.53"]}] * 2}, "lan is there already"),
    ({"extraArgs": ["--mode=none"]}, "--mode=none is made from another setting"),
    ({"extraArgs": ["-localip=10.0.0.1"]}, "-localip=10.0.0.1 is made from another setting"),
    ({"cacheMemory": "256MiB"}, "has to be 320Mi at least"),
    ({"cacheMemory": "1GiB", "resources": {"limits": {"memory": "1Gi"}}}, "has to be 1088Mi at least"),
    ({"metrics": {"enabled": False, "monitor": "PodMonitor"}}, "PodMonitor needs metrics.enabled"),
]


@pytest.mark.parametrize("settings, message", CONTRADICTIONS, ids=[json.dumps(one)[:60] for one, _ in CONTRADICTIONS])
def test_contradictions_are_refused(settings, message):
    with pytest.raises(Refused, match="execution error at .*") as error:
        template(settings)
    assert message in str(error.value)


@pytest.mark.parametrize("values, message", [
    ({"mode": "none"}, "mode has no effect here: set nodeLocalDns.mode"),
    ({"image": {"tag": "1"}}, "image has no effect here: set nodeLocalDns.image"),
    ({"nodelocaldns": {"mode": "none"}}, "nodelocaldns has no effect: it is spelt nodeLocalDns"),
])
def test_settings_in_the_wrong_place_are_refused(values, message):
    with pytest.raises(Refused, match=message):
        template(None, **values)
