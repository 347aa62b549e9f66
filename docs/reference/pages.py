"""The generated parts of docs/configuration.md and its Russian page: tables between markers."""

import re

COMPATIBILITY = "docs/compatibility.md"
NOTES = (  # how `check` words the support status, and our heading for it
    (r"warning: .*?accepted without effect: (.*)", "Accepted without effect: a cache on a node does not need it"),
    (r".*?not a part of this node cache; (.*)", "Refused: not for a cache on a node"),
    (r".*?not a directive of CoreDNS; (.*)", "Not a directive of CoreDNS, but seen in users' files"),
)


def english(_domain, text):
    return text


class Page:
    """Renders the sections in one language."""

    def __init__(self, program, catalogue, notes, all_directives, translate=english):
        self.program = program
        self.commands = program.commands()
        self.catalogue = catalogue
        self.notes = notes
        self.all_directives = all_directives
        self.translate = translate

    def sections(self):
        return {"commands": self.command_table(), "flags": self.flag_tables(),
                "directives": self.directives(), "other directives": self.other_directives()}

    def word(self, text):
        return self.translate("words", text)

    # Commands and flags.

    def command_table(self):
        rows = [(f"`{command.name}`", self._joined(command.text, command.footer)) for command in self.commands]
        return self._table(("command", "does"), rows)

    def _joined(self, *texts):
        return " ".join(self.translate("flags", text) for text in texts if text)

    def flag_tables(self):
        """A table for each set of commands that have the same flags in common."""
        users = {}
        for command in self.commands:
            for flag in command.flags:
                users.setdefault(flag, []).append(command.name)
        groups = {}
        for flag, names in users.items():
            groups.setdefault(tuple(names), []).append(flag)
        out = []
        for names, flags in groups.items():
            listed = ", ".join(f"`{name}`" for name in names)
            out.append(f"{self.word('Flags of')} {listed}:\n\n"
                       + self._table(("flag", "default", "meaning"), [self._flag_row(flag) for flag in flags]))
        return "\n\n".join(out)

    def _flag_row(self, flag):
        short = [f"`{name}`" for name in flag.names if name != flag.name and not name.startswith("--")]
        shown = ", ".join([f"`{(flag.name + ' ' + flag.values).strip()}`", *short])
        return shown, _code(flag.default), self._joined(flag.text, self.notes.get(flag.name, ""))

    # Directives.

    def directives(self):
        return "\n\n".join(self._directive(self.catalogue[name]) for name in self.program.working_directives()
                           if name in self.catalogue)

    def _directive(self, one):
        out = [f"### `{one.name}`", "```\n" + "\n".join(one.forms) + "\n```",
               self._with_default(self.translate(one.name, one.text), one.default)]
        if one.options:
            rows = [(f"`{option.form}`", _code(option.default),
                     " ".join(filter(None, (self.translate(one.name, option.text), self._mark(one, option)))))
                    for option in one.options]
            out.append(self._table(("option", "default", "meaning"), rows))
        return "\n\n".join(out)

    def _with_default(self, text, default):
        return f"{text} {self.word('Default:')} `{default}`." if default else text

    def _mark(self, directive, option):
        """What the program itself says of it: refused, or accepted with a warning."""
        if option.refused:
            return f"**{self.word('Refused')}.**"
        verdict = self.program.check_lines(*directive.lines_with(option.examples[0], option.beside))
        own = [line for line in verdict.warnings if f"{directive.name}: {option.name}" in line]
        return f"**{self.word('No effect')}.**" if any("has no effect" in line for line in own) else ""

    def other_directives(self):
        groups = {heading: [] for _, heading in NOTES}
        working = self.program.working_directives()
        for name in self.all_directives:
            if name in working:
                continue
            lines = self.catalogue[name].alone(self.catalogue[name].examples[0]) if name in self.catalogue else (name,)
            heading, note = self._standing(name, self.program.check_lines(*lines).lines)
            groups[heading].append((f"`{name}`", self.translate("directives", note)))
        return "\n\n".join(f"{self.word(heading)}:\n\n" + self._table(("directive", "note"), rows)
                           for heading, rows in groups.items() if rows)

    @staticmethod
    def _standing(name, lines):
        for line in lines:
            for pattern, heading in NOTES:
                found = re.fullmatch(pattern, line)
                if found and f" {name}: " in line:
                    return heading, found.group(1)
        raise ValueError(f"the program does not say how it stands to {name}: {lines}")

    # Markdown.

    def _table(self, heads, rows):
        lines = ["| " + " | ".join(self.word(head) for head in heads) + " |", "|---" * len(heads) + "|"]
        lines += ["| " + " | ".join(_cell(text) for text in row) + " |" for row in rows]
        return re.sub(r" +\|", " |", "\n".join(lines)).replace("|  |", "| |")


def _cell(text):
    """The program's words as Markdown: a placeholder is not bold, an angle bracket begins no tag."""
    parts = text.replace("|", "\\|").split("`")
    parts[::2] = [re.sub(r"__PILLAR_\S+__", r"`\g<0>`", part).replace("<", "&lt;") for part in parts[::2]]
    return "`".join(parts)


def _code(text):
    return f"`{text}`" if text else ""


def all_directives(root):
    """Every directive that docs/compatibility.md has; a unit test holds that table against the program's."""
    table = (root / COMPATIBILITY).read_text(encoding="utf-8").split("## Directives")[1].split("\n## ")[0]
    return re.findall(r"^\| `([a-z0-9_]+)` \|", table, re.MULTILINE)


def fill_in(text, sections):
    """The page with every section between its markers; a marker too many or too few is an error."""
    for name, content in sections.items():
        begin, end = f"<!-- generated: {name} -->", f"<!-- end of {name} -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ValueError(f"expected once each: {begin} … {end}")
        head, _, rest = text.partition(begin)
        text = f"{head}{begin}\n\n{content}\n\n{end}{rest.partition(end)[2]}"
    return text
