"""The reference pages, English and Russian, say what the program says: flags, options, words, metrics."""

import dataclasses
import importlib.machinery
import importlib.util
import re
import subprocess
import sys
import tomllib

import pytest

from lab.ours import REPOSITORY

DOCS = REPOSITORY / "docs"
GENERATOR = DOCS / "reference" / "generate"
TRANSLATED = ("configuration.md", "troubleshooting.md", "metrics.md", "rules.md")
ALERTS = REPOSITORY / "deploy" / "prometheus" / "alerts.yaml"
NODE = ("-localip", "169.254.20.10", "--cluster-dns", "10.96.0.10")
LANGUAGES = ("", "ru/")


def load_generator():
    sys.dont_write_bytecode = True
    loader = importlib.machinery.SourceFileLoader("reference_generate", str(GENERATOR))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


@pytest.fixture(scope="module", name="reference")
def _reference(binary):
    made = load_generator().Reference(binary)
    yield made
    made.program.close()


def page(name):
    return (DOCS / name).read_text(encoding="utf-8")


def blocks(text, kind=None):
    """(kind, content) of every fenced block, or the contents of one kind."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return found if kind is None else [content for one, content in found if one == kind]


def prose(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


# The generated tables.

def test_the_catalogue_says_what_the_program_says(reference):
    assert not list(reference.problems())


def test_pages_and_translation_are_up_to_date(reference):
    rendered = reference.rendered()
    reference.translate_all()
    assert not list(reference.russian.problems()), "docs/reference/README.md tells what to do"
    for path, text in rendered.items():
        assert path.read_text(encoding="utf-8") == text, f"{path}: run docs/reference/generate --write"


@pytest.mark.parametrize("change, told", [
    ({"options": ()}, "the program has the option keepttl"),
    ({"options": "+gone"}, "the program has not"),
    ({"forms": ("cache TTL",), "examples": ("cache 30",)}, "asks for too much"),
    ({"forms": ("cache [TTL]",), "examples": ("cache",)}, "the form is not all"),
    ({"examples": ("cache 30", "cache 0")}, "refuses the example"),
    ({"default": "7", "source": "src/plugins/cache/config.hpp: seven"}, "no longer has"),
], ids=lambda value: value if isinstance(value, str) else None)
def test_a_wrong_catalogue_is_told(reference, change, told):
    catalogue = sys.modules["catalogue"]
    right = reference.directives["cache"]
    if change.get("options") == "+gone":
        change = {"options": (*right.options, catalogue.Option("gone", "", examples=("gone",)))}
    wrong = dataclasses.replace(right, **change)
    assert any(told in problem for problem in catalogue.problems_of(wrong, reference.program))


def test_a_text_without_its_translation_is_told(reference):
    russian = sys.modules["translation"].Russian()
    assert russian("cache", reference.directives["cache"].text) != reference.directives["cache"].text
    assert russian("cache", "Keeps answers, changed.") == "Keeps answers, changed."
    assert any("Keeps answers, changed." in problem for problem in russian.problems())


# Corefiles and command lines.

@pytest.mark.parametrize("language", LANGUAGES)
def test_examples_are_accepted(reference, language):
    examples = blocks(page(f"{language}configuration.md"), "corefile")
    assert len(examples) >= 3
    for example in examples:
        verdict = reference.program.check(example, *NODE)
        assert verdict.accepted and not verdict.warnings, (example, verdict.lines)


def commands_of(text):
    """Words of every command line of ours: after "$ ", maybe behind kubectl exec … --."""
    for kind, content in blocks(text):
        for line in content.splitlines():
            found = re.match(r"\$ (?:.* -- )?node-local-dns(?: (.*))?$", line)
            if found and kind in ("console", ""):
                yield (found.group(1) or "").split("|")[0].split()
    for inline in re.findall(r"`node-local-dns ([^`…]*)`", prose(text)):
        yield inline.split()


@pytest.mark.parametrize("name", [f"{language}{one}" for language in LANGUAGES for one in TRANSLATED])
def test_command_lines_are_the_programs(reference, name):
    commands = {command.name: command for command in reference.program.commands()}
    for words in commands_of(page(name)):
        if words == ["--version"]:
            continue
        command, flags = words[0], [word for word in words[1:] if word.startswith("-")]
        assert command in commands, words
        known = {known.lstrip("-") for flag in commands[command].flags for known in flag.names}
        for flag in flags:
            assert flag.lstrip("-").split("=")[0] in known, words


@pytest.mark.parametrize("name", [f"{language}{one}" for language in LANGUAGES for one in TRANSLATED])
def test_flags_in_the_text_are_the_programs(reference, name):
    known = {name.lstrip("-") for command in reference.program.commands() for flag in command.flags
             for name in flag.names}
    known |= {"quiet", "setupebtables", "version", "help"}
    foreign = {"check", "previous", "noflush", "terse", "notrack", "image", "cleanup", "nowildcard"}  # nft, kubectl, …
    for inline in re.findall(r"`(--?[a-z][^`\s=]+)", prose(page(name))):
        word = inline.lstrip("-")
        assert word in known | foreign or len(word) == 1, inline


# Words of the program.

LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
VARIABLE = re.compile(r"""
    \d{4}-\d\d-\d\dT[\d:.]+Z | \[(?:INFO|WARNING|ERROR)\]          # the log's own
  | /\S*Corefile | \b[\w-]+\.(?:com|test)\. | '[\w.-]+'            # files, names, what is quoted
  | -d\ \S+/32\ .*?-j\ [A-Z-]+                                     # a rule
  | KUBE_DNS_UPSTREAM_SERVICE_HOST | nodelocaldns | kube-ipvs0      # names of a node
  | /etc/coredns/ | connection\ refused                              # a folder, the system's words
  | Address\ already\ in\ use | Operation\ not\ permitted           # the system's words
  | \b[\da-f]{16}\b | [\da-f]*(?::[\da-f]*){2,}[\da-f]+ | \b\d[\d.:]*\b
