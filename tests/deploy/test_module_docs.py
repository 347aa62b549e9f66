"""The module's documents: both languages say the same in the same places, links lead somewhere, settings work."""

import re

import pytest
import yaml

from helm import chart
from helm.addon_operator import KEY
from helm.chart import MODULE

DOCS = MODULE / "docs"


def test_every_document_is_there_in_both_languages():
    names = sorted(path.name for path in DOCS.glob("*.md"))
    english = [name for name in names if not name.endswith("_RU.md")]
    assert english == ["CONFIGURATION.md", "EXAMPLES.md", "FAQ.md", "README.md"]
    assert names == sorted(english + [name.replace(".md", "_RU.md") for name in english])
    for name in names:
        text = (DOCS / name).read_text()
        head = yaml.safe_load(text.split("---\n")[1])
        assert head["title"], name
        assert bool(re.search("[а-яё]", text, re.I)) == name.endswith("_RU.md"), name


def headings(text):
    return [line for line in text.splitlines() if re.match("#+ ", line)]


def test_both_languages_have_the_same_parts():
    for path in DOCS.glob("*_RU.md"):
        other = path.with_name(path.name.replace("_RU", "")).read_text()
        levels = [[line.split()[0] for line in headings(text)] for text in (path.read_text(), other)]
        assert levels[0] == levels[1], path.name
        blocks = [len(re.findall("^```", text, re.M)) for text in (path.read_text(), other)]
        assert blocks[0] == blocks[1], path.name


def settings_in(document):
    """The settings of each YAML block that has some: Antiopa's ConfigMap, ModuleConfig, Helm's values."""
    for block in re.findall(r"^```yaml\n(.*?)^```", document, re.M | re.S):
        for one in yaml.load_all(block, yaml.CSafeLoader):
            if one.get("kind") == "ModuleConfig" and one["metadata"]["name"] == "node-local-dns":
                yield one["spec"].get("settings", {})
            elif isinstance(one.get(KEY), str):
                yield yaml.safe_load(one[KEY])
            elif isinstance(one.get(KEY), dict):
                yield one[KEY]


@pytest.mark.parametrize("name", sorted(path.name for path in DOCS.glob("*.md")))
def test_settings_in_documents_work(name):
    found = [one for one in settings_in((DOCS / name).read_text()) if one is not False]
    if name.startswith(("CONFIGURATION", "EXAMPLES")):
        assert len(found) >= 2
    for settings in found:
        chart.template(settings)


def anchor(heading):
    """As GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lstrip("# ").lower()).replace(" ", "-")


def test_links_lead_somewhere():
    found = 0
    for path in DOCS.glob("*.md"):
        for link in re.findall(r"\]\(([^)]+)\)", path.read_text()):
            if link.startswith("https://"):
                continue
            found += 1
            name, _, part = link.partition("#")
            target = path.with_name(name)
            assert target.exists() and name.endswith("_RU.md") == path.name.endswith("_RU.md"), f"{path.name}: {link}"
            assert not part or part in map(anchor, headings(target.read_text())), f"{path.name}: {link}"
    assert found >= 6
