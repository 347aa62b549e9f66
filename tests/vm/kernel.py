"""Debian's cloud kernel, downloaded and unpacked, never installed: /boot and the host's modules are not ours."""

import pathlib
import re
import shutil
import subprocess

PACKAGE = "linux-image-cloud-amd64"  # an empty package that depends on the newest


def newest_name():
    """None when apt does not know: its lists may be old, or not there."""
    text = subprocess.run(["apt-cache", "depends", PACKAGE], capture_output=True, text=True, check=False).stdout
    found = re.search(r"Depends: (linux-image-\S+)", text)
    return found and found.group(1)


def download(name, folder):
    """Returns what went wrong, or nothing. As root apt would download as a user who cannot write here."""
    done = subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", name], cwd=folder,
                          capture_output=True, text=True, check=False)
    return done.stderr.strip() if done.returncode != 0 else ""


def unpacked(cache):
    """The folder of the unpacked package, under `cache`. A newer one replaces it."""
    name = newest_name()
    present = next(cache.glob("linux-image-*"), None)
    if present and name in (present.name, None):
        return present
    downloads, fresh = cache / "download", cache / "unpacking"
    for folder in (downloads, fresh):
        shutil.rmtree(folder, ignore_errors=True)
    downloads.mkdir(parents=True)
    problem = download(name, downloads) if name else "not in apt's lists"
    if problem:  # a mirror no longer has what old lists name
        subprocess.run(["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", "update"], capture_output=True, check=False)
        name = newest_name() or PACKAGE
        problem = download(name, downloads)
    if problem:
        raise RuntimeError(f"cannot download {name}: {problem}")
    subprocess.run(["dpkg-deb", "-x", next(downloads.glob("*.deb")), fresh], check=True)
    if present:
        shutil.rmtree(present)
    fresh.rename(cache / name)
    shutil.rmtree(downloads)
    return cache / name


def image(place):
    return next(pathlib.Path(place, "boot").glob("vmlinuz-*"))
