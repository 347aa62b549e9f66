"""Which shared libraries an ELF file asks for, and which loader. Reads with readelf(1), runs nothing of the file."""

import re
import subprocess


def is_elf(path):
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def _readelf(*arguments):
    return subprocess.run(["readelf", "--wide", *map(str, arguments)], capture_output=True, text=True, check=True,
                          env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}).stdout


def needed(path):
    """The sonames of its direct dependencies."""
    return re.findall(r"\(NEEDED\)\s+Shared library: \[(.+)\]", _readelf("--dynamic", path))


def loader(path):
    """The absolute path of its program interpreter; None for a library."""
    found = re.search(r"Requesting program interpreter: (.+)\]", _readelf("--program-headers", path))
    return found and found[1]


def build_id(path):
    found = re.search(r"Build ID: ([0-9a-f]+)", _readelf("--notes", path))
    return found and found[1]
