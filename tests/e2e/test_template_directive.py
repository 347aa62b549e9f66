"""The template directive in the real program: names that are denied at once, records made of names."""

import dns.edns
import pytest

from lab.client import ask, data, extended_errors, rcode
from lab.ours import block, run

SEARCH_NOISE = r"""template ANY ANY {
    match "\.svc\.cluster\.local\.(.+\.)?corp\.test\.$"
    rcode NXDOMAIN
    fallthrough
}"""


def test_search_list_noise_is_denied_by_regex(serve, fake):
    """Names that a pod's search list makes never reach the upstream; others do."""
    upstream = fake("127.0.0.2", ip="192.0.2.1")
    server = serve(block("cache 30", SEARCH_NOISE, "forward . 127.0.0.2"))
    assert rcode(ask("kubernetes.default.svc.cluster.local.corp.test")) == "NXDOMAIN"
    assert rcode(ask("db.svc.cluster.local.a.Corp.test", "AAAA")) == "NXDOMAIN"
    assert upstream.count() == 0
    assert data(ask("www.corp.test")) == ["192.0.2.1"]
    assert server.value("coredns_template_matches_total", type="A", zone=".") == 1
    assert server.value("coredns_plugin_enabled", name="template") == 1


def test_no_aaaa(serve, fake):
    """As in the files of Giant Swarm and lablabs: no AAAA answers at all."""
    upstream = fake("127.0.0.2", ip="192.0.2.1")
    serve(block("template ANY AAAA {\n    rcode NOERROR\n}", "cache 30", "forward . 127.0.0.2"))
    assert (rcode(ask("a.test", "AAAA")), data(ask("a.test", "AAAA"), "AAAA")) == ("NOERROR", [])
    assert upstream.count() == 0
    assert data(ask("a.test")) == ["192.0.2.1"]


def test_records_made_of_names(serve):
    serve(block('template IN A example.test {\n    match "^ip-(?P<a>[0-9]+)-(?P<b>[0-9]+)[.]example[.]test[.]$"\n'
                '    answer "{{ .Name }} 60 IN A 10.0.{{ .Group.a }}.{{ .Group.b }}"\n}',
                'template IN PTR in-addr.arpa {\n'
                '    match "^(?P<d>[0-9]+)[.](?P<c>[0-9]+)[.]0[.]10[.]in-addr[.]arpa[.]$"\n'
                '    answer "{{ .Name }} 60 IN PTR ip-{{ .Group.c }}-{{ .Group.d }}.example.test."\n}'))
    assert data(ask("ip-3-4.example.test")) == ["10.0.3.4"]
    assert data(ask("4.3.0.10.in-addr.arpa", "PTR"), "PTR") == ["ip-3-4.example.test."]
    assert rcode(ask("ip-3-999.example.test")) == "SERVFAIL"
    assert rcode(ask("other.example.test")) == "SERVFAIL"


@pytest.mark.parametrize("cache", [[], ["cache 30"]])
def test_the_reason_of_an_extended_error(serve, cache):
    serve(block(*cache, 'template ANY ANY invalid {\n    rcode NXDOMAIN\n    ederror 18 "Blocked by policy"\n}'))
    answer = ask("a.invalid", edns=0)
    assert extended_errors(answer) == [18]
    assert [one.text for one in answer.options if isinstance(one, dns.edns.EDEOption)] == ["Blocked by policy"]


def test_an_alias_into_another_block(serve, fake):
    """A name that stands for a Service: its address comes from the cluster's DNS."""
    fake("127.0.0.2", ip="10.96.0.1")
    outside = fake("127.0.0.3", ip="192.0.2.1")
    serve(block("forward . 127.0.0.2", zone="cluster.local:53")
          + block('template IN A api.test {\n    answer "{{ .Name }} 60 IN CNAME api.default.svc.cluster.local."\n}',
                  "cache 30", "forward . 127.0.0.3"))
    answer = ask("api.test")
    assert data(answer, "CNAME") == ["api.default.svc.cluster.local."]
    assert data(answer) == ["10.96.0.1"]
    assert outside.count() == 0


def test_check_names_the_line(binary, tmp_path):
    conf = tmp_path / "Corefile"
    conf.write_text('. {\n    template IN A {\n        answer "{{ .Nmae }} 60 IN A 1.2.3.4"\n    }\n}\n')
    done = run("check", "--conf", conf)
    assert done.returncode == 1
    assert f"{conf}:3: template: answer: " in done.stderr + done.stdout
