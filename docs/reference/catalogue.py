"""What people wrote about flags and directives, one TOML file a directive, held against the program."""

import dataclasses
import pathlib
import re
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


@dataclasses.dataclass(frozen=True)
class Option:
    """`form` is the syntax; `examples` are lines of it, the longest with all it can have, `refuses` lines beyond its
    limits."""

    form: str
    text: str
    default: str = ""
    source: str = ""
    examples: tuple = ()
    refuses: tuple = ()
    beside: tuple = ()
    refused: bool = False

    @property
    def name(self):
        return self.form.split()[0]


@dataclasses.dataclass(frozen=True)
class Directive:
    name: str
    forms: tuple
    text: str
    examples: tuple
    default: str = ""
    source: str = ""
    head: str = ""
    refuses: tuple = ()
    beside: tuple = ()
    options: tuple = ()

    @property
    def line(self):
        """How a block of this directive begins."""
        return self.head or self.examples[0]

    def alone(self, line):
        """The directive's line with no more in its block than it must have."""
        return (f"{line} {{", *self.beside, "}") if self.beside else (line,)

    def lines_with(self, line, beside=()):
        """A line of the block of this directive, and what must stand beside it."""
        return (f"{self.line} {{", *beside, f"    {line}", "}")


def read_directives():
    return {path.stem: _directive(path) for path in sorted((HERE / "directives").glob("*.toml"))}


def read_flag_notes():
    return tomllib.loads((HERE / "flags.toml").read_text(encoding="utf-8"))


def _tuples(table):
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}


def _directive(path):
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    try:
        options = tuple(Option(**_tuples(one)) for one in table.pop("options", []))
        return Directive(name=path.stem, options=options, **_tuples(table))
    except TypeError as wrong:
        raise ValueError(f"{path.name}: {wrong}") from wrong


def required_arguments(form):
    """How many words must follow the first one: those outside square brackets."""
    depth, words = 0, 0
    for word in re.sub(r"([\[\]])", r" \1 ", form).split():
        depth += (word == "[") - (word == "]")
        words += depth == 0 and word not in "[]"
    return words - 1


def problems_of(directive, program):
    """Where the catalogue and the program disagree about a directive, one text each."""
    known = program.options(directive.line)
    written = [option.name for option in directive.options]
    if known is None and written:
        yield f"{directive.name}: the program takes no block, the catalogue has {', '.join(written)}"
    for name in known or ():
        if name not in written:
            yield f"{directive.name}: the program has the option {name}, the catalogue has not"
    for name in dict.fromkeys(written):
        if name not in (known or ()):
            yield f"{directive.name}: the catalogue has the option {name}, the program has not"
    for entry in (directive, *directive.options):
        if not entry.text:
            yield f"{directive.name}: {entry.name} has no text"
    yield from _form_problems(directive.name, directive.forms, directive.examples, program, directive.alone)
    yield from _limit_problems(directive.name, directive.refuses, program, directive.alone)
    for option in directive.options:
        def inside(line, option=option):
            return directive.lines_with(line, option.beside)
        forms = tuple(other.form for other in directive.options if other.name == option.name)
        yield from _option_problems(f"{directive.name}: {option.name}", option, forms, program, inside)
        yield from _source_problems(f"{directive.name}: {option.name}", option)
    yield from _source_problems(directive.name, directive)


def _option_problems(what, option, forms, program, lines_of):
    if option.refused:
        for line in option.examples:
            if program.check_lines(*lines_of(line)).accepted:
                yield f"{what}: the program takes {line!r}, the catalogue calls it refused"
        return
    yield from _form_problems(what, forms, option.examples, program, lines_of)
    yield from _limit_problems(what, option.refuses, program, lines_of)


def _limit_problems(what, lines, program, lines_of):
    for line in lines:
        if program.check_lines(*lines_of(line)).accepted:
            yield f"{what}: the program takes {line!r}, the catalogue says it does not"


def _form_problems(what, forms, examples, program, lines_of):
    if not examples:
        yield f"{what}: no example"
        return
    for line in examples:
        verdict = program.check_lines(*lines_of(line))
        if not verdict.accepted:
            yield f"{what}: the program refuses the example {line!r}: {'; '.join(verdict.lines)}"
    if any("..." in form for form in forms):
        return
    longest = max(examples, key=lambda line: len(line.split()))
    if program.check_lines(*lines_of(f"{longest} surplus")).accepted:
        yield f"{what}: the program takes a word after {longest!r}, so the form is not all"
    required = min(required_arguments(form) for form in forms)
    if required:
        short = " ".join(longest.split()[:required])
        if program.check_lines(*lines_of(short)).accepted:
            yield f"{what}: the program takes {short!r}, so the form asks for too much"


def _source_problems(what, entry):
    """A default is copied from the program's source: `source` is FILE: FRAGMENT, which must still stand there."""
    if entry.default and not entry.source:
        yield f"{what}: a default without its source"
    for source in filter(None, entry.source.split("\n")):
        path, _, fragment = source.partition(": ")
        file = ROOT / path
        if not file.exists() or fragment not in file.read_text(encoding="utf-8"):
            yield f"{what}: {path} no longer has {fragment!r}: look at the default"
