"""What is in the image, file by file: the program, the agent's tools, and what these need to run. No shell."""

import os
import pathlib
import shutil
import subprocess

import debian
import elf

# Beside the packages that the program's own libraries come from.
PACKAGES = ("nftables", "iptables", "ca-certificates", "base-files")
PROGRAM = "usr/bin/node-local-dns"
# node-cache's image has its program here, and manifests may name it in `command`.
NODE_CACHE = "node-cache"

NFT = "usr/sbin/nft"
# Each under the names by which the agent asks for it. No plain "iptables": the node's kernel says which of the two is
# right, not the image.
MULTI_CALL = {f"usr/sbin/xtables-{backend}-multi":
              [f"usr/sbin/{family}-{backend}{tool}" for family in ("iptables", "ip6tables")
               for tool in ("", "-save", "-restore")]
              for backend in ("nft", "legacy")}
# All matches and targets of both families: iptables-save has to print the rules of others too (kube-proxy, CNI), and
# iptables-legacy-save ends with an error at the first one that it has no extension for.
EXTENSIONS = ("libxt_*.so", "libipt_*.so", "libip6t_*.so")
OS_RELEASE = ("usr/lib/os-release", "etc/debian_version")  # scanners ask which Debian this is
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
CERTIFICATES_OPENSSL = "usr/lib/ssl/cert.pem"  # where Debian's OpenSSL looks for a bundle by default

MERGED = ("bin", "lib", "sbin")
# Kubernetes mounts over these; a container's runtime cannot make a mount point in a read-only root.
FOLDERS = ("dev", "etc/coredns", "proc", "run", "sys", "tmp")
TEXTS = {"etc/passwd": "root:x:0:0:root:/:/usr/sbin/nologin\n", "etc/group": "root:x:0:\n"}


def packages_of(program):
    """The packages to fetch for it."""
    return sorted({*PACKAGES, *debian.owners_here(elf.needed(program))})


class Root:
    """The image's root folder while it is filled."""

    def __init__(self, path, unpacked):
        self.path = path
        self.unpacked = unpacked
        self.packages = set()  # of which something is in it

    def has(self, name):
        return os.path.lexists(self.path / name)

    def place(self, name):
        """Where to write a file of that name."""
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def write(self, name, text):
        self.place(name).write_text(text)
        (self.path / name).chmod(0o644)

    def link(self, name, target):
        self.place(name).symlink_to(target)

    def add(self, name):
        """A file of a package, with what it is a link to; its place is the same."""
        name = debian.merged(name)
        if self.has(name):
            return
        source = self.unpacked.find(name)
        if source is None:
            raise debian.Failed(f"no package has /{name}")
        if source.is_symlink():
            target = os.readlink(source)
            if target.startswith("/"):
                target = os.path.relpath(debian.merged(target), os.path.dirname(name))
            self.link(name, target)
            self.add(os.path.normpath(os.path.join(os.path.dirname(name), target)))
            return
        shutil.copy2(source, self.place(name))
        self.packages.add(self.unpacked.owner(name))


def fill(path, program, unpacked, licence):
    """Fills an empty folder; returns the packages that have a part in it."""
    root = Root(path, unpacked)
    path.mkdir(mode=0o755, parents=True)
    for name in MERGED:
        (path / "usr" / name).mkdir(parents=True)
        root.link(name, f"usr/{name}")
    _copy_stripped(program, root.place(PROGRAM))
    root.link(NODE_CACHE, PROGRAM)
    _add_tools(root)
    _add_libraries(root)
    for name in OS_RELEASE:
        root.add(name)
    root.link("etc/os-release", "../usr/lib/os-release")
    _add_certificates(root)
    for name in FOLDERS:
        (path / name).mkdir(parents=True)
    (path / "tmp").chmod(0o1777)
    for name, text in TEXTS.items():
        root.write(name, text)
    shutil.copy2(licence, root.place("usr/share/doc/node-local-dns/copyright"))
    packages = sorted(root.packages)
    for package in packages:
        _tell_about(root, package)
    return packages


def _copy_stripped(program, target):
    subprocess.run(["strip", "--strip-all", "-o", target, program], check=True)
    target.chmod(0o755)


def separate_debug_information(program, folder):
    """What `strip` takes away, where gdb finds it by build id; returns the file."""
    number = elf.build_id(program)
    target = folder / ".build-id" / number[:2] / f"{number[2:]}.debug"
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["objcopy", "--only-keep-debug", program, target], check=True)
    return target


def _add_tools(root):
    root.add(NFT)
    for program, names in MULTI_CALL.items():
        root.add(program)
        for name in names:
            root.add(name)
    for folder in root.unpacked.tree.glob("usr/lib/*/xtables"):
        for pattern in EXTENSIONS:
            for extension in sorted(folder.glob(pattern)):
                root.add(extension.relative_to(root.unpacked.tree))


def _add_libraries(root):
    """All that is needed by what is in the root, until nothing is missing."""
    seen = set()
    while True:
        files = [one for one in root.path.rglob("*")
                 if one not in seen and one.is_file() and not one.is_symlink() and elf.is_elf(one)]
        if not files:
            return
        for file in files:
            seen.add(file)
            for name in elf.needed(file):
                root.add(_library(root.unpacked.tree, name))
            if interpreter := elf.loader(file):
                _add_loader(root, interpreter)


def _add_loader(root, interpreter):
    """Where architectures have a folder of their own for it (/lib64), it leads into /usr as well."""
    folder = pathlib.PurePath(interpreter).parts[1]
    if not root.has(folder):
        root.link(folder, f"usr/{folder}")
    root.add(interpreter)


def _library(tree, name):
    for folder in ("lib", "usr/lib"):
        for found in sorted(tree.glob(f"{folder}/*-linux-gnu*/{name}")):
            return found.relative_to(tree)
    raise debian.Failed(f"no package has the library {name}")


def _add_certificates(root):
    """As update-ca-certificates(8) makes the bundle."""
    folder = root.unpacked.tree / "usr/share/ca-certificates"
    texts = [one.read_text().rstrip("\n") + "\n" for one in sorted(folder.rglob("*.crt"))]
    if not texts:
        raise debian.Failed("ca-certificates has no certificate")
    root.write(CERTIFICATES, "".join(texts))
    root.link(CERTIFICATES_OPENSSL, f"/{CERTIFICATES}")
    root.packages.add("ca-certificates")


def _tell_about(root, package):
    """Its licence; and its name, version and files where scanners of images without dpkg look for them."""
    _add_licence(root, package)
    control = root.unpacked.control / package
    root.write(f"var/lib/dpkg/status.d/{package}", (control / "control").read_text())
    present = [line for line in (control / "md5sums").read_text().splitlines()
               if root.has(debian.merged(line.split(None, 1)[1]))]
    root.write(f"var/lib/dpkg/status.d/{package}.md5sums", "\n".join(present) + "\n")


def _add_licence(root, package):
    folder = pathlib.PurePath("usr/share/doc", package)
    # Packages from one source may share the folder of one of them.
    if (root.unpacked.tree / folder).is_symlink():
        folder = pathlib.PurePath("usr/share/doc", os.readlink(root.unpacked.tree / folder))
    if not root.has(folder / "copyright"):
        shutil.copy2(root.unpacked.tree / folder / "copyright", root.place(folder / "copyright"))
    if folder.name != package:
        root.link(f"usr/share/doc/{package}", folder.name)