""", re.VERBOSE)
SHORT = 8  # a shorter literal counts as a whole word only


def literals():
    """What stands in the source between quotes, cut at {}: longest first."""
    pieces = set()
    for path in (REPOSITORY / "src").rglob("*.[ch]pp"):
        text = re.sub(r'"\s*\n\s*"', "", path.read_text(encoding="utf-8"))
        for literal in LITERAL.findall(re.sub(r"^#include.*$", "", text, flags=re.MULTILINE)):
            plain = literal.replace('\\"', '"').replace("\\n", " ")
            pieces.update(piece.strip(" '") for piece in re.split(r"\{[^{}]*\}", plain))
    return sorted((piece for piece in pieces if len(piece) > 1), key=len, reverse=True)


@pytest.fixture(scope="module", name="source_words")
def _source_words():
    return literals()


def strange_words(line, pieces):
    """Words of the line that no literal of the source has and that are no variable of the kind we know."""
    for piece in pieces:
        if len(piece) >= SHORT:
            line = line.replace(piece, "\x00")
    line = VARIABLE.sub("\x00", line)
    for piece in pieces:
        if len(piece) < SHORT and piece in line:
            line = re.sub(rf"(?<![\w-]){re.escape(piece)}(?![\w-])", "\x00", line)
    return re.findall(r"[A-Za-z]{2,}", line)


def program_output(text):
    """Lines that the page says come from the program: log blocks, and what follows a command of ours."""
    for kind, content in blocks(text):
        ours = kind == "log"
        for line in content.splitlines():
            if line.startswith("$ "):
                ours = re.match(r"\$ (?:.* -- )?node-local-dns\b", line) is not None
            elif ours and line.strip():
                yield line


@pytest.mark.parametrize("name", ["troubleshooting.md", "configuration.md"])
def test_quoted_output_is_the_programs(source_words, name):
    corefile = re.compile(r"\.:53 \{| +(bind|forward) |\}")  # what `check --print` printed
    lines = [line for line in program_output(page(name)) if not corefile.match(line)]
    assert lines
    strange = {line: words for line in lines if (words := strange_words(line, source_words))}
    assert not strange


def test_a_changed_word_is_noticed(source_words):
    line = "[ERROR] lost the DNS server, pid 28934: exited with 1; packets go to the cluster DNS"
    assert not strange_words(line, source_words)
    assert strange_words(line.replace("lost the DNS", "lost our DNS"), source_words)


# Messages that the text quotes in a sentence: as the page has them, and as the source has them where they differ.
IN_SENTENCES = {
    "no healthy proxies": None,
    "no agent of interface nodelocaldns is running": ("no agent of interface ", " is running"),
    "no agent of interface nodelocaldns runs here": ("no agent of interface {} runs {}", "here"),
    "the agent does not answer": None,
    "all of them now": None,
    "killed by signal": None,
    "exited with": None,
    "still going on": None,
    "out of order": None,
    "NOT in order": None,
    "no metrics at": None,
    "the Corefile has no `prometheus`": None,
    "not found in PATH": None,
    "steering needs the cluster DNS's address": None,
    "no iptables program is installed": None,
    "concurrent queries exceeded maximum": None,
}


@pytest.fixture(scope="module", name="source_text")
def _source_text():
    texts = [path.read_text(encoding="utf-8") for path in sorted((REPOSITORY / "src").rglob("*.[ch]pp"))]
    return re.sub(r'"\s*\n\s*"', "", "\n".join(texts))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("message", IN_SENTENCES)
def test_messages_in_sentences_are_the_programs(source_text, message, language):
    assert message in " ".join(page(f"{language}troubleshooting.md").split())
    for part in IN_SENTENCES[message] or (message,):
        assert part in source_text, f"{message}: look at docs/{language}troubleshooting.md"


def metric_rows(text):
    return [tuple(cell.strip() for cell in row.split("|")[1:4]) for row in text.splitlines()
            if re.match(r"\| `(?:coredns|node_local_dns|process)_", row)]


@pytest.mark.parametrize("name", ["troubleshooting.md", "configuration.md"])
def test_metrics_in_the_text_exist(name):
    known = set(re.findall(r"`([a-z_]+)`", "".join(row[0] for row in metric_rows(page("metrics.md")))))
    for metric in re.findall(r"\b(?:coredns|node_local_dns)_[a-z_]+[a-z]", page(name)):
        assert any(one.startswith(metric) for one in known), metric


# Two languages, one structure.

def test_russian_metrics_are_the_same():
    assert metric_rows(page("ru/metrics.md")) == metric_rows(page("metrics.md"))


def anchors(text):
    out = set(re.findall(r'<a id="([^"]+)"></a>', text))
    for heading in re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.lower())
        out.add(plain.replace(" ", "-"))
    return out


def first_codes(text):
    return [re.findall(r"`([^`]*)`", cell) for cell in re.findall(r"^\| ([^|]*) \|", prose(text), re.MULTILINE)]


@pytest.mark.parametrize("name", TRANSLATED)
def test_russian_pages_have_the_same_parts(name):
    english, russian = page(name), page(f"ru/{name}")
    assert blocks(russian) == blocks(english)
    for pattern in (r'<a id="[^"]+"></a>', r"^#+(?= )", r"^(?=\|)"):
        assert len(re.findall(pattern, prose(russian), re.M)) == len(re.findall(pattern, prose(english), re.M)), pattern
    assert re.findall(r'<a id="([^"]+)"></a>', russian) == re.findall(r'<a id="([^"]+)"></a>', english)
    # What the program knows keeps its name: in every table the code of the first column is the same.
    assert first_codes(russian) == first_codes(english)


@pytest.mark.parametrize("name", [f"{language}{one}" for language in LANGUAGES for one in TRANSLATED])
def test_links_lead_somewhere(name):
    here = (DOCS / name).parent
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page(name))):
        if target.startswith("http"):
            continue
        path, _, anchor = target.partition("#")
        file = here / path if path else DOCS / name
        assert file.exists(), target
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file.read_text(encoding="utf-8")), target


@pytest.mark.skipif(not ALERTS.exists(), reason="no alerts in this tree")
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_alert_has_a_section(language):
    names = re.findall(r"^\s*- alert: (\w+)$", ALERTS.read_text(encoding="utf-8"), re.MULTILINE)
    headings = re.findall(r"^### (NodeLocalDNS\w+)$", page(f"{language}troubleshooting.md"), re.MULTILINE)
    assert names and sorted(headings) == sorted(names)


def test_a_new_directive_gets_its_file(binary):
    made = subprocess.run([GENERATOR, "--program", binary, "--new", "health"], capture_output=True, text=True,
                          timeout=60, check=True)
    written = tomllib.loads(made.stdout)
    assert written["examples"] == ["health"]
    assert [option["form"] for option in written["options"]] == ["lameduck"]
