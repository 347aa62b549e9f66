"""What the virtual machine boots: files gathered from the host's packages, written as cpio archives.

Two archives, which the kernel unpacks one after the other: the system (kernel modules, programs and their
libraries; changes with packages) and what is tested (the program, the scenarios; changes all the time)."""

import os
import pathlib
import re
import shutil
import stat
import subprocess

# What scenarios use, with the libraries they need. busybox gives the rest of a system.
PROGRAMS = ("dash", "busybox", "ip", "nft", "conntrack", "ipvsadm", "kmod", "dnsmasq",
            "xtables-nft-multi", "xtables-legacy-multi")
SEARCH = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")
APPLETS = ("[ awk cat chmod cmp cp cut date dmesg dirname basename env expr false find grep head hostname id kill ln "
           "ls mkdir mkfifo mknod mount mv nc nproc nsenter od pidof ps pwd readlink reboot rm sed seq setsid sleep "
           "sort stat sync sysctl tail tee test time timeout touch tr true umount uname uniq usleep wc wget which "
           "xargs").split()
LINKS = {"sh": "dash", "modprobe": "kmod", "insmod": "kmod", "lsmod": "kmod", "rmmod": "kmod",
         **{f"{family}{kind}{tail}": f"xtables-{kind.strip('-') or 'nft'}-multi"
            for family in ("iptables", "ip6tables") for kind in ("", "-nft", "-legacy")
            for tail in ("", "-save", "-restore")}}
# Not loaded at boot: the kernel calls modprobe when somebody wants one of them, as on a real node. So all of
# netfilter is there, whatever a rule may need.
MODULES = ("dummy", "veth", "virtio_pci", "virtio_net")
MODULE_FOLDERS = ("kernel/net/netfilter", "kernel/net/ipv4/netfilter", "kernel/net/ipv6/netfilter")


def run(*command, **more):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True,
                          **more).stdout


def find_program(name):
    for folder in SEARCH:
        path = pathlib.Path(folder, name)
        if path.exists():
            return path
    raise FileNotFoundError(f"{name} is not installed")


def libraries(program):
    """Paths as the loader looks for them; none for a static program."""
    done = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=False)
    return sorted(set(re.findall(r"(/\S+) \(0x", done.stdout)))


class Archive:
    """The "newc" form of cpio(5). Owner, times and numbers are fixed: equal files give equal archives."""

    def __init__(self):
        self.entries = {}

    def folder(self, path):
        parent = os.path.dirname(path)
        if parent not in ("", "/"):
            self.folder(parent)
        self.entries.setdefault(path.strip("/"), (stat.S_IFDIR | 0o755, b""))

    def add(self, path, content, mode=0o644):
        self.folder(os.path.dirname(path))
        self.entries[path.strip("/")] = (stat.S_IFREG | mode, content)

    def link(self, path, target):
        self.folder(os.path.dirname(path))
        self.entries[path.strip("/")] = (stat.S_IFLNK | 0o777, target.encode())

    def copy(self, source, path=None):
        """A file of the host at its own place, with every "/usr" form of a folder made one."""
        source = pathlib.Path(source)
        target = path or usr_path(source)
        self.add(target, source.read_bytes(), 0o755 if os.access(source, os.X_OK) else 0o644)

    def write(self, path):
        with open(path, "wb") as out:
            for number, (name, (mode, content)) in enumerate(sorted(self.entries.items()), 1):
                self._entry(out, number, name, mode, content)
            self._entry(out, 0, "TRAILER!!!", 0, b"")
            out.write(b"\0" * (-out.tell() % 512))

    @staticmethod
    def _entry(out, number, name, mode, content):
        raw = name.encode() + b"\0"
        fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(raw), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + raw
        out.write(head + b"\0" * (-len(head) % 4) + content + b"\0" * (-len(content) % 4))


