"""Debian's cloud kernel, downloaded and unpacked, never installed: /boot and the host's modules are not ours."""

import pathlib
import re
import shutil
import subprocess

PACKAGE = "linux-image-cloud-amd64"  # an empty package that names the newest


def real_name():
    text = subprocess.run(["apt-cache", "depends", PACKAGE], check=True, capture_output=True, text=True).stdout
    found = re.search(r"Depends: (linux-image-\S+)", text)
    if not found:
        raise RuntimeError(f"apt knows no {PACKAGE}; run apt-get update")
    return found.group(1)


def unpacked(cache):
    """The folder of the unpacked package, under `cache`; older ones are removed."""
    name = real_name()
    place = cache / name
    if (place / "boot").exists():
        return place
    for old in cache.glob("linux-image-*"):
        shutil.rmtree(old)
    downloads = cache / "download"
    shutil.rmtree(downloads, ignore_errors=True)
    downloads.mkdir(parents=True)
    # As root apt would download as its own user, who cannot write here.
    done = subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", name], cwd=downloads,
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"cannot download {name}: {done.stderr.strip()}")
    fresh = cache / "unpacking"
    shutil.rmtree(fresh, ignore_errors=True)
    subprocess.run(["dpkg-deb", "-x", next(downloads.glob("*.deb")), fresh], check=True)
    fresh.rename(place)
    shutil.rmtree(downloads)
    return place


def image(place):
    return next(pathlib.Path(place, "boot").glob("vmlinuz-*"))
