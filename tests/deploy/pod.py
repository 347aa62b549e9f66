"""The DaemonSet's container without a container runtime: its arguments, environment, mounts, capabilities and read-only
root, in a mount namespace of its own and the network namespace of the calling thread."""

import os
import pathlib
import subprocess

from lab import ours
from lab.agent import Agent
from lab.processes import Process
from rendered import Started

# $1 is the folder with what stands in /etc; the rest is the command. Nothing but /run/xtables.lock can be written.
ENTER = """set -eu
mount -t overlay overlay -o "lowerdir=$1:/etc" /etc
mount -t tmpfs tmpfs /run
: >/run/xtables.lock
mount --bind /run/xtables.lock /run/xtables.lock
mount -o remount,bind,ro /run
mount -o remount,bind,ro /
shift
exec "$@"
"""


def command(container, volumes, config_maps, directory, nameservers, arguments):
    """How to start `container`; the image's program is ours.BINARY."""
    etc = pathlib.Path(directory, "etc")
    etc.mkdir()
    (etc / "resolv.conf").write_text("".join(f"nameserver {one}\n" for one in nameservers))
    by_name = {volume["name"]: volume for volume in volumes}
    for mount in container.get("volumeMounts", []):
        place_volume(by_name[mount["name"]], mount["mountPath"], etc, config_maps)
    security = container["securityContext"]
    assert security["runAsUser"] == 0 and security["readOnlyRootFilesystem"]
    assert security["capabilities"]["drop"] == ["ALL"]
    kept = ",".join(["-all", *(f"+{one.lower()}" for one in security["capabilities"]["add"])])
    confined = ["setpriv", "--bounding-set", kept, "--inh-caps", "-all"]
    if security["allowPrivilegeEscalation"] is False:
        confined.append("--no-new-privs")
    return ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", ENTER, "sh", etc, *confined, "--",
            ours.BINARY, *arguments]


def place_volume(volume, at, etc, config_maps):
    if "hostPath" in volume:
        assert at == volume["hostPath"]["path"] == "/run/xtables.lock", at
        return
    source = volume["configMap"]
    folder = etc / pathlib.PurePath(at).relative_to("/etc")
    folder.mkdir()
    data = config_maps.get(source["name"])
    assert data is not None or source.get("optional"), f"there is no ConfigMap {source['name']}"
    data = data or {}
    for item in source.get("items") or [{"key": key, "path": key} for key in data]:
        (folder / item["path"]).write_text(data[item["key"]])


class Pod(Agent):
    """The agent of a rendered DaemonSet; see lab.agent for what can be done with it."""

    def __init__(self, directory, manifests, services, nameservers, pod_ips=(), config_maps=None):
        # Not Agent's own: that composes flags, here they are the manifest's.
        self.directory = pathlib.Path(directory)
        self.interface = "nodelocaldns"
        self.metrics_at = "127.0.0.1:9353"
        self.started = Started(manifests.container, services, pod_ips)
        maps = {"node-local-dns": {"Corefile": manifests.corefile}, **(config_maps or {})}
        Process.__init__(self, command(manifests.container, manifests.pod["volumes"], maps, directory, nameservers,
                                       self.started.arguments), directory, "agent", self.started.environment)


def run_to_end(container, volumes, directory, services):
    """An init container, until it ends."""
    started = Started(container, services)
    return subprocess.run(list(map(str, command(container, volumes, {}, directory, [], started.arguments))),
                          env={**os.environ, **started.environment}, capture_output=True, text=True, check=False,
                          timeout=30)
