# Which folder of src may include which: dependencies point downward only.
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
SRC = ROOT / "src"

# folder: the folders it may include, besides itself. The same picture as in CMakeLists.txt.
MAY_INCLUDE = {
    "dns": (),
    "runtime": (),
    "tls": ("runtime",),
    "metrics": ("runtime",),
    "http": ("runtime", "metrics"),
    "corefile": ("dns", "runtime"),
    "cache": ("dns", "runtime"),
    "pipeline": ("cache", "dns", "runtime"),
    "upstream": ("dns", "runtime", "metrics", "tls"),
    "plugins": ("pipeline", "cache", "corefile", "upstream", "tls", "metrics", "dns", "runtime"),
    "server": ("plugins", "pipeline", "cache", "corefile", "upstream", "http", "tls", "metrics", "dns", "runtime"),
    "net": ("runtime",),
    "agent": ("net", "server", "plugins", "corefile", "http", "metrics", "dns", "runtime"),
    "cli": ("agent", "net", "server", "plugins", "pipeline", "cache", "corefile", "upstream", "http", "metrics", "dns",
            "runtime"),
    "": ("cli",),  # main.cpp
}

# System headers that a folder must do without, and why.
FORBIDDEN = {
    "dns": (r"boost/asio|sys/socket\.h|netinet/|arpa/", "dns knows no sockets"),
    "cache": (r"boost/asio|sys/socket\.h|netinet/|arpa/", "cache knows no sockets"),
    "corefile": (r"boost/asio|sys/socket\.h", "corefile knows no sockets"),
}

INCLUDE = re.compile(r'\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')


def problems(path):
    relative = path.relative_to(SRC)
    folder = relative.parts[0] if len(relative.parts) > 1 else ""
    if folder not in MAY_INCLUDE:
        yield 1, f"folder {folder} is not in the table of tests/lint/includes.py"
        return
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        own, system = match.groups()
        if system:
            pattern, reason = FORBIDDEN.get(folder, (None, None))
            if pattern and re.match(pattern, system):
                yield number, f"<{system}>: {reason}"
            continue
        target = own.split("/")[0] if "/" in own else None
        if target is None or own.startswith("."):
            yield number, f'"{own}": include from the root of src, "folder/file.hpp"'
        elif not (SRC / own).is_file():
            yield number, f'"{own}": no such file under src'
        elif target != folder and target not in MAY_INCLUDE[folder]:
            allowed = ", ".join(MAY_INCLUDE[folder]) or "nothing"
            yield number, f'"{own}": {folder or "main"} may include {allowed}'


def main():
    found = 0
    files = sorted(path for path in SRC.rglob("*") if path.suffix in (".hpp", ".cpp"))
    for path in files:
        for line, message in problems(path):
            print(f"{path.relative_to(ROOT)}:{line}: {message}")
            found += 1
    print(f"includes: {len(files)} files, {found} problems")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main())
