"""Files of the forms that users of node-cache have (corefiles/): the verdict of `check`, and that `serve` agrees.

The comments on top of a file say what becomes of it: `refused: LINE: words` of the message, `warns: LINE: words`, or
the sockets it `listens:` on. {$FILES} is a folder of hosts and certificates."""

import dataclasses
import pathlib
import re
import subprocess

import pytest

from lab.ours import run

FOLDER = pathlib.Path(__file__).parent / "corefiles"
FLAGS = ["-localip", "169.254.20.10", "--cluster-dns", "10.96.0.3", "--cluster-domain", "kube.test"]


@dataclasses.dataclass(frozen=True)
class Case:
    path: pathlib.Path
    listens: tuple
    refused: tuple
    warns: tuple

    @classmethod
    def read(cls, path):
        def said(key):
            found = re.search(rf"^# {key}: (.*)$", path.read_text(), re.MULTILINE)
            return found[1] if found else ""

        def line_and_words(key):
            line, _, words = said(key).partition(": ")
            return (int(line), words.split(", ")) if line else ()
        return cls(path, tuple(said("listens").split()), line_and_words("refused"), line_and_words("warns"))

    @property
    def is_template(self):
        return "__PILLAR__" in self.path.read_text()

    def flags(self):
        return ["--basecorefile", self.path, *FLAGS] if self.is_template else ["--conf", self.path]


CASES = [Case.read(path) for path in sorted(FOLDER.glob("*.Corefile"))]
ACCEPTED = [case for case in CASES if not case.refused]


def identify(case):
    return case.path.stem


@pytest.fixture(scope="module")
def environment(tmp_path_factory, authority):
    folder = tmp_path_factory.mktemp("files")
    (folder / "hosts").write_text("192.0.2.9 nine.test\n")
    certificate = authority.issue("DNS:node.test")
    for name, text in (("cert.pem", certificate.certificate), ("key.pem", certificate.key),
                       ("ca.pem", authority.certificate)):
        (folder / name).write_bytes(pathlib.Path(text).read_bytes())
    return {"FILES": str(folder), "NODE_ADDRESS": "169.254.20.10"}


@pytest.fixture(scope="module")
def addresses(netns):
    netns.add_address("10.96.0.10")


def test_each_file_says_what_becomes_of_it():
    assert len(CASES) > 20
    for case in CASES:
        assert bool(case.listens) != bool(case.refused), case.path


@pytest.mark.parametrize("case", CASES, ids=identify)
def test_verdict(case, binary, environment):
    done = run("check", *case.flags(), environment=environment)
    said = done.stderr.splitlines()
    assert done.returncode == (1 if case.refused else 0), done.stderr
    for line, words in filter(None, (case.refused, case.warns)):
        about = [text for text in said if f"{case.path}:{line}: " in text]
        assert len(about) == 1, done.stderr
        assert all(word in about[0] for word in words), about[0]
    if not case.refused and not case.warns:
        unknown = [text for text in said if not re.search(r"dnstap|read the file|'combined' is taken for a name", text)]
        assert not unknown, done.stderr


@pytest.mark.parametrize("case", ACCEPTED, ids=identify)
def test_what_is_printed_means_the_same(case, binary, environment, tmp_path):
    printed = run("check", *case.flags(), "--print", environment=environment)
    assert printed.returncode == 0, printed.stderr
    assert "__PILLAR__" not in printed.stdout and "{$" not in printed.stdout
    again = tmp_path / "again"
    again.write_text(printed.stdout)
    second = run("check", "--conf", again, "--print")
    assert second.returncode == 0, second.stderr
    assert second.stdout == printed.stdout


@pytest.mark.parametrize("case", ACCEPTED, ids=identify)
def test_serve_listens(serve, addresses, case, environment):
    server = serve(None, *case.flags(), conf=False, launch=True, environment=environment)
    for socket in case.listens:
        address, port = re.fullmatch(r"\[?([^\]]+)\]?:(\d+)", socket).groups()
        any_address = "0.0.0.0" in case.path.read_text() or "bind" not in case.path.read_text()
        server.wait_for_sockets([(kind, None if any_address else address, int(port)) for kind in ("udp", "tcp")])
    assert server.running(), server.text()


@pytest.mark.abnormal_exit
@pytest.mark.parametrize("case", [case for case in CASES if case.refused], ids=identify)
def test_serve_refuses(serve, case, environment):
    server = serve(None, *case.flags(), conf=False, launch=True, environment=environment)
    assert server.wait() == 1
    assert f"{case.path}:{case.refused[0]}: " in server.text()


def test_a_file_that_is_imported_is_named(binary, tmp_path):
    """A mistake in what others add is theirs: file and line say so."""
    folder = tmp_path / "custom"
    folder.mkdir()
    (folder / "mine.override").write_text("errors\ncahce 30\n")
    main = tmp_path / "Corefile"
    main.write_text(".:53 {\n    import custom/*.override\n    forward . 192.0.2.53\n}\n")
    done = subprocess.run([binary, "check", "--conf", main], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1 and f"{folder / 'mine.override'}:2: unknown directive 'cahce'" in done.stderr
