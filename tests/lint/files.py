# The house's rules about files: a purpose on the first line, a bounded length, lines that fit.
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("src", "tests", "bench", "demo", "deploy", "docs", "cmake")
MAX_FILE = 420  # lines of one file under src
MAX_LINE = 120  # Python only: clang-format sees to C++
COMMENT = {".cpp": "//", ".hpp": "//", ".py": "#", ".cmake": "#", ".sh": "#", ".bash": "#"}


def purpose_line(lines, mark):
    """The first line, or the one after a shebang; Python may say it in its docstring."""
    at = 1 if lines and lines[0].startswith("#!") else 0
    line = lines[at] if at < len(lines) else ""
    marks = [re.escape(mark) + " "] + (['"""'] if mark == "#" else [])
    return re.match(f"(?:{'|'.join(marks)})" + r"\S.{8,}", line) is not None


def problems(path):
    mark = COMMENT[path.suffix]
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    if not lines and path.name == "__init__.py":
        return
    if not purpose_line(lines, mark):
        yield 1, f"the first line must say the file's purpose ({mark} ...)"
    if text and not text.endswith("\n"):
        yield len(lines), "no newline at the end"
    if path.is_relative_to(ROOT / "src") and len(lines) > MAX_FILE:
        yield len(lines), f"{len(lines)} lines, at most {MAX_FILE}: one idea a file"
    if path.suffix == ".py":
        for number, line in enumerate(lines, 1):
            if len(line) > MAX_LINE:
                yield number, f"{len(line)} characters, at most {MAX_LINE}"
            if "\t" in line:
                yield number, "a tab"


def main():
    found = 0
    checked = 0
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix not in COMMENT or not path.is_file():
                continue
            checked += 1
            for line, message in problems(path):
                print(f"{path.relative_to(ROOT)}:{line}: {message}")
                found += 1
    print(f"files: {checked} checked, {found} problems")
    return 1 if found or not checked else 0


if __name__ == "__main__":
    sys.exit(main())
