"""Asks the program what it has: commands, flags, directives, their options, and whether it takes a Corefile."""

import dataclasses
import pathlib
import re
import subprocess
import tempfile

DESCRIPTION_COLUMN = 30  # of CLI11's help
NO_OPTION = "qqqqqq"  # far from every option, so that no suggestion stands in the message


@dataclasses.dataclass(frozen=True)
class Flag:
    """One flag as `--help` shows it. `values` is what may follow it, "" where nothing does."""

    names: tuple
    values: str
    default: str
    text: str

    @property
    def name(self):
        """The name that node-cache's users know: the longest."""
        return max(self.names, key=len)


@dataclasses.dataclass(frozen=True)
class Command:
    name: str
    text: str
    footer: str
    flags: tuple


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What `check` said: `accepted`, and its lines without the file's name."""

    accepted: bool
    lines: tuple

    @property
    def warnings(self):
        """Warnings that are about the line, not about a block that lacks an answerer."""
        return [line for line in self.lines
                if line.startswith("warning: ") and "server block: nothing in it" not in line]


class Program:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self._said = {}  # what the program said to a command line or a Corefile: it says the same again
        self._folder = tempfile.TemporaryDirectory(prefix="nld-reference-")
        self.folder = pathlib.Path(self._folder.name)

    def close(self):
        self._folder.cleanup()

    def run(self, *words):
        return subprocess.run([self.path, *words], capture_output=True, text=True, timeout=20, check=False)

    def _once(self, key, ask):
        if key not in self._said:
            self._said[key] = ask()
        return self._said[key]

    # Commands and flags.

    def commands(self):
        return self._once("commands", self._commands)

    def _commands(self):
        listed = self.run("--help").stdout.split("Subcommands:\n")[1]
        return [self._command(line.split()[0]) for line in listed.splitlines() if line.strip()]

    def _command(self, name):
        text, _, rest = self.run(name, "--help").stdout.partition("\nUsage: ")
        lines = rest.split("Options:\n")[1].splitlines()
        end = lines.index("") if "" in lines else len(lines)
        # Flags without effect stand in a group of their own, which only --help lists.
        paragraphs = "\n".join(lines[end:]).split("\n\n")
        footer = " ".join(line.strip() for text in paragraphs if "accepted without effect:" not in text
                          for line in text.splitlines() if line.strip())
        return Command(name, text.strip(), footer, tuple(parse_flags(lines[:end])))

    # Directives.

    def working_directives(self):
        return self._once("directives", lambda: self.run("--plugins").stdout.split())

    def options(self, line):
        """The options that the program names for the directive that `line` begins; None: it takes no block."""
        verdict = self.check_lines(f"{line} {{", f"    {NO_OPTION}", "}")
        text = "\n".join(verdict.lines)
        if verdict.accepted or "takes no block" in text:  # accepted: nobody reads its block
            return None
        found = re.search(rf"unknown option '{NO_OPTION}', expected one of (.*)", text)
        if not found:
            raise ValueError(f"no list of options for: {line}\n{text}")
        return found.group(1).split(", ")

    def check_lines(self, *lines):
        """`check` of a server block with these lines."""
        body = "".join(f"    {line}\n" for line in lines)
        return self.check(f".:5300 {{\n{body}}}\n")

    def check(self, corefile, *flags):
        """`check` of a whole Corefile. /etc/resolv.conf is a file of ours, whatever the machine has."""
        return self._once((corefile, *flags), lambda: self._check(corefile, *flags))

    def _check(self, corefile, *flags):
        with tempfile.NamedTemporaryFile("w", dir=self.folder, suffix=".Corefile", encoding="utf-8") as file:
            file.write(self._with_own_files(corefile))
            file.flush()
            kind = "--basecorefile" if "__PILLAR__" in corefile else "--conf"
            done = self.run("check", kind, file.name, *flags)
            lines = tuple(line.replace(file.name, "Corefile") for line in done.stderr.splitlines())
            return Verdict(done.returncode == 0, lines)

    def _with_own_files(self, text):
        if CERTIFICATE in text:
            self._once("certificate", self._make_certificate)
            for path in (CERTIFICATE, KEY):
                text = text.replace(path, str(self.folder / pathlib.Path(path).name))
        for path, content in OWN_FILES.items():
            if path in text:
                own = self.folder / path.strip("/").replace("/", "_")
                own.write_text(content, encoding="utf-8")
                text = text.replace(path, str(own))
        return text

    def _make_certificate(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=dns.example", "-days", "1", "-out", self.folder / pathlib.Path(CERTIFICATE).name,
                        "-keyout", self.folder / pathlib.Path(KEY).name], check=True, capture_output=True)


CERTIFICATE = "/etc/coredns/tls/tls.crt"
KEY = "/etc/coredns/tls/tls.key"
OWN_FILES = {
    "/etc/resolv.conf": "nameserver 192.0.2.53\n",
    "/etc/coredns/hosts": "192.0.2.7 seven.example\n",
    "/etc/coredns/weights": "www.example.com\n192.0.2.7 3\n",
}


def parse_flags(lines):
    """The lines below "Options:"; a name too long for its column has the description on the next line."""
    flags = []
    at = 0
    while at < len(lines):
        line = lines[at]
        below = lines[at + 1] if at + 1 < len(lines) else ""
        if below.startswith(" " * DESCRIPTION_COLUMN):
            left, text = line.strip(), below.strip()
            at += 1
        else:
            left, text = line[:DESCRIPTION_COLUMN].strip(), line[DESCRIPTION_COLUMN:].strip()
        at += 1
        if not left.startswith("-"):
            raise ValueError(f"no flag in this line of --help: {line!r}")
        if not left.startswith("-h,"):
            flags.append(parse_flag(left, text))
    return flags


def parse_flag(left, text):
    names, _, spec = left.partition(" ")
    if not spec:  # a switch; its default stands behind the name
        name, _, default = names.partition("=")
        return Flag(tuple(name.split(",")), "", default, text)
    spec = spec.removesuffix(" ...")
    for pattern, shown in ((r"TEXT:\{([^}]*)\}(?:=(.*))?", lambda found: found[1].replace(",", "|")),
                           (r"(\w+):U?INT in \[(\d+) - (\d+)\](?:=(.*))?",
                            lambda found: f"{found[1]} ({found[2]}–{found[3]})"),
                           (r"(\w+):SIZE \[[^\]]*\](?:=(.*))?", lambda found: found[1])):
        if found := re.fullmatch(pattern, spec):
            return Flag(tuple(names.split(",")), shown(found), found[found.re.groups] or "", text)
    values, _, default = spec.partition("=")
    return Flag(tuple(names.split(",")), values, default, text)
