"""Whether an object is one of the Kubernetes API, or of a custom resource that we ship; unknown fields are problems.

Kubernetes' own kinds: the OpenAPI documents that client-go carries (tools.openapi). Custom resources: the files beside
this one (generate.py). Structure alone: what only a server knows is tested with one, in tests/cluster."""

import functools
import json
import pathlib

from jsonschema import Draft7Validator, validators

import tools

HERE = pathlib.Path(__file__).parent
GROUPS = ("api__v1", "apis__apps__v1", "apis__batch__v1")  # of the kinds that manifests here may use


def problems(thing):
    """What is wrong with an object, a line each."""
    kind = thing.get("apiVersion"), thing.get("kind")
    name = f"{kind[1]} {thing.get('metadata', {}).get('name')}"
    if kind not in types_of_kinds():
        return [f"{name}: no schema is known of {kind[1]} in {kind[0]}"]
    checker = validator()({"$ref": types_of_kinds()[kind]})
    return [f"{name}: {'.'.join(map(str, error.absolute_path)) or 'the object'}: {error.message[:300]}"
            for error in checker.iter_errors(thing)]


@functools.cache
def types():
    """Type name → schema; a `$ref` is such a name."""
    found = {}
    for group in GROUPS:
        document = json.loads((tools.openapi() / f"{group}_openapi.json").read_text(encoding="utf-8"))
        found |= {name: closed(schema) for name, schema in document["components"]["schemas"].items()}
    for path in HERE.glob("*.json"):
        found |= json.loads(path.read_text(encoding="utf-8"))["types"]
    return found


@functools.cache
def types_of_kinds():
    """(apiVersion, kind) → type name."""
    found = {}
    for name, schema in types().items():
        for one in schema.get("x-kubernetes-group-version-kind", []):
            found[f"{one['group']}/{one['version']}".lstrip("/"), one["kind"]] = name
        fields = schema.get("properties", {})
        if {"apiVersion", "kind", "metadata"} <= set(fields) and "enum" in fields["kind"]:
            found[fields["apiVersion"]["enum"][0], fields["kind"]["enum"][0]] = name
    return found


@functools.cache
def validator():
    return validators.extend(Draft7Validator, {
        "$ref": lambda checker, name, instance, _: checker.descend(instance, types()[name])})


def closed(schema):
    """Kubernetes' documents leave every object open: the server drops what it does not know. And their references
    are paths."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: value.rpartition("/")[2] if key == "$ref" and isinstance(value, str) else closed(value)
           for key, value in schema.items()}
    if isinstance(out.get("properties"), dict) and out.get("type") == "object":
        out.setdefault("additionalProperties", False)
    return out
