"""What is in the image, and what is not."""

import hashlib
import os
import pathlib
import re
import stat
import subprocess

import contents
from conftest import build
from store import Store

GOAL = 25_000_000  # bytes, uncompressed
FORBIDDEN = re.compile(r"(^|/)(ba|da|a|z|k|c)?sh$|busybox|perl|python|(^|/)(apt|dpkg)[^/]*$|modprobe|(^|/)kmod$|locale|"
                       r"gconv|/man/|\.(a|la|h|pc)$|update-alternatives|(^|/)(su|sudo|mount|login)$")


def entries(image):
    return [(path.relative_to(image.root), path) for path in sorted(image.root.rglob("*"))]


def files(image):
    return [(name, path) for name, path in entries(image) if path.is_file() and not path.is_symlink()]


def test_size(image):
    size = sum(path.stat().st_size for _, path in files(image))
    assert 10_000_000 < size < GOAL


def test_labels_and_entry_point(image):
    labels = {name.removeprefix("org.opencontainers.image."): value
              for name, value in image.config["Labels"].items()}
    assert labels.pop("title") == "node-local-dns"
    assert labels.pop("licenses") == "Apache-2.0"
    assert labels.pop("description")
    version, revision = labels.pop("version"), labels.pop("revision")
    program = subprocess.run([image.root / contents.PROGRAM, "--version"], capture_output=True, text=True,
                             check=True).stdout
    assert program.startswith(f"node-local-dns {version} ({revision[:12]},")
    assert not labels, "labels that nobody asked for"
    assert image.told["built"] == f"node-local-dns:{version}"
    assert image.config["Entrypoint"] == ["/usr/bin/node-local-dns"]
    assert "Cmd" not in image.config and "ExposedPorts" not in image.config and "User" not in image.config
    assert len(image.layers["rootfs"]["diff_ids"]) == 1


def test_expected_files(image):
    names = {str(name) for name, _ in entries(image)}
    expected = {contents.PROGRAM, contents.NODE_CACHE, contents.NFT, *contents.MULTI_CALL, contents.CERTIFICATES,
                "etc/passwd", "etc/group", "etc/os-release", "etc/coredns", "run", "tmp", "proc"}
    for links in contents.MULTI_CALL.values():
        expected |= set(links)
    assert expected <= names, expected - names
    assert os.readlink(image.root / contents.NODE_CACHE) == contents.PROGRAM
    assert (image.root / contents.CERTIFICATES).read_text().count("BEGIN CERTIFICATE") > 100


def test_extensions_are_all_there(image):
    """iptables-save has to print whatever rules others made: each match and target that Debian's iptables has."""
    def extensions(root):
        return {path.name for path in root.glob("usr/lib/*/xtables/*.so")
                if path.name.startswith(("libxt_", "libipt_", "libip6t_"))}
    assert extensions(image.root) == extensions(pathlib.Path("/"))
    assert {"libxt_socket.so", "libxt_CT.so", "libxt_NOTRACK.so", "libxt_DNAT.so", "libxt_comment.so",
            "libxt_statistic.so", "libxt_set.so", "libip6t_rt.so", "libipt_realm.so"} <= extensions(image.root)


def test_nothing_that_is_not_needed(image):
    found = [str(name) for name, _ in entries(image)
             if FORBIDDEN.search(str(name)) and not str(name).startswith("var/lib/dpkg")]
    assert not found


def test_owners_and_modes(image):
    """Nothing gains rights by its mode, nothing is writable for others, all belongs to root."""
    for name, path in entries(image):
        facts = path.lstat()
        assert (facts.st_uid, facts.st_gid) == (0, 0), name
        assert not facts.st_mode & (stat.S_ISUID | stat.S_ISGID), name
        assert not os.listxattr(path, follow_symlinks=False), name
        if not path.is_symlink() and str(name) != "tmp":
            assert not facts.st_mode & stat.S_IWOTH, name
            assert stat.S_ISDIR(facts.st_mode) or stat.S_ISREG(facts.st_mode), name


def test_links_lead_somewhere_inside(image):
    for name, path in entries(image):
        if path.is_symlink():
            target = os.readlink(path)
            inside = image.root / target.lstrip("/") if target.startswith("/") else path.parent / target
            assert inside.exists(), f"{name} -> {target}"
            assert image.root in inside.resolve().parents


def elf_files(image):
    return [name for name, path in files(image) if path.read_bytes()[:4] == b"\x7fELF"]


def test_every_library_is_found_inside(image):
    """The image's own loader says so, with the image as its root."""
    binaries = elf_files(image)
    assert len(binaries) > 100
    loader = next(image.root.glob("usr/lib/*-linux-gnu*/ld-linux-*.so.*")).relative_to(image.root)
    broken = []
    for name in binaries:
        done = subprocess.run(["/usr/sbin/chroot", image.root, f"/{loader}", "--list", f"/{name}"],
                              capture_output=True, text=True, check=False, env={})
        if done.returncode != 0 and "statically linked" not in done.stdout:
            broken.append(f"{name}: {done.stdout}{done.stderr}")
        assert "not found" not in done.stdout
    assert not broken, "\n".join(broken)


def test_program_is_stripped_and_its_debug_information_kept(image):
    sections = subprocess.run(["readelf", "--sections", "--wide", image.root / contents.PROGRAM], capture_output=True,
                              text=True, check=True).stdout
    assert ".debug" not in sections and ".symtab" not in sections
    notes = subprocess.run(["readelf", "--notes", image.root / contents.PROGRAM], capture_output=True, text=True,
                           check=True).stdout
    number = re.search(r"Build ID: ([0-9a-f]+)", notes)[1]
    kept = image.place / "debug/.build-id" / number[:2] / f"{number[2:]}.debug"
    assert ".debug_line" in subprocess.run(["readelf", "--sections", "--wide", kept], capture_output=True, text=True,
                                           check=True).stdout


def test_scanners_learn_the_packages(image):
    """One file a package, as images without dpkg have it; the sums are those of the files inside."""
    folder = image.root / "var/lib/dpkg/status.d"
    packages = {path.name for path in folder.iterdir() if not path.name.endswith(".md5sums")}
    assert {"libc6", "libssl3", "nftables", "iptables"} <= packages
    assert packages == {line.split()[0] for line in (image.place / "packages.txt").read_text().splitlines()}
    summed = set()
    for package in packages:
        control = (folder / package).read_text()
        assert re.search(r"^Version: \S+$", control, re.MULTILINE) and f"Package: {package}\n" in control
        assert (image.root / "usr/share/doc" / package / "copyright").exists(), package
        for line in (folder / f"{package}.md5sums").read_text().splitlines():
            sum_, name = line.split(None, 1)
            path = image.root / name
            assert hashlib.md5(path.read_bytes()).hexdigest() == sum_, name
            summed.add(path.resolve())
    unknown = {str(name) for name in elf_files(image) if (image.root / name).resolve() not in summed}
    assert unknown == {contents.PROGRAM}


def test_archive_is_the_same_image_each_time(image, tmp_path):
    """A second build is the same, byte by byte, and its archive can be read back."""
    file = tmp_path / "image.tar"
    again = build("--output", file)
    assert again["image id"] == image.id
    name = f"docker.io/library/{image.told['built']}"
    assert f"named {name}" in again["archive"]
    other = Store(tmp_path / "other")
    other.run("pull", f"docker-archive:{file}")
    assert other.inspect(name)["FromImageID"] == image.id
