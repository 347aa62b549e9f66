"""The metadata directive: what `log`, `rewrite` and `template` see of it."""

from lab import replies
from lab.client import ask, ask_many, data, rcode
from lab.fakedns import Later
from lab.ours import block

LOG = 'log . "{name} {/forward/upstream} {/metadata/pool} {/some/label}"'


def logged(server, count):
    server.wait_log(r"\[INFO\] \S+\.test\. ", count=count)
    return [line.split("[INFO] ")[1] for line in server.log_lines(r"\[INFO\] \S+\.test\. ")]


def test_the_upstream_of_each_answer(serve, fake):
    fake("127.0.0.2", ip="192.0.2.2")
    fake("127.0.0.3", handler=lambda seen: replies.failure(seen.message, "REFUSED"))
    server = serve(block("metadata", LOG, "cache 30", "forward other.test 127.0.0.3", "forward . 127.0.0.2"))
    ask("a.test")
    ask("a.test")
    ask("b.other.test")
    assert logged(server, 3) == ["a.test. 127.0.0.2:53 - -", "a.test. - - -", "b.other.test. 127.0.0.3:53 - -"]


def test_queries_that_wait_together_name_the_same_upstream(serve, fake):
    upstream = fake("127.0.0.2", lambda seen: Later(0.4, replies.address(seen.message)))
    server = serve(block("metadata", LOG, "cache 30", "forward . 127.0.0.2"))
    ask_many([("a.test",)] * 8)
    assert logged(server, 8) == ["a.test. 127.0.0.2:53 - -"] * 8
    assert upstream.count() == 1


def test_zones_and_no_directive(serve, upstream):
    server = serve(block("metadata one.test", LOG, "forward . 127.0.0.2")
                   + block(LOG, "forward . 127.0.0.2", zone="bare.test:53"))
    for name in ("a.one.test", "a.two.test", "a.bare.test"):
        ask(name)
    assert logged(server, 3) == ["a.one.test. 127.0.0.2:53 - -", "a.two.test. - - -", "a.bare.test. - - -"]


def test_an_upstream_that_is_silent_is_named_too(serve):
    server = serve(block("metadata", LOG, "forward . 127.0.0.2"))
    assert rcode(ask("a.test")) == "SERVFAIL"
    assert logged(server, 1) == ["a.test. 127.0.0.2:53 - -"]


def test_map(serve, fake):
    """By the client's address: a label for the log, for an option to the upstream, and for a template."""
    options = []

    def handler(seen):
        options.append([(int(option.otype), option.to_wire()) for option in seen.message.options])
        return replies.address(seen.message)
    fake("127.0.0.2", handler)
    server = serve(block('metadata {\n    map {{.IP}} pool {\n        127.0.0.1 batch\n        127.0.0.9 web\n    }\n}',
                         LOG, "rewrite edns0 local set 0xffee {metadata/pool}",
                         'template IN TXT pool.test {\n'
                         '    answer "{{ .Name }} 5 IN TXT {{ .Meta \\"metadata/pool\\" }}"\n}',
                         "forward . 127.0.0.2"))
    assert data(ask("pool.test", "TXT"), "TXT") == ['"batch"']
    assert data(ask("pool.test", "TXT", source="127.0.0.9"), "TXT") == ['"web"']
    ask("a.test", source="127.0.0.9")
    ask("b.test", source="127.0.0.8")
    assert options == [[(0xffee, b"web")], []]
    assert logged(server, 4) == ["pool.test. - batch -", "pool.test. - web -", "a.test. 127.0.0.2:53 web -",
                                 "b.test. 127.0.0.2:53 - -"]


def test_map_may_refuse(serve, upstream):
    server = serve(block('metadata {\n    map "{{ .Type }}" kind {\n        A plain\n        default REFUSED\n    }\n}',
                         "forward . 127.0.0.2"))
    assert rcode(ask("a.test")) == "NOERROR"
    assert rcode(ask("a.test", "TXT")) == "REFUSED"
    server.wait_log(r"plugin/errors: 5 a\.test\. TXT: metadata: no values found for \{\{ \.Type \}\} 'TXT'")
