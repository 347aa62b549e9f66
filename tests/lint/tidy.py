# clang-tidy over src, in batches and in parallel, skipping what passed before with the same text, headers, settings.
import argparse
import concurrent.futures
import hashlib
import json
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import time

from batches import batches

ROOT = pathlib.Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
BUILD = ROOT / "build" / "lint"
CACHE = BUILD / "tidy-cache"
TIDY = "clang-tidy-19"
TIMEOUT = 900  # seconds for one batch
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


def flags(command):
    """A compile command without compiler, file names and what follows them."""
    words = shlex.split(command)
    return tuple(words[1:words.index("-o")])


def tidy(source, options, *more):
    """(passed, what it printed)"""
    command = [TIDY, "--quiet", f"--config-file={ROOT / '.clang-tidy'}", *more, str(source), "--", *options]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        return False, f"{source}: {TIDY} took over {TIMEOUT} s\n"
    return done.returncode == 0, done.stdout + ("" if done.returncode == 0 else done.stderr)


def check_alone(path, options):
    passed, output = tidy(path, options)
    return {path: passed}, output


def check_together(paths, options):
    """{path: passed} and what was printed. A finding in a header is held against every file."""
    if len(paths) == 1:
        return check_alone(paths[0], options)
    with tempfile.NamedTemporaryFile("w", suffix=".cpp", prefix="tidy-") as source:
        source.writelines(f'#include "{path}"\n' for path in paths)
        source.flush()
        passed, output = tidy(source.name, options, "--checks=-bugprone-suspicious-include")
    if passed:
        return dict.fromkeys(paths, True), output
    if "[clang-diagnostic-error" not in output:
        findings = set(re.findall(r"^(\S+?):\d+:\d+: (?:error|warning): ", output, re.MULTILINE))
        named = {path for path in paths if str(path) in findings}
        return {path: bool(named) and path not in named for path in paths}, output
    # They do not go together after all; each alone says whether there is an error, too.
    output = f"{len(paths)} files from {paths[0].relative_to(ROOT)} on are no one unit, see tests/lint/batches.py\n"
    verdicts = {}
    for path in paths:
        verdict, printed = check_alone(path, options)
        verdicts |= verdict
        output += printed
    return verdicts, output


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
    together = batches(due, lambda path: flags(commands[path]))
    print(f"tidy: {len(wanted)} files, {len(due)} to check in {len(together)} batches, {arguments.jobs} at a time",
          flush=True)

    def check(paths):
        begin = time.monotonic()
        verdicts, output = check_together(paths, flags(commands[paths[0]]))
        return verdicts, output, time.monotonic() - begin

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(max(1, arguments.jobs)) as pool:
        for done in concurrent.futures.as_completed([pool.submit(check, paths) for paths in together]):
            verdicts, output, seconds = done.result()
            print(f"  {seconds:5.1f} s", *(f"{'ok  ' if passed else 'FAIL'} {path.relative_to(ROOT)}"
                                           for path, passed in verdicts.items()), sep="\n    ", flush=True)
            if not all(verdicts.values()):
                print(output, flush=True)
            for path, passed in verdicts.items():
                if passed:
                    marks[path].touch()
                else:
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
