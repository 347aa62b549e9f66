"""kube-proxy and kube-apiserver, built from Debian's source package `kubernetes` and kept by its version.

  /usr/bin/python3 tests/cluster/kube/build.py     builds what build/cluster does not hold yet; prints the folder

The source comes through an apt configuration of its own: the machine's sources stay as they are. Building takes
about six minutes of one processor, at low priority; later runs ask nobody and take nothing."""

import os
import pathlib
import shutil
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))  # when it runs by itself
from lab.own_apt import OwnApt, run

CACHE = pathlib.Path(os.environ.get("NLD_CLUSTER_CACHE", pathlib.Path(__file__).resolve().parents[3] / "build/cluster"))
PROGRAMS = ("kube-proxy", "kube-apiserver")
GO = pathlib.Path("/usr/lib/go-1.19/bin")
PACKAGES = ("golang-1.19-go", "etcd-server", "dpkg-dev")  # Debian's, that building and running need
VERSION = "k8s.io/kubernetes/vendor/k8s.io/component-base/version"  # the variables that /version tells


def say(text):
    print(f"cluster: {text}", file=sys.stderr, flush=True)


def built():
    """The newest folder that holds every program, or None."""
    whole = [folder for folder in CACHE.glob("kubernetes-*") if all((folder / name).exists() for name in PROGRAMS)]
    return max(whole, key=lambda folder: folder.stat().st_mtime, default=None)


def fetch(folder):
    """Downloads and unpacks the source into `folder`; returns its version."""
    apt = folder.parent / "apt"
    OwnApt(apt, "deb-src", "bookworm").get("source", "--download-only", "kubernetes")
    description = next(apt.glob("kubernetes_*.dsc"))
    run("dpkg-source", "--no-check", "-x", description, folder)
    return description.stem.partition("_")[2]


def go(source, *arguments):
    """One job: the machine is shared with whoever works on it."""
    workspace = source.parents[3]
    environment = {**os.environ, "GOPATH": str(workspace / "go"), "GOCACHE": str(workspace / "cache"),
                   "GO111MODULE": "off", "CGO_ENABLED": "0", "GOFLAGS": "-p=1", "HOME": str(workspace),
                   "PATH": f"{GO}:{os.environ['PATH']}"}
    run("nice", "-n", "10", "go", *arguments, cwd=source, env=environment)


def generate_openapi(source, generator):
    """The one generated file that the source package leaves out; the apiserver does not compile without."""
    go(source, "build", "-o", generator, "./vendor/k8s.io/kube-openapi/cmd/openapi-gen")
    marked = run("grep", "-rl", "--include=*.go", r"^// *+k8s:openapi-gen=", "pkg",
                 *(f"{one}/" for one in sorted((source / "vendor/k8s.io").iterdir())), cwd=source)
    beside = ("vendor/k8s.io/code-generator", "vendor/k8s.io/sample-apiserver", "vendor/k8s.io/kube-openapi",
              "testdata")
    folders = {os.path.dirname(line) for line in marked.split() if not any(part in line for part in beside)}
    environment = {**os.environ, "GOPATH": str(source.parents[2]), "GO111MODULE": "off", "HOME": str(source),
                   "PATH": f"{GO}:{os.environ['PATH']}"}
    run(generator, "-i", ",".join(f"k8s.io/kubernetes/{os.path.relpath(one, source) if one.startswith('/') else one}"
                                  for one in sorted(folders)),
        "-p", "k8s.io/kubernetes/pkg/generated/openapi", "-O", "zz_generated.openapi",
        "-h", "vendor/k8s.io/code-generator/hack/boilerplate.go.txt", "-r", source / "violations",
        cwd=source, env=environment)


def build():
    """The folder of the programs, which are made if they are not there."""
    folder = built()
    if folder:
        return folder
    workspace = CACHE / "workspace"
    shutil.rmtree(workspace, ignore_errors=True)
    source = workspace / "go/src/k8s.io/kubernetes"
    source.parent.mkdir(parents=True)
    begin = time.monotonic()
    say("fetching the source of Debian's kubernetes (35 MB)")
    version = fetch(source)
    release = version.partition("really")[2].partition("-")[0] or version.partition("-")[0]
    target = CACHE / f"kubernetes-{version}"
    fresh = workspace / "bin"
    flags = f"-s -w -X {VERSION}.gitVersion=v{release} -X {VERSION}.gitMajor=1 -X {VERSION}.gitMinor=20"
    for name in PROGRAMS:
        say(f"building {name} {release}")
        if name == "kube-apiserver":
            generate_openapi(source, fresh / "openapi-gen")
        go(source, "build", "-ldflags", flags, "-o", fresh / name, f"./cmd/{name}")
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for name in PROGRAMS:
        shutil.move(fresh / name, target / name)
    shutil.rmtree(workspace)
    say(f"built in {time.monotonic() - begin:.0f} s: {target}")
    return target


if __name__ == "__main__":
    print(build())
