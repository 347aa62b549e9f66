"""Reads the pages of the documentation as far as their tests need: headings, links, code blocks, commands.

Anchors are GitHub's: lower case, without punctuation, blanks as dashes, -1 and so on for what comes again."""

import dataclasses
import functools
import pathlib
import re
import shlex
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIPPED = {"node_modules", "build", ".git"}

# Flags of ours as pages write them; others that begin so belong to kubectl, kubelet, kops and the like.
OUR_FLAGS = ("localip", "cache-memory", "kube-proxy-mode", "iptables-backend", "dns-service", "interfacename",
             "setupinterface", "setupiptables", "syncinterval", "skipteardown", "metrics-listen-address",
             "prometheus-listen-address", "server-command", "probe-[a-z]+", "pidfile", "health-port", "workers",
             "log-level", "loop-exit", "print-default", "basecorefile", "kubednscm", "upstreamsvc", "cluster-domain",
             "fallback.*", "conf")
# Where a path of the repository may begin; `build/` is made, not kept.
PATHS = re.compile(r"(?<![\w./-])(?:node-local-dns/)?((?:deploy|docs|tests|demo|bench|src)/[\w./-]*[\w-])")
# What may stand before a command on its line.
SHELL_WORDS = {"sudo", "then", "do", "exec", "&&", "||", "|", "$(", "for", "if"}


@dataclasses.dataclass
class Block:
    line: int
    language: str
    lines: list

    def commands(self):
        """Without comments, which may be translated, and without the blanks before them."""
        kept = [re.sub(r"(^|\s+)# .*$", "", line).rstrip() if self.language != "text" else line for line in self.lines]
        return [line for line, before in zip(kept, self.lines) if line or not before.strip()]


@dataclasses.dataclass
class Page:
    headings: list = dataclasses.field(default_factory=list)  # (level, text)
    links: list = dataclasses.field(default_factory=list)
    images: list = dataclasses.field(default_factory=list)
    blocks: list = dataclasses.field(default_factory=list)
    tables: list = dataclasses.field(default_factory=list)  # the number of rows of each
    spans: list = dataclasses.field(default_factory=list)  # (line, code in the text)
    marks: list = dataclasses.field(default_factory=list)  # anchors set by hand: <a id="…">
    prose: str = ""

    @property
    def anchors(self):
        found = []
        for _, text in self.headings:
            base = slug = anchor(text)
            again = 0
            while slug in found:
                again += 1
                slug = f"{base}-{again}"
            found.append(slug)
        return found + self.marks

    @property
    def flags(self):
        return [flag for _, span in self.spans for flag in re.findall(r"(?<![\w-])--?([a-z][\w-]*\w)", span)]

    def pieces(self):
        """Lines of shell blocks, those that end in a backslash joined, and code in the text."""
        for block in self.blocks:
            if block.language in ("", "sh", "bash", "shell"):
                at = 0
                while at < len(block.lines):
                    line, number = block.lines[at], block.line + 1 + at
                    while line.endswith("\\") and at + 1 < len(block.lines):
                        at += 1
                        line = line[:-1] + block.lines[at]
                    yield number, line
                    at += 1
        yield from self.spans

    def calls(self, program):
        """(line, arguments) of each call of it, up to the next pipe, redirection or comment."""
        for number, text in self.pieces():
            text = re.sub(r"(^|\s)#\s.*$", "", text)
            # As an image it has a version, and stands behind that command's own words.
            for found in re.finditer(rf"(?:^|(?<=[\s(/])){re.escape(program)}(:[\d.]+)?(?=\s|$)", text):
                before = text[:found.start()].split()
                if before and not found[1] and not self.may_precede(before[-1]):
                    continue
                rest = re.split(r"\s(?:[|>]|&&|2>)|;", text[found.end():])[0]
                try:
                    words = shlex.split(rest)
                except ValueError:
                    words = rest.split()
                yield number, [word for word in words if word not in ("&", ")")]

    @staticmethod
    def may_precede(word):
        """What stands before a command: a word of the shell, a variable, another command's `--`."""
        known = word in SHELL_WORDS or word in ("--", "build/") or "tests/bare/" in word
        return known or re.match(r"\w+=", word) is not None

    def paths(self):
        for block in self.blocks:
            if block.language in ("text", "json"):
                continue
            for at, line in enumerate(block.lines):
                for path in PATHS.findall(line):
                    yield block.line + 1 + at, path
        for number, span in self.spans:
            for path in PATHS.findall(span):
                yield number, path


def anchor(heading):
    text = re.sub(r"`|\*\*?|\[([^]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def pages():
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*.md")]
    return sorted(page for page in found if not SKIPPED & set(page.relative_to(ROOT).parts))


@functools.cache
def read(path):
    page = Page()
    block = None
    rows = 0
    prose = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fence = re.match(r"\s*```(\w*)\s*$", line)
        if fence:
            if block is None:
                block = Block(number, fence[1], [])
                indent = len(line) - len(line.lstrip())
            else:
                page.blocks.append(block)
                block = None
            continue
        if block is not None:
            block.lines.append(line[indent:] if line[:indent].isspace() else line)
            continue
        if line.startswith("|"):
            rows += 1
        elif rows:
            page.tables.append(rows)
            rows = 0
        heading = re.match(r"(#+) (.*)", line)
        if heading:
            page.headings.append((len(heading[1]), heading[2]))
        page.marks += re.findall(r'<a (?:id|name)="([^"]+)"', line)
        page.images += re.findall(r"!\[[^]]*\]\(([^)\s]+)\)", line)
        page.spans += [(number, span) for span in re.findall(r"`([^`]+)`", line)]
        prose.append(line)
    if rows:
        page.tables.append(rows)
    page.prose = re.sub(r"`[^`]*`|\]\([^)]*\)", " ", "\n".join(prose))
    # Links may go over the end of a line.
    bare = re.sub(r"`[^`]*`", "", "\n".join(prose))
    page.links = re.findall(r"\]\(([^)\s]+)\)", bare)
    return page


def without_language(image):
    return re.sub(r"^(\.\./)*(docs/)?", "", image).replace(".ru.svg", ".svg")


def broken(page, target):
    """What is wrong with a link of that page, if anything; addresses on the net are not looked at."""
    if re.match(r"[a-z]+:", target):
        return None
    path, _, fragment = target.partition("#")
    file = (page.parent / urllib.parse.unquote(path)).resolve() if path else page
    if not file.exists():
        return f"{target}: there is no such file"
    if fragment and (file.suffix != ".md" or urllib.parse.unquote(fragment) not in read(file).anchors):
        return f"{target}: no such heading"
    return None
