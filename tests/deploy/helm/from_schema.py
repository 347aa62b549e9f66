#!/usr/bin/python3
"""Writes what is made from openapi/config-values.yaml: values.schema.json and the tables of docs/CONFIGURATION*.md.

  /usr/bin/python3 tests/deploy/helm/from_schema.py            writes them
A test compares, so that a schema which has changed without them fails."""

import json
import pathlib

import yaml

MODULE = pathlib.Path(__file__).resolve().parents[3] / "deploy/module"
SCHEMA = MODULE / "openapi/config-values.yaml"
SCHEMA_RU = MODULE / "openapi/doc-ru-config-values.yaml"
BEGIN, END = "<!-- settings: begin, written from the schema -->", "<!-- settings: end -->"

# Descriptions of the parts that Kubernetes itself describes are not ours to repeat.
KUBERNETES = {"tolerations", "affinity", "nodeSelector", "resources"}

LANGUAGES = {
    "CONFIGURATION.md": ("Setting", "Type", "Default", "Meaning", SCHEMA),
    "CONFIGURATION_RU.md": ("Параметр", "Тип", "По умолчанию", "Значение", SCHEMA_RU),
}


def load(path):
    return yaml.safe_load(path.read_text())


def described(schema, path=""):
    """Path and schema of each setting that needs a description."""
    for name, one in schema.get("properties", {}).items():
        here = f"{path}.{name}".lstrip(".")
        yield here, one
        if name not in KUBERNETES or name == "resources":
            yield from described(one, here)
            if isinstance(one.get("items"), dict):
                yield from described(one["items"], f"{here}[]")


def plain(schema):
    """The schema without what only Deckhouse understands."""
    if isinstance(schema, dict):
        return {key: plain(value) for key, value in schema.items() if not key.startswith("x-")}
    if isinstance(schema, list):
        return [plain(item) for item in schema]
    return schema.strip() if isinstance(schema, str) else schema


def helm_schema():
    """Helm looks at all values: `global` and the switch are Deckhouse's, so are `internal` and `registry`."""
    settings = plain(load(SCHEMA))
    settings["properties"] |= {"internal": {"type": "object"}, "registry": {"type": "object"}}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "node-local-dns",
        "type": "object",
        "properties": {
            "global": {"type": "object"},
            "nodeLocalDnsEnabled": {"type": "boolean"},
            "nodeLocalDns": settings,
        },
    }


def helm_schema_text():
    return json.dumps(helm_schema(), indent=2, ensure_ascii=False) + "\n"


def type_of(schema):
    if "oneOf" in schema:
        return " \\| ".join(option["type"] for option in schema["oneOf"])
    if schema["type"] == "array":
        return f"[]{schema['items']['type']}"
    return schema["type"]


def default_of(schema):
    if "default" not in schema:
        return ""
    if schema["default"] == {} and schema.get("properties"):
        return ""  # those of its own settings
    return f"`{json.dumps(schema['default'], ensure_ascii=False)}`" if schema["default"] != "" else '`""`'


def rows(schema, words, prefix=""):
    for name, one in schema["properties"].items():
        described = words["properties"][name]
        text = " ".join(described["description"].split("\n\n")[0].split())
        text = text.replace("|", "\\|").replace(" - `", "<br>`")
        yield f"| `{prefix}{name}` | {type_of(one)} | {default_of(one)} | {text} |"
        if name in KUBERNETES:
            continue
        if one.get("properties"):
            yield from rows(one, described, f"{prefix}{name}.")
        elif one.get("type") == "array" and one["items"].get("properties"):
            yield from rows(one["items"], described["items"], f"{prefix}{name}[].")


def table(document):
    *titles, words = LANGUAGES[document]
    head = [f"| {' | '.join(titles)} |", "|---|---|---|---|"]
    return "\n".join([BEGIN, "", *head, *rows(load(SCHEMA), load(words)), "", END])


def with_table(document):
    text = (MODULE / "docs" / document).read_text()
    before, found, rest = text.partition(BEGIN)
    assert found and END in rest, f"{document} lacks its marks: {BEGIN} … {END}"
    return before + table(document) + rest.partition(END)[2]


def generated():
    """What should be in which file."""
    return {MODULE / "values.schema.json": helm_schema_text()} | {
        MODULE / "docs" / document: with_table(document) for document in LANGUAGES}


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text)
