# clang-tidy over src, in parallel, skipping what passed before with the same text, headers and settings.
import argparse
import concurrent.futures
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
BUILD = ROOT / "build" / "lint"
CACHE = BUILD / "tidy-cache"
TIDY = "clang-tidy-19"
TIMEOUT = 600  # seconds for one file
INCLUDE = re.compile(rb'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


class Closure:
    """The project's headers that a file reaches, each with its hash."""

    def __init__(self):
        self._files = {}  # path: (digest, direct includes)

    def _read(self, path):
        if path not in self._files:
            text = path.read_bytes()
            direct = [SRC / name.decode() for name in INCLUDE.findall(text)]
            self._files[path] = (hashlib.sha256(text).hexdigest(), [p for p in direct if p.is_file()])
        return self._files[path]

    def digests(self, path):
        seen = set()
        waiting = [path]
        while waiting:
            current = waiting.pop()
            if current not in seen:
                seen.add(current)
                waiting.extend(self._read(current)[1])
        return [f"{p.relative_to(ROOT)} {self._read(p)[0]}" for p in sorted(seen)]


def compile_commands():
    entries = json.loads((BUILD / "compile_commands.json").read_text())
    commands = {}
    for entry in entries:
        path = (pathlib.Path(entry["directory"]) / entry["file"]).resolve()
        if path.is_relative_to(SRC):
            commands.setdefault(path, entry["command"])
    return commands


def check(path):
    command = [TIDY, "--quiet", "-p", str(BUILD), str(path)]
    begin = time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        return False, f"{path.relative_to(ROOT)}: {TIDY} took over {TIMEOUT} s\n", TIMEOUT
    return done.returncode == 0, done.stdout + ("" if done.returncode == 0 else done.stderr), time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser(description="clang-tidy over src with a cache of what passed")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--all", action="store_true", help="check every file, cached or not")
    parser.add_argument("files", nargs="*", type=pathlib.Path, help="only these (default: all of src)")
    arguments = parser.parse_args()

    commands = compile_commands()
    wanted = [path.resolve() for path in arguments.files] or sorted(commands)
    unknown = [path for path in wanted if path not in commands]
    if unknown:
        print("not compiled: " + ", ".join(str(path) for path in unknown))
        return 1
    if not wanted:
        print("tidy: src has no .cpp file")
        return 1

    version = subprocess.run([TIDY, "--version"], capture_output=True, text=True, check=True).stdout
    settings = (ROOT / ".clang-tidy").read_text()
    closure = Closure()
    CACHE.mkdir(parents=True, exist_ok=True)
    marks = {}
    for path in wanted:
        text = "\n".join([version, settings, commands[path], *closure.digests(path)])
        marks[path] = CACHE / hashlib.sha256(text.encode()).hexdigest()
    due = [path for path in wanted if arguments.all or not marks[path].exists()]
    print(f"tidy: {len(wanted)} files, {len(due)} to check, {arguments.jobs} at a time", flush=True)

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(max(1, arguments.jobs)) as pool:
        checks = {pool.submit(check, path): path for path in due}
        for done in concurrent.futures.as_completed(checks):
            path = checks[done]
            passed, output, seconds = done.result()
            print(f"  {'ok  ' if passed else 'FAIL'} {seconds:5.1f} s  {path.relative_to(ROOT)}", flush=True)
            if passed:
                marks[path].touch()
            else:
                print(output, flush=True)
                failed += 1
    # Marks of texts long gone would pile up: only this run's are of use.
    if not arguments.files:
        live = set(marks.values())
        for mark in CACHE.iterdir():
            if mark not in live:
                mark.unlink()
    print(f"tidy: {failed} of {len(due)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
