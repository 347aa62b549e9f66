"""Which archives there are, and when they are made again: each remembers what it was made from."""

import hashlib
import os
import pathlib
import subprocess

import image
import kernel

HERE = pathlib.Path(__file__).resolve().parent
CXX_FLAGS = ("-std=c++23", "-O1", "-static", "-s", "-Wall", "-Wextra", "-Werror", "-Wshadow")


def fresh(target, parts):
    """Whether `target` was made from these very parts; `done` is to be called when it is made again."""
    digest = hashlib.sha256()
    for part in sorted(map(str, parts)):
        info = os.stat(part)
        digest.update(f"{part} {info.st_size} {info.st_mtime_ns}\n".encode())
    key, mark = digest.hexdigest(), target.with_suffix(".key")
    same = target.exists() and mark.exists() and mark.read_text() == key
    return same, lambda: mark.write_text(key)


def system(cache, release):
    target = cache / "system.cpio"
    programs = [image.find_program(name) for name in image.PROGRAMS]
    extensions = pathlib.Path("/usr/lib/x86_64-linux-gnu/xtables").glob("*.so")
    libraries = {library for program in programs for library in image.libraries(program)}
    same, done = fresh(target, {*programs, *extensions, *libraries, HERE / "image.py", kernel.image(release)})
    if not same:
        image.write_system(target, release, cache / "staging")
        done()
    return target


def probe_program(cache):
    target = cache / "probe"
    same, done = fresh(target, [HERE / "probe.cpp"])
    if not same:
        compiler = os.environ.get("CXX", "g++-12")
        subprocess.run([compiler, *CXX_FLAGS, HERE / "probe.cpp", "-o", target], check=True)
        done()
    return target


def tested(cache, program):
    target = cache / "tested.cpio"
    probe = probe_program(cache)
    texts = [path for folder in ("guest", "scenarios") for path in (HERE / folder).iterdir()]
    same, done = fresh(target, [program, probe, *image.libraries(program), *texts, HERE / "image.py"])
    if not same:
        image.write_tested(target, program, probe, HERE)
        done()
    return target


def join(target, *parts):
    """One file, as QEMU wants it."""
    with open(target, "wb") as out:
        for part in parts:
            out.write(part.read_bytes())
    return target
