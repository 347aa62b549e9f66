"""The module as Helm sees it: values, schema, rendered objects. render.go is the engine, built into build/tools."""

import fcntl
import functools
import hashlib
import json
import os
import pathlib
import re
import subprocess
import tempfile

from jsonschema import Draft7Validator

import rendered
import tools

MODULE = pathlib.Path(__file__).resolve().parents[3] / "deploy/module"
SOURCE = pathlib.Path(__file__).with_name("render.go")
GO = "/usr/lib/go-1.19/bin/go"
PROMETHEUS_OPERATOR = "monitoring.coreos.com/v1"


class Refused(Exception):
    """Helm would install nothing. `path` is the setting that the schema refuses, None for an error of the chart's."""

    def __init__(self, message, path=None):
        super().__init__(message)
        self.path = path


@functools.cache
def renderer():
    """The program, built from render.go when that has changed: 25 s the first time, since Go compiles its library."""
    name = f"helm-render-{hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:12]}"
    program = tools.TOOLS / name
    if not program.exists():
        tools.TOOLS.mkdir(parents=True, exist_ok=True)
        with open(tools.TOOLS / "helm-render.lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not program.exists():
                # Debian's Go libraries lie in a GOPATH; without modules nothing is asked of the network.
                environment = os.environ | {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "",
                                            "GOCACHE": str(tools.TOOLS / "go-cache")}
                fresh = program.with_suffix(".building")
                subprocess.run([GO, "build", "-o", fresh, SOURCE], env=environment, check=True, timeout=110)
                fresh.rename(program)
    return program


def run(chart, *arguments, **more):
    output = call(chart, *arguments, **more)
    if isinstance(output, dict) and output["error"]:
        raise Refused(output["error"])
    return output


def call(chart, *arguments, values=None, sets=()):
    """`values` is a -f file as a dictionary, `sets` are --set arguments. What templates refuse is in the output."""
    command = [renderer(), *arguments]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        if values is not None:
            json.dump(values, file)  # which is YAML
            file.flush()
            command += ["-f", file.name]
        for one in sets:
            command += ["--set", one]
        done = subprocess.run([*map(str, command), str(chart)], capture_output=True, text=True, check=False, timeout=30)
    if done.returncode != 0:
        raise Refused(done.stderr.strip())
    return json.loads(done.stdout)


@functools.cache
def schema():
    return Draft7Validator(json.loads((MODULE / "values.schema.json").read_text()))


def check_schema(values):
    """As Helm does before it renders. The deepest of the errors is the one that says what to change."""
    errors = list(schema().iter_errors(values))
    if errors:
        worst = max(errors, key=lambda error: len(error.absolute_path))
        path = re.sub(r"\.(\d+)", r"[\1]", ".".join(map(str, worst.absolute_path)))
        raise Refused(f"values don't meet the specifications of the schema: {path}: {worst.message}", path)


class Chart(rendered.Rendered):
    """The objects of a release, as `helm install` would send them."""

    def __init__(self, output):
        super().__init__("")
        self.objects = [one["object"] for one in output["documents"]]
        self.values, self.notes = output["values"], output["notes"]


def setting(path, value):
    """{"a": {"b": value}} for "a.b"."""
    for name in reversed(path.split(".")):
        value = {name: value}
    return value


def template(settings=None, *arguments, sets=(), **other):
    """`settings` stand under nodeLocalDns, `other` are values beside it."""
    values = other | ({"nodeLocalDns": settings} if settings is not None else {})
    output = call(MODULE, *arguments, values=values, sets=sets)
    check_schema(output["values"])
    if output["error"]:
        raise Refused(output["error"])
    return Chart(output)
