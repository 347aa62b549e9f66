"""Where buildah and podman keep images of this project: under build/image, nothing in /var/lib/containers."""

import json
import os
import pathlib
import subprocess
import tempfile


class Store:
    """`options` go before the command of buildah and podman; `run` runs buildah."""

    def __init__(self, place):
        self.place = pathlib.Path(place).resolve()
        self.place.mkdir(parents=True, exist_ok=True)
        self.driver = "overlay" if overlay_works(self.place) else "vfs"
        self.options = ["--root", str(self.place / f"storage-{self.driver}"),
                        "--runroot", str(self.place / "run"), "--storage-driver", self.driver]
        temporary = self.place / "tmp"
        temporary.mkdir(exist_ok=True)
        self.environment = {**os.environ, "TMPDIR": str(temporary)}

    def run(self, *arguments, **more):
        """Its output; raises CalledProcessError, whose stderr says why."""
        command = ["buildah", *self.options, *map(str, arguments)]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True,
                              stdin=subprocess.DEVNULL, **more).stdout

    def inspect(self, image):
        return json.loads(self.run("inspect", "--type", "image", image))


def overlay_works(place):
    """Not on top of another overlay, as inside a container."""
    with tempfile.TemporaryDirectory(dir=place) as folder:
        for name in ("lower", "upper", "work", "merged"):
            os.mkdir(f"{folder}/{name}")
        mount = f"mount -t overlay overlay -o lowerdir={folder}/lower,upperdir={folder}/upper,workdir={folder}/work"
        # In a mount namespace of its own: nothing to undo.
        done = subprocess.run(["unshare", "--mount", "sh", "-c", f'{mount} "{folder}/merged"'], capture_output=True,
                              check=False)
    return done.returncode == 0