def usr_path(path):
    """/lib64/x, /usr/lib64/x → /usr/lib64/x: the image has Debian's links of a merged /usr."""
    text = str(path)
    return text if text.startswith("/usr/") else f"/usr{text}"


def add_program(archive, source, path=None):
    archive.copy(source, path)
    for library in libraries(source):
        archive.copy(library)


def add_modules(archive, kernel, staging):
    """The modules above and what they need, with an index made for just these."""
    release = next((kernel / "lib/modules").iterdir()).name
    tree = kernel / "lib/modules" / release
    if not (tree / "modules.dep.bin").exists():
        run("/sbin/depmod", "-b", kernel, release)
    shutil.rmtree(staging, ignore_errors=True)
    copy = staging / "lib/modules" / release
    copy.mkdir(parents=True)
    for name in ("modules.builtin", "modules.builtin.modinfo", "modules.order"):
        shutil.copy(tree / name, copy)
    netfilter = [path.stem for folder in MODULE_FOLDERS for path in sorted((tree / folder).rglob("*.ko"))]
    wanted = run("/sbin/modprobe", "-d", kernel, "-S", release, "-a", "--show-depends", *MODULES, *netfilter)
    for path in {line.split()[1] for line in wanted.splitlines() if line.startswith("insmod ")}:
        target = copy / pathlib.Path(path).relative_to(tree)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    run("/sbin/depmod", "-b", staging, release)
    for path in sorted(copy.rglob("*")):
        if path.is_file():
            archive.copy(path, f"/usr/lib/modules/{release}/{path.relative_to(copy)}")


def write_system(path, kernel, staging):
    archive = Archive()
    for name in ("bin", "sbin", "lib", "lib64"):
        archive.link(name, f"usr/{name}")
        archive.folder(f"usr/{name}")
    for name in ("proc", "sys", "dev", "run", "tmp", "root", "etc", "var/run"):
        archive.folder(name)
    for name in PROGRAMS:
        add_program(archive, find_program(name), f"/usr/bin/{name}")
    for name in APPLETS:
        archive.link(f"usr/bin/{name}", "busybox")
    for name, target in LINKS.items():
        archive.link(f"usr/bin/{name}", target)
    archive.link("usr/sbin/modprobe", "../bin/kmod")  # where the kernel looks for it
    for path_of_extension in sorted(pathlib.Path("/usr/lib/x86_64-linux-gnu/xtables").glob("*.so")):
        archive.copy(path_of_extension)
    archive.add("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n")
    archive.add("etc/group", b"root:x:0:\nnogroup:x:65534:\n")
    archive.add("etc/hosts", b"127.0.0.1 localhost\n")
    archive.add("etc/protocols", b"icmp 1 ICMP\ntcp 6 TCP\nudp 17 UDP\nipv6-icmp 58 IPv6-ICMP\n")
    archive.add("etc/nsswitch.conf", b"passwd: files\ngroup: files\nhosts: files\nprotocols: files\n")
    add_modules(archive, kernel, staging)
    archive.write(path)


def write_more(path, programs, texts):
    """A third archive for whoever needs one: {path: program of the host}, {path: text of a script}."""
    archive = Archive()
    for target, source in programs.items():
        add_program(archive, source, target)
    for target, text in texts.items():
        archive.add(target, text.encode(), 0o755)
    archive.write(path)


def write_tested(path, program, probe, here):
    """The program without its debug symbols, and everything under guest/ and scenarios/."""
    archive = Archive()
    stripped = path.with_suffix(".program")
    run("strip", "-o", stripped, program)
    add_program(archive, stripped, "/usr/bin/node-local-dns")
    stripped.unlink()
    archive.copy(probe, "/usr/bin/probe")
    archive.add("init", (here / "guest/init").read_bytes(), 0o755)
    for folder in ("guest", "scenarios"):
        for source in sorted((here / folder).iterdir()):
            if source.is_file():
                archive.add(f"lab/{folder}/{source.name}", source.read_bytes(), 0o755)
    archive.write(path)
