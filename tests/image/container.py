"""Containers of the image, run by podman and runc with what Kubernetes gives them: nothing in /var, nothing left."""

import json
import os
import pathlib
import subprocess

from lab.processes import Process
from lab.waiting import PATIENCE, wait_until
from sandbox import in_chroot
from store import Store

CAPABILITIES = ("NET_ADMIN", "NET_BIND_SERVICE", "NET_RAW")
LOCK = pathlib.Path("/run/xtables.lock")  # the node's: whoever changes legacy rules holds it
PATH = "/usr/sbin:/usr/bin"  # the image's
SETTINGS = """[containers]
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
runtime = "runc"
static_dir = "{place}/podman"
tmp_dir = "{place}/podman-tmp"
volume_path = "{place}/podman/volumes"
"""


class Engine:
    """podman on the store that the image was built into."""

    def __init__(self, place):
        self.store = Store(place)
        settings = self.store.place / "podman.conf"
        settings.write_text(SETTINGS.format(place=self.store.place))
        self.environment = {**self.store.environment, "CONTAINERS_CONF": str(settings)}
        self.in_chroot = in_chroot()

    def command(self, *arguments):
        return ["podman", *self.store.options, *map(str, arguments)]

    def run(self, *arguments, timeout=30, check=True):
        """One podman command to its end."""
        done = subprocess.run(self.command(*arguments), env=self.environment, capture_output=True, text=True,
                              check=False, timeout=timeout * PATIENCE, stdin=subprocess.DEVNULL)
        if check and done.returncode != 0:
            raise RuntimeError(f"podman {' '.join(map(str, arguments))}: {done.stderr.strip()}\n{done.stdout}")
        return done

    def clean(self):
        """No container of an interrupted run stays: the store is ours alone."""
        self.run("rm", "--all", "--force", "--time", "0")


def confined(image, *arguments, capabilities=CAPABILITIES, mounts=(), options=()):
    """The arguments of `podman run`: securityContext and mounts as the manifests in deploy/ have them."""
    words = ["run", "--rm", "--pull", "never", "--network", "host", "--pids-limit", "0",
             "--read-only", "--read-only-tmpfs=false", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
    # Unasked, podman raises them beyond what a sandbox may allow.
    for limit in ("nofile", "nproc"):
        words += ["--ulimit", f"{limit}=1024:1024"]
    for one in capabilities:
        words += ["--cap-add", one]
    for source, target, mode in mounts:
        words += ["--volume", f"{source}:{target}:{mode}"]
    return [*words, *options, image, *arguments]


class Container(Process):
    """`flags` go to the image's entry point, as `args` of a manifest do. Runs in the calling thread's network
    namespace and in a pid namespace of its own. Its log is podman's output."""

    def __init__(self, engine, image, directory, *flags, name="agent", lock=True, **more):
        self.engine = engine
        self.name = f"nld-{os.getpid()}-{name}"
        mounts = list(more.pop("mounts", ()))
        if lock:
            LOCK.touch(mode=0o600)
            mounts.append((LOCK, LOCK, "rw"))
        options = ("--name", self.name, *more.pop("options", ()))
        super().__init__(engine.command(*confined(image, *flags, mounts=mounts, options=options, **more)),
                         directory, name, engine.environment)

    def execute(self, *command, check=True):
        """As `kubectl exec` and exec probes do."""
        if not self.engine.in_chroot:
            return self.engine.run("exec", self.name, *command, check=check)
        inside = ["nsenter", "--target", str(self.main_pid()), "--mount", "--pid", "--root", "--wd", *command]
        return subprocess.run(inside, env={"PATH": PATH}, capture_output=True, text=True, check=check,
                              timeout=30 * PATIENCE, stdin=subprocess.DEVNULL)

    def status(self):
        """(exit code, the JSON object; None when there was no agent to ask)."""
        done = self.execute("node-local-dns", "status", "--json", check=False)
        return done.returncode, json.loads(done.stdout) if done.stdout.startswith("{") else None

    def wait_healthy(self, timeout=15.0):
        def healthy():
            if not self.running():
                raise RuntimeError(f"the container ended with {self.child.returncode}:\n{self.text()}")
            code, report = self.status()
            return report is not None and code == 0
        try:
            return wait_until(healthy, timeout, "a healthy status", interval=0.1)
        except TimeoutError as error:
            report = self.execute("node-local-dns", "status", check=False)
            raise TimeoutError(f"{error}\n{report.stdout}{report.stderr}\n{self.text()}") from None

    def main_pid(self):
        """The agent's, as seen from outside; raises OSError while the container is being made."""
        done = self.engine.run("inspect", "--format", "{{.State.Pid}}", self.name, check=False)
        if done.returncode != 0 or done.stdout.strip() == "0":
            raise ProcessLookupError(f"{self.name} does not run yet: {done.stderr.strip()}")
        return int(done.stdout)

    def end(self, timeout=10):
        """As the kubelet does: SIGTERM, and SIGKILL after a while. Returns the exit code."""
        self.engine.run("stop", "--time", timeout, self.name)
        return self.wait()
