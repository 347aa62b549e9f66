"""Debian packages, downloaded by mmdebstrap from the mirrors that apt uses here and unpacked, not installed."""

import datetime
import hashlib
import json
import pathlib
import re
import shutil
import subprocess

DEFAULT_MIRRORS = (("http://deb.debian.org/debian", ""), ("http://deb.debian.org/debian", "-updates"),
                   ("http://deb.debian.org/debian-security", "-security"))
# What the machine needs to reach its mirror, mmdebstrap's apt needs too.
APT_SETTINGS = re.compile(r"^Acquire::(http|https|ftp|Check-Valid-Until|Check-Date|Retries|ForceIPv4|ForceIPv6)\b")


class Failed(Exception):
    """Told to the user as it is."""


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def codename():
    """Of the Debian that the program was built on: its libraries have to fit."""
    release = dict(line.split("=", 1) for line in pathlib.Path("/etc/os-release").read_text().splitlines()
                   if "=" in line)
    if release.get("ID", "").strip('"') != "debian":
        raise Failed("the program and its libraries come from Debian: build the image on Debian 12")
    return release["VERSION_CODENAME"].strip('"')


def sources(release):
    """Lines as in sources.list. Backports and what is not Debian's stay out."""
    suites = {release + suffix for _, suffix in DEFAULT_MIRRORS}
    lines = set()
    targets = output("apt-get", "indextargets", "--format", "$(REPO_URI)|$(CODENAME)|$(RELEASE)|$(COMPONENT)",
                     "Created-By: Packages")
    for target in targets.splitlines():
        uri, code, suite, component = target.split("|")
        name = code if code in suites else suite
        if name in suites and component == "main":
            lines.add(f"deb {uri} {name} main")
    if not any(line.endswith(f" {release} main") for line in lines):
        lines = {f"deb {uri} {release}{suffix} main" for uri, suffix in DEFAULT_MIRRORS}
    return sorted(lines)


def owners_here(libraries):
    """The packages that these shared libraries belong to on this machine."""
    paths = []
    for name in libraries:
        found = sorted(pathlib.Path("/").glob(f"usr/lib/*-linux-gnu*/{name}"))
        if not found:
            raise Failed(f"{name}, which the program needs, is not installed here")
        # Packages still call some by the path from before /lib became a link.
        paths += [str(found[0]), str(found[0]).removeprefix("/usr")]
    done = subprocess.run(["dpkg-query", "--search", *paths], capture_output=True, text=True, check=False)
    return sorted({line.split(": ")[0].split(":")[0] for line in done.stdout.splitlines()})


def merged(path):
    """As the path is in an image whose /lib, /bin and so on lead into /usr."""
    path = str(path).lstrip("/")
    return re.sub(r"^(lib\d*|bin|sbin)/", r"usr/\1/", path)


class Unpacked:
    """What `fetch` left: the packages' files in `tree`, their control files in `control`."""

    def __init__(self, place):
        self.tree = place / "tree"
        self.control = place / "control"
        self.since = datetime.datetime.fromtimestamp((place / "complete").stat().st_mtime)
        self._owners = {}
        for listed in (*self.control.glob("*/md5sums"), *self.control.glob("*/conffiles")):
            for line in listed.read_text().splitlines():
                self._owners[merged(line.split()[-1])] = listed.parent.name

    def find(self, path):
        """The file in the tree, which has both /lib and /usr/lib; None where neither has it."""
        name = merged(path)
        for candidate in (name, name.removeprefix("usr/")):
            found = self.tree / candidate
            if found.exists() or found.is_symlink():
                return found
        return None

    def owner(self, path):
        """The package that has this file."""
        return self._owners[merged(path)]

    def field(self, package, name):
        text = (self.control / package / "control").read_text()
        found = re.search(rf"^{name}: (.*)$", text, re.MULTILINE)
        return found[1] if found else ""


def fetch(packages, cache, refresh, say):
    """Downloads and unpacks the packages and all they depend on, unless `cache` has them."""
    release = codename()
    lines = sources(release)
    key = hashlib.sha256(json.dumps([sorted(packages), lines, output("dpkg", "--print-architecture")]).encode())
    place = cache / f"debian-{key.hexdigest()[:12]}"
    if refresh or not (place / "complete").exists():
        say(f"downloading {len(packages)} Debian packages and what they depend on")
        _download(packages, release, lines, cache, place)
        for old in cache.glob("debian-*"):
            if old != place:
                shutil.rmtree(old)
    return Unpacked(place)


def _download(packages, release, lines, cache, place):
    new = cache / "debian.new"
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    settings = [line for line in output("apt-config", "dump").splitlines() if APT_SETTINGS.match(line)]
    (new / "apt.conf").write_text("\n".join(settings) + "\n")
    done = subprocess.run(
        ["mmdebstrap", "--mode=root", "--variant=extract", f"--aptopt={new / 'apt.conf'}",
         "--include=" + ",".join(packages),
         # The archives are wanted after unpacking, for what their control parts say.
         "--skip=cleanup/apt,download/empty,extract/unlink,essential/unlink", release, new / "tree", *lines],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise Failed(f"mmdebstrap ended with {done.returncode}:\n{done.stderr[-4000:]}")
    tree = new / "tree"
    (new / "control").mkdir()
    for archive in sorted((tree / "var/cache/apt/archives").glob("*.deb")):
        name = output("dpkg-deb", "--field", archive, "Package").strip()
        subprocess.run(["dpkg-deb", "--control", archive, new / "control" / name], check=True)
    shutil.rmtree(tree / "var")
    (new / "complete").touch()
    shutil.rmtree(place, ignore_errors=True)
    new.rename(place)
