"""Writes the schemas of custom resources beside this file, from the type declarations that npm packages carry.

  /usr/bin/python3 tests/deploy/schemas/generate.py     to be run by hand when a version below is changed; needs npm

The packages are generated from the projects' own CRDs, one TypeScript interface a type. Names, types, what is required
and what is allowed are read off; what this reader does not know ends it. The tests use only the files that it wrote,
and need neither npm nor its registry."""

import json
import pathlib
import re
import subprocess
import tarfile
import tempfile

HERE = pathlib.Path(__file__).parent
SOURCES = {
    "monitoring.coreos.com": ("@kubernetes-models/prometheus-operator@6.0.0",
                              ("v1/ServiceMonitor", "v1/PodMonitor", "v1/PrometheusRule")),
    "cilium.io": ("@kubernetes-models/cilium@4.0.0", ("v2/CiliumLocalRedirectPolicy",)),
}
# Where a type of Kubernetes itself is imported from, and how its OpenAPI documents call that.
KUBERNETES = (("@kubernetes-models/apimachinery/", "io.k8s.apimachinery.pkg."),
              ("kubernetes-models/", "io.k8s.api.core."))
PLAIN = {"string": {"type": "string"}, "number": {"type": "number"}, "boolean": {"type": "boolean"}, "unknown": {},
         "any": {}}
TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[A-Za-z_][\w.]*|[-{}()\[\]<>:;?|&,=])')


class Reader:
    """The declarations of one package as JSON Schemas; `definitions` fills with what `read` meets."""

    def __init__(self, root):
        self.root = root
        self.definitions = {}

    def read(self, path):
        """Reads ROOT/path.d.ts, and all that it refers to; returns a reference to its type by its key."""
        key = str(path).replace("/", ".")
        if key not in self.definitions:
            self.definitions[key] = {}  # types may refer to themselves
            text = re.sub(r"/\*.*?\*/", "", (self.root / f"{path}.d.ts").read_text(encoding="utf-8"), flags=re.DOTALL)
            self.definitions[key] = closed(Declaration(self, path, text).schema())
        return {"$ref": key}


class Declaration:
    """One file: its imports, then an interface or a type."""

    def __init__(self, reader, path, text):
        self.reader = reader
        self.path = path
        self.imports = {name: source for names, source in re.findall(r'import \{(.*?)\} from "(.*?)";', text)
                        for name in names.replace(" ", "").split(",")}
        name = path.name
        found = re.search(rf"export (?:interface|type) I{name}\b(?: extends ([\w, ]+))?(.*)", text, re.DOTALL)
        self.parents = [one.strip() for one in (found.group(1) or "").split(",") if one.strip()]
        self.tokens = tokens(found.group(2))
        self.at = 0

    def schema(self):
        if self.peek() == "=":
            self.take("=")
            return self.union()
        own = self.union()
        for parent in self.parents:
            if parent != "TypeMeta":
                inherited = self.reader.definitions[self.named(parent)["$ref"]]
                own = {**own, "properties": {**inherited["properties"], **own["properties"]},
                       "required": inherited["required"] + own["required"]}
        return own

    # The grammar.

    def union(self):
        choices = [self.intersection()]
        while self.peek() == "|":
            self.take("|")
            choices.append(self.intersection())
        if all("const" in one for one in choices):
            return {"enum": [one["const"] for one in choices]}
        return choices[0] if len(choices) == 1 else {"anyOf": choices}

    def intersection(self):
        parts = [self.primary()]
        while self.peek() == "&":
            self.take("&")
            parts.append(self.primary())
        return parts[0] if len(parts) == 1 else {"allOf": parts}

    def primary(self):
        token = self.take()
        if token.startswith('"'):
            return {"const": json.loads(token)}
        if token in PLAIN:
            return PLAIN[token]
        if token == "Array":
            self.take("<")
            items = closed(self.union())
            self.take(">")
            return {"type": "array", "items": items}
        if token == "(":
            inner = self.union()
            self.take(")")
            return inner
        if token == "{":
            return self.members()
        return self.named(token)

    def members(self):
        schema = {"type": "object", "properties": {}, "required": []}
        while self.peek() != "}":
            name = self.take()
            if name == "[":
                for expected in ("key", ":", "string", "]", ":"):
                    self.take(expected)
                schema = {"type": "object", "additionalProperties": closed(self.union())}
            else:
                name = json.loads(name)
                if self.peek() == "?":
                    self.take("?")
                else:
                    schema["required"].append(name)
                self.take(":")
                schema["properties"][name] = closed(self.union())
            self.take(";")
        self.take("}")
        return schema

    def named(self, name):
        source = self.imports[name]
        for prefix, kubernetes in KUBERNETES:
            if source.startswith(prefix):
                return {"$ref": kubernetes + source.removeprefix(prefix).replace("/", ".")}
        target = (self.reader.root / self.path).parent / source.removesuffix(".js")
        return self.reader.read(target.resolve().relative_to(self.reader.root))

    def peek(self):
        return self.tokens[self.at]

    def take(self, expected=None):
        token = self.tokens[self.at]
        if expected not in (None, token):
            raise SyntaxError(f"{self.path}: {token!r} where {expected!r} was expected")
        self.at += 1
        return token


def tokens(text):
    """Up to what is no part of a type."""
    found, at = [], 0
    while match := TOKEN.match(text, at):
        found.append(match.group(1))
        at = match.end()
    return found


def closed(schema):
    """Only fields that some part of the type has. A reference is closed where it leads."""
    names = set(fields(schema))
    if not names or "$ref" in schema:
        return schema
    return {**schema, "properties": {**{name: {} for name in names}, **schema.get("properties", {})},
            "additionalProperties": False}


def fields(schema):
    yield from schema.get("properties", {})
    for part in schema.get("allOf", []) + schema.get("anyOf", []):
        yield from fields(part)


def declarations(package, folder):
    subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True)
    with tarfile.open(next(folder.glob("*.tgz"))) as archive:
        archive.extractall(folder, [one for one in archive.getmembers() if one.name.endswith(".d.ts")])
    return (folder / "package").resolve()


def main():
    for group, (package, kinds) in SOURCES.items():
        with tempfile.TemporaryDirectory() as folder:
            reader = Reader(declarations(package, pathlib.Path(folder)))
            for kind in kinds:
                reader.read(pathlib.PurePath(group, kind))
        text = json.dumps({"made by": f"generate.py, from {package}", "types": reader.definitions}, indent=1,
                          sort_keys=True)
        (HERE / f"{group}.json").write_text(text + "\n", encoding="utf-8")
        print(f"{group}.json: {len(reader.definitions)} types")


if __name__ == "__main__":
    main()
