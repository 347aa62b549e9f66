# Puts .cpp files together that can be one translation unit: their headers are then parsed and matched once.
import re

SIZE = 14  # files at most: more would need too much memory, and leave a processor idle at the end
ANONYMOUS = re.compile(r"^namespace \{$.*?^\}  // namespace$", re.MULTILINE | re.DOTALL)
# What a file declares at the left margin: constants, functions, types. In one translation unit a name of an
# anonymous namespace must not meet the same name of another file; class members ("Class::name") do not count.
DECLARED = re.compile(r"^(?!namespace|using|#|//|\})(?=[A-Za-z_\[])[^\n(=;{]*?"
                      r"(?<!:)\b(\w+)(?:\[\w*\])*\s*(?:\(|=|\{|;)", re.MULTILINE)
USING = re.compile(r"^using (?:[\w:]*::)?(\w+)(?: =[^;]*)?;", re.MULTILINE)
NAMESPACE_ALIAS = re.compile(r"^namespace (\w+) = ([\w:]+);", re.MULTILINE)


class Names:
    """Names that a file declares, as far as its text shows them."""

    def __init__(self, text):
        def declared(part):
            return set(DECLARED.findall(part)) | set(USING.findall(part))
        self.own = set().union(*(declared(part) for part in ANONYMOUS.findall(text)), USING.findall(text))
        self.all = declared(text)
        self.aliases = set(NAMESPACE_ALIAS.findall(text))  # (short, whole): harmless twice, unless they differ

    def meets(self, other):
        shorts = dict(other.aliases)
        return bool(self.own & other.all or other.own & self.all
                    or any(shorts.get(short, whole) != whole for short, whole in self.aliases)
                    or self.all & set(shorts) or other.all & set(dict(self.aliases)))


def batches(files, flags):
    """Lists of files of one folder below src with the same `flags(path)`, the compiler's; the largest first."""
    result = []  # [kind, files, their names]
    for path in sorted(files):
        kind = (path.parts[:path.parts.index("src") + 2], flags(path))
        names = Names(path.read_text(encoding="utf-8"))
        for at_kind, members, theirs in result:
            if at_kind == kind and len(members) < SIZE and not any(names.meets(one) for one in theirs):
                break
        else:
            at_kind, members, theirs = entry = (kind, [], [])
            result.append(entry)
        members.append(path)
        theirs.append(names)
    return sorted((members for _, members, _ in result), key=lambda members: -len(members))
