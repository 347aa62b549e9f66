"""node-cache's flags: -basecorefile, -upstreamsvc, -kubednscm, -localip."""

import json

import pytest

from lab.client import ask, data
from lab.ours import run
from lab.waiting import wait_until

BASE = """cluster.local:53 {
    errors
    cache 30
    bind __PILLAR__LOCAL__DNS__
    forward . __PILLAR__CLUSTER__DNS__ {
            force_tcp
    }
    prometheus 127.0.0.1:9153
    }
.:53 {
    errors
    cache 30
    bind __PILLAR__LOCAL__DNS__
    forward . __PILLAR__UPSTREAM__SERVERS__
    prometheus 127.0.0.1:9153
    }
"""
ENVIRONMENT = {"KUBE_DNS_UPSTREAM_SERVICE_HOST": "127.0.0.2"}


@pytest.fixture
def files(tmp_path):
    """The base Corefile and the kube-dns ConfigMap's folder."""
    base = tmp_path / "Corefile.base"
    base.write_text(BASE)
    folder = tmp_path / "kube-dns"
    folder.mkdir()
    return base, folder


def config_map(folder, stub_domains=None, upstreams=None):
    """Each key is a file, as kubelet mounts them."""
    for key, value in (("stubDomains", stub_domains), ("upstreamNameservers", upstreams)):
        if value is not None:
            (folder / f"{key}.new").write_text(value if isinstance(value, str) else json.dumps(value))
            (folder / f"{key}.new").rename(folder / key)


@pytest.fixture
def node_cache(serve, files):
    """Starts as node-cache is started, with one dash or two."""
    def start(*more, dashes="-"):
        base, folder = files
        arguments = [f"{dashes}basecorefile", base, f"{dashes}upstreamsvc", "kube-dns-upstream",
                     f"{dashes}kubednscm", folder, f"{dashes}localip", "169.254.20.10,127.0.0.1", *more]
        return serve(None, *arguments, conf=False, environment=ENVIRONMENT, listen=["169.254.20.10", "127.0.0.1"])
    return start


@pytest.fixture
def upstreams(fake):
    return {number: fake(f"127.0.0.{number}", ip=f"192.0.2.{number}") for number in (2, 3, 4)}


@pytest.mark.parametrize("dashes", ["-", "--"])
def test_cluster_dns_and_upstreams(node_cache, files, upstreams, dashes):
    config_map(files[1], upstreams=["127.0.0.3"])
    node_cache(dashes=dashes)
    for server in ("169.254.20.10", "127.0.0.1"):
        assert data(ask("a.svc.cluster.local", server=server)) == ["192.0.2.2"]
        assert data(ask("a.test", server=server)) == ["192.0.2.3"]
    assert upstreams[2].transports() == {"tcp": 1}
    assert upstreams[3].transports() == {"udp": 1}


def test_stub_domains(node_cache, files, upstreams):
    config_map(files[1], {"acme.local": ["127.0.0.4"], "port.local": ["127.0.0.4:53"]}, ["127.0.0.3"])
    node_cache()
    for server in ("169.254.20.10", "127.0.0.1"):
        assert data(ask("a.acme.local", server=server)) == ["192.0.2.4"]
    assert data(ask("a.port.local")) == ["192.0.2.4"]
    assert data(ask("a.test")) == ["192.0.2.3"]
    assert upstreams[4].count("a.acme.local.") == 1  # `cache 30` is in the block


def test_files_are_read_again(node_cache, files, upstreams):
    """Base file and ConfigMap within ten seconds, without a restart."""
    base, folder = files
    config_map(folder, {"acme.local": ["127.0.0.3"]}, ["127.0.0.3"])
    node_cache()
    assert data(ask("a.acme.local")) == ["192.0.2.3"]
    config_map(folder, {"acme.local": ["127.0.0.4"], "new.local": ["127.0.0.4"]})
    base.write_text(BASE + "base.test {\n    bind __PILLAR__LOCAL__DNS__\n    forward . 127.0.0.4\n}\n")
    counter = iter(range(10000))
    wait_until(lambda: data(ask(f"n{next(counter)}.acme.local")) == ["192.0.2.4"], 13, "the new stub domain",
               interval=0.1)
    assert data(ask("a.new.local")) == ["192.0.2.4"]
    assert data(ask("a.base.test")) == ["192.0.2.4"]


def test_bad_config_map_keeps_the_rest(node_cache, files, upstreams):
    config_map(files[1], "{not json", ["127.0.0.3"])
    server = node_cache()
    assert data(ask("a.test")) == ["192.0.2.3"]
    assert data(ask("a.svc.cluster.local")) == ["192.0.2.2"]
    assert "stubDomains" in server.text()


def test_force_tcp_becomes_udp_for_upstreams_of_the_config_map(node_cache, files, upstreams):
    base, folder = files
    base.write_text(BASE.replace("    forward . __PILLAR__UPSTREAM__SERVERS__\n",
                                 "    forward . __PILLAR__UPSTREAM__SERVERS__ {\n            force_tcp\n    }\n"))
    config_map(folder, upstreams=["127.0.0.3"])
    node_cache()
    ask("a.test")
    assert upstreams[3].transports() == {"udp": 1}


def test_check_takes_the_flags_too(files, binary):
    base, folder = files
    config_map(folder, {"acme.local": ["127.0.0.4"]}, ["127.0.0.3"])
    done = run("check", "-basecorefile", base, "-upstreamsvc", "kube-dns-upstream", "-kubednscm", folder,
               "-localip", "169.254.20.10", environment=ENVIRONMENT)
    assert done.returncode == 0, done.stderr


def test_check_says_what_is_wrong_in_a_template(files, binary):
    base, folder = files
    base.write_text(BASE.replace("cache 30", "cahce 30", 1))
    done = run("check", "-basecorefile", base, "-upstreamsvc", "kube-dns-upstream", "-kubednscm", folder,
               "-localip", "169.254.20.10", environment=ENVIRONMENT)
    assert done.returncode == 1
    assert f"{base}:3: " in done.stderr and "cahce" in done.stderr and "cache" in done.stderr


def test_missing_service_host(files, binary):
    """No such variable: said by its name."""
    base, folder = files
    done = run("check", "-basecorefile", base, "-upstreamsvc", "no-such-service", "-kubednscm", folder,
               "-localip", "169.254.20.10")
    assert "NO_SUCH_SERVICE_SERVICE_HOST" in done.stderr + done.stdout
