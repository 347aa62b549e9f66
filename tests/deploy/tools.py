"""Programs that Debian 12 does not have in a usable version, fetched from Debian trixie and kept in build/tools.

  /usr/bin/python3 tests/deploy/tools.py     fetches what is not there yet; prints the paths

apt does it, with a source, lists and a cache of its own and Debian's signature: the machine's sources stay as they
are, and nothing is installed. The first time takes about 10 s; later runs ask nobody."""

import fcntl
import os
import pathlib
import shutil
import subprocess

TOOLS = pathlib.Path(os.environ.get("NLD_TOOLS", pathlib.Path(__file__).resolve().parents[2] / "build/tools"))
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
SUITE = "trixie"


def kubectl():
    """The path of kubectl 1.32, whose kustomize (5.5) knows components; Debian 12's is 1.20 and does not.

    A test uses it as `subprocess.run([kubectl(), "kustomize", folder], …)`. Fetched at the first call; calls of
    other processes wait meanwhile."""
    return program("kubectl", "usr/bin/kubectl")


def program(package, path):
    """`path` within the Debian package `package`, unpacked."""
    folder = TOOLS / package
    if not folder.exists():
        TOOLS.mkdir(parents=True, exist_ok=True)
        with open(TOOLS / "lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                fetch(package, folder)
    return folder / path


def fetch(package, folder):
    """Downloads into a folder beside `folder`, which is there only when it is whole."""
    apt, fresh = TOOLS / "apt", TOOLS / f"{package}.unpacking"
    for one in (apt, fresh):
        shutil.rmtree(one, ignore_errors=True)
    for part in ("lists/partial", "archives/partial"):
        (apt / part).mkdir(parents=True)
    (apt / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror()} {SUITE} main\n")
    # Sandbox::User: as root apt would download as a user who cannot write here.
    options = ["-q", "-o", f"Dir::Etc::sourcelist={apt}/sources.list", "-o", "Dir::Etc::sourceparts=-",
               "-o", f"Dir::State::Lists={apt}/lists", "-o", f"Dir::Cache={apt}", "-o", "Dir::State::status=/dev/null",
               "-o", "APT::Sandbox::User=root", "-o", "Acquire::Languages=none", "-o", "Acquire::Retries=3"]
    run("apt-get", *options, "update")
    run("apt-get", *options, "download", package, cwd=apt)
    run("dpkg-deb", "-x", next(apt.glob(f"{package}_*.deb")), fresh)
    fresh.rename(folder)
    shutil.rmtree(apt)


def mirror():
    """Where the machine gets Debian 12 from has trixie, too."""
    lines = run("apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)", "Created-By: Packages")
    for line in lines.splitlines():
        uri, codename, component = line.split()
        if (codename, component) == ("bookworm", "main"):
            return uri
    return "http://deb.debian.org/debian/"


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))[:200]}: {(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    print(kubectl())
