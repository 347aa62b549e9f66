"""What runc misses inside a chroot or a bare container: cgroups, and a way into its own containers."""

import ctypes
import os
import subprocess

CGROUPS = "/sys/fs/cgroup"
CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 0x40000
_libc = ctypes.CDLL(None, use_errno=True)


def _call(function, *arguments):
    if function(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def provide_cgroups():
    """Where nobody mounted them: in a mount namespace of this process and its children, so there is nothing to undo.
    Quietly where that is forbidden: the trial of a container then tells."""
    if os.path.ismount(CGROUPS) or not os.path.isdir(CGROUPS):
        return
    try:
        _call(_libc.unshare, CLONE_NEWNS)
        _call(_libc.mount, b"none", b"/", None, MS_REC | MS_PRIVATE, None)
        _call(_libc.mount, b"cgroup2", CGROUPS.encode(), b"cgroup2", 0, None)
    except OSError:
        return


def in_chroot():
    """Then the root of a mount namespace is not what its processes see as their root: `runc exec`, which enters only
    the namespace, looks for programs elsewhere."""
    seen = subprocess.run(["nsenter", "--mount=/proc/self/ns/mnt", "stat", "--format", "%d:%i", "/"],
                          capture_output=True, text=True, check=False).stdout.strip()
    root = os.stat("/")
    return seen != f"{root.st_dev}:{root.st_ino}"
