"""The renderer itself: that it treats a chart as Helm does, on small charts made for one behaviour each."""

import pytest

from helm import chart
from helm.chart import Refused


class Small:
    """A chart with these files; the values are `values`, the only template is `text`."""

    def __init__(self, directory):
        self.directory = directory
        self.write("Chart.yaml", "apiVersion: v1\nname: small\nversion: 1.2.3\nappVersion: 4.5.6\n")
        self.write("values.yaml", "{}")

    def write(self, name, text):
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return self

    def render(self, text=None, *arguments, **more):
        if text is not None:
            self.write("templates/one.yaml", text)
        return chart.run(self.directory, *arguments, **more)

    def data(self, text, *arguments, **more):
        """The single document of the only template."""
        (document,) = self.render(text, *arguments, **more)["documents"]
        return document["object"]


@pytest.fixture
def small(tmp_path):
    return Small(tmp_path / "chart")


def test_large_numbers_are_floats(small):
    """The trap for every chart that takes a number of bytes."""
    small.write("values.yaml", "large: 67108864\nsmall: 30\n")
    assert small.data("a: x{{ .Values.large }}\nb: x{{ .Values.small }}\nc: {{ int64 .Values.large }}") == {
        "a": "x6.7108864e+07", "b": "x30", "c": 67108864}


def test_values_of_files_and_settings(small):
    small.write("values.yaml", "a: {b: 1, c: 2, gone: 3}\nlist: [1, 2]\nkept: yes\n")
    got = chart.run(small.directory, "--values-only", values={"a": {"b": 5, "gone": None}, "list": [9]},
                    sets=["a.c=true,new.x=007", "d={p,q}", r"e\.f=1\,2", "g[1].h=3", "n=null"])["values"]
    assert got == {"a": {"b": 5, "c": True}, "list": [9], "kept": True, "new": {"x": "007"}, "d": ["p", "q"],
                   "e.f": "1,2", "g": [None, {"h": 3}], "n": None}


def test_a_missing_value_is_empty(small):
    assert small.data('a: "{{ .Values.nothing }}"') == {"a": ""}
    with pytest.raises(Refused, match="nil pointer evaluating interface"):
        small.render("a: {{ .Values.nothing.deeper }}")


def test_include_and_tpl(small):
    small.write("templates/_names.tpl", '{{- define "name" -}}{{ .Chart.Name }}-{{ .Chart.AppVersion }}{{- end -}}')
    small.write("values.yaml", "text: '{{ include \"name\" . | upper }}'\n")
    got = small.data('a: {{ include "name" . }}\nb: {{ tpl .Values.text . }}')
    assert got == {"a": "small-4.5.6", "b": "SMALL-4.5.6"}


def test_required_and_fail(small):
    assert small.data('a: {{ required "no zero" 0 }}\nb: {{ required "no false" false }}') == {"a": 0, "b": False}
    for missing in ("", '""'):
        with pytest.raises(Refused, match="say something"):
            small.render('a: {{ required "say something" ' + (missing or ".Values.nothing") + " }}")
    small.write("templates/_check.tpl", '{{- define "check" -}}{{ fail "does not go together" }}{{- end -}}')
    with pytest.raises(Refused) as error:
        small.render('{{ include "check" . }}')
    assert str(error.value) == "execution error at (small/templates/one.yaml:1:3): does not go together"


def test_yaml_and_json(small):
    small.write("values.yaml", "m: {b: [1, two], a: {x: null}}\n")
    assert small.data("{{ toYaml .Values.m }}\nj: {{ toJson .Values.m | quote }}\nf: {{ (fromYaml \"k: v\").k }}\n"
                      "e: {{ hasKey (fromYaml \"[\") \"Error\" }}") == {
        "a": {"x": None}, "b": [1, "two"], "j": '{"a":{"x":null},"b":[1,"two"]}', "f": "v", "e": True}


def test_documents(small):
    small.write("templates/NOTES.txt", "Installed as {{ .Release.Name }} in {{ .Release.Namespace }}.")
    small.write("templates/_partial.yaml", "a: is not rendered")
    small.write("templates/nothing.yaml", "{{- if false }}\na: 1\n{{- end }}\n")
    got = small.render("---\n# only a comment\n---\na: 1\n---\n\n---\nb: 2\n", "--name", "r", "--namespace", "n")
    assert [one["object"] for one in got["documents"]] == [{"a": 1}, {"b": 2}]
    assert got["notes"] == "Installed as r in n."


def test_broken_yaml_is_refused(small):
    with pytest.raises(Refused, match="YAML parse error on small/templates/one.yaml"):
        small.render("a: [1")
    with pytest.raises(Refused, match="already set"):
        small.render("a: 1\na: 2")


def test_files(small):
    """Ignored files, templates and the chart's own are not in .Files."""
    small.write(".helmignore", "# a comment\ndocs/\n*.bak\n/rooted.txt\n")
    for name in ("docs/README.md", "data/a.json", "a.bak", "rooted.txt", "data/rooted.txt"):
        small.write(name, f"text of {name}")
    (small.directory / "link.json").symlink_to("data/a.json")
    got = small.data('{{- range list "docs/README.md" "data/a.json" "a.bak" "rooted.txt" "data/rooted.txt" "link.json" '
                     '"values.yaml" "templates/one.yaml" }}\n{{ . | quote }}: {{ $.Files.Get . | quote }}{{ end }}')
    assert {name: text for name, text in got.items() if text} == {
        "data/a.json": "text of data/a.json", "data/rooted.txt": "text of data/rooted.txt",
        "link.json": "text of data/a.json"}


def test_capabilities(small):
    text = 'a: {{ .Capabilities.APIVersions.Has "example.com/v1" }}\nb: {{ .Capabilities.KubeVersion.Minor | int }}'
    assert small.data(text) == {"a": False, "b": 32}
    assert small.data(text, "--api-versions", "example.com/v1", "--kube-version", "v1.16.9") == {"a": True, "b": 16}


def test_no_environment_and_no_cluster(small):
    with pytest.raises(Refused, match='function "env" not defined'):
        small.render('a: {{ env "HOME" }}')
    assert small.data('a: {{ lookup "v1" "Service" "kube-system" "kube-dns" | len }}') == {"a": 0}
