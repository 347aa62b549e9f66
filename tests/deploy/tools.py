"""What the tests of manifests need and Debian 12 does not have, fetched from Debian trixie and kept in build/tools.

  /usr/bin/python3 tests/deploy/tools.py     fetches what is not there yet; prints the paths

apt does it, with a source, lists and a cache of its own and Debian's signature: the machine's sources stay as they
are, and nothing is installed. The first time takes 5 s; later runs ask nobody."""

import fcntl
import os
import pathlib
import shutil
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))  # when it runs by itself
from lab.own_apt import OwnApt, run

TOOLS = pathlib.Path(os.environ.get("NLD_TOOLS", pathlib.Path(__file__).resolve().parents[2] / "build/tools"))
SUITE = "trixie"
PACKAGES = ("kubectl", "golang-k8s-client-go-dev")


def kubectl():
    """The path of kubectl 1.32, whose kustomize (5.5) knows components; Debian 12's is 1.20 and does not.

    A test uses it as `subprocess.run([kubectl(), "kustomize", folder], …)`. Fetched at the first call; calls of
    other processes wait meanwhile."""
    return unpacked("kubectl") / "usr/bin/kubectl"


def openapi():
    """The folder of Kubernetes' own OpenAPI documents (v3, a file for an API group), as client-go carries them."""
    return unpacked("golang-k8s-client-go-dev") / "usr/share/gocode/src/k8s.io/client-go/openapi/openapitest/testdata"


def unpacked(package):
    """The folder of one of PACKAGES. All of them come at once: the lists are the larger part."""
    folder = TOOLS / package
    if not folder.exists():
        TOOLS.mkdir(parents=True, exist_ok=True)
        with open(TOOLS / "lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            missing = [one for one in PACKAGES if not (TOOLS / one).exists()]
            if missing:
                fetch(missing)
    return folder


def fetch(packages):
    apt, fresh = TOOLS / "apt", TOOLS / "unpacking"
    for one in (apt, fresh):
        shutil.rmtree(one, ignore_errors=True)
    fresh.mkdir()
    OwnApt(apt, "deb", SUITE).get("download", *packages)
    for package in packages:
        run("dpkg-deb", "-x", next(apt.glob(f"{package}_*.deb")), fresh / package)
        (fresh / package).rename(TOOLS / package)  # so that what is there is whole
    for one in (apt, fresh):
        shutil.rmtree(one)


if __name__ == "__main__":
    print(kubectl(), openapi(), sep="\n")
