"""The pages for operators: links and anchors lead somewhere, commands exist, the Russian pages say the same.

Run: /usr/bin/python3 -m pytest tests/deploy/test_docs_pages.py. What a page is, is in markdown.py beside this file."""

import difflib
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

import markdown
import pytest
import yaml

ROOT = markdown.ROOT
OPERATORS = ("why", "how-it-works", "deploy", "kubelet", "migration", "configuration", "troubleshooting", "metrics",
             "rules", "performance")
PAIRS = [(ROOT / "README.md", ROOT / "README_RU.md"),
         *((ROOT / f"docs/{name}.md", ROOT / f"docs/ru/{name}.md") for name in OPERATORS)]
# Where a block without a language is commands for a shell; what a command prints is `console`, a drawing `text`.
OF_COMMANDS = [page for pair in PAIRS[:6] for page in pair]
PAGES = markdown.pages()
IMAGES = sorted((ROOT / "docs/images").glob("*.svg"))
MAX_IMAGE = 20_000  # bytes


def name_of(value):
    return str(value.relative_to(ROOT)) if hasattr(value, "relative_to") else None


@pytest.fixture(scope="session")
def helps(binary):
    """The options of each command, and of the program itself, as its --help says."""
    def options(*command):
        text = subprocess.run([binary, *command, "--help"], capture_output=True, text=True, check=True).stdout
        return set(re.findall(r"(?<![\w-])--?([a-z][\w.-]*)", text)), text

    own, text = options()
    listed = text.partition("Subcommands:")[2]
    commands = re.findall(r"^  (\w+)\s", listed, flags=re.M)
    assert "run" in commands and "check" in commands, "the program's --help has another form"
    return {None: own, **{name: options(name)[0] for name in commands}}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    wrong = [problem for target in markdown.read(page).links if (problem := markdown.broken(page, target))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("english, russian", PAIRS, ids=name_of)
def test_russian_page_has_the_same_structure(english, russian):
    assert russian.exists(), f"{name_of(english)} has no Russian counterpart"
    one, other = markdown.read(english), markdown.read(russian)
    assert [level for level, _ in one.headings] == [level for level, _ in other.headings], "headings"
    assert len(one.tables) == len(other.tables), "tables"
    assert one.tables == other.tables, "rows of the tables"
    assert [markdown.without_language(image) for image in one.images] \
        == [markdown.without_language(image) for image in other.images], "images"


@pytest.mark.parametrize("english, russian", PAIRS, ids=name_of)
def test_russian_page_has_the_same_commands(english, russian):
    one, other = markdown.read(english).blocks, markdown.read(russian).blocks
    assert [block.language for block in one] == [block.language for block in other]
    for left, right in zip(one, other):
        if left.language == "text":  # a drawing, with words in it
            assert len(left.lines) == len(right.lines)
        else:
            assert left.commands() == right.commands(), f"line {right.line} of {name_of(russian)}"


@pytest.mark.parametrize("page", [page for _, page in PAIRS], ids=name_of)
def test_russian_page_is_russian(page):
    prose = markdown.read(page).prose
    cyrillic = len(re.findall(r"[а-яё]", prose, flags=re.I))
    assert cyrillic > 500 and cyrillic > len(re.findall(r"[a-z]", prose, flags=re.I)) / 2


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_of_the_program_exist(page, helps):
    wrong = []
    for line, words in markdown.read(page).calls("node-local-dns"):
        command = next((word for word in words if not word.startswith("-")), None) if words else None
        command = command if command == (words[0] if words else None) else None
        if command is not None and command not in helps:
            wrong.append(f"line {line}: no command {command}")
            continue
        # Without a command it is `run`.
        known = helps[command or "run"] | helps[None]
        for word in words:
            option = re.fullmatch(r"--?([a-z][\w.-]*)(?:=.*)?", word)
            if option and option[1] not in known:
                wrong.append(f"line {line}: {command or 'run'} has no option {word}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_flags_in_the_text_exist(page, helps):
    """Flags that a page names outside of commands: `--cache-memory`, `-localip=…`. Those of other programs are there,
    too, so a flag is wrong if it looks like one of ours and is none."""
    known = set().union(*helps.values())
    ours = re.compile("|".join(markdown.OUR_FLAGS))
    wrong = [flag for flag in markdown.read(page).flags if flag not in known
             and (ours.fullmatch(flag) or difflib.get_close_matches(flag, known, cutoff=0.85))]
    assert not wrong, wrong


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_of_dev_exist(page):
    usage = subprocess.run([ROOT / "dev", "help"], capture_output=True, text=True, check=True).stdout
    known = set(re.findall(r"^  (\w+)\b", usage, flags=re.M)) | {"help"}
    for line, words in markdown.read(page).calls("./dev"):
        assert not words or words[0] in known, f"line {line}: ./dev {words[0]}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_paths_in_commands_exist(page):
    wrong = [f"line {line}: {path}" for line, path in markdown.read(page).paths() if not (ROOT / path).exists()]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_blocks_of_yaml_can_be_read(page):
    for block in markdown.read(page).blocks:
        if block.language in ("yaml", "yml"):
            try:
                assert list(yaml.safe_load_all("\n".join(block.lines)))
            except yaml.YAMLError as error:
                pytest.fail(f"line {block.line}: {error}")


@pytest.mark.parametrize("page", OF_COMMANDS, ids=name_of)
def test_blocks_of_commands_can_be_read(page):
    for block in markdown.read(page).blocks:
        if block.language in ("", "sh", "bash", "shell"):
            done = subprocess.run(["bash", "-n"], input="\n".join(block.lines), capture_output=True, text=True,
                                  check=False)
            assert done.returncode == 0, f"line {block.line}: {done.stderr}"


def test_the_test_command_is_named():
    calls = [words for _, words in markdown.read(ROOT / "README.md").calls("./dev")]
    assert ["test"] in calls, "README.md has to name ./dev test: continuous integration relies on it"


@pytest.mark.parametrize("image", IMAGES, ids=name_of)
def test_image_is_well_formed(image):
    assert image.stat().st_size < MAX_IMAGE
    root = xml.parse(image).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg" and root.get("viewBox")
    assert [one for one in root.iter() if one.tag.endswith("}text") and (one.text or "").strip()], "no text as text"
    assert "prefers-color-scheme: dark" in image.read_text()


def test_images_have_the_same_shapes_in_both_languages():
    english = [image for image in IMAGES if not image.stem.endswith(".ru")]
    assert english
    for image in english:
        russian = image.with_name(f"{image.stem}.ru.svg")
        assert [one.tag for one in xml.parse(image).iter()] == [one.tag for one in xml.parse(russian).iter()]
        assert russian.read_text() != image.read_text()


def test_images_are_as_drawn():
    done = subprocess.run([sys.executable, ROOT / "docs/images/draw.py", "--check"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
