"""What addon-operator does with a module before Helm: values in their layers, and the question to the script `enabled`.

Two generations, for the module is to work with both. With schemas (Deckhouse; flant/addon-operator,
pkg/module_manager/models/modules/values_storage.go and pkg/values/validation): values.yaml, the defaults of
config-values.yaml, the user's settings, the defaults of values.yaml; the switch is …Enabled. Antiopa, before:
values.yaml and the user's settings; the switch is that there are settings."""

import copy
import functools
import json
import os
import pathlib
import subprocess

import yaml
from jsonschema import Draft4Validator

from .chart import MODULE, Refused

KEY, SWITCH = "nodeLocalDns", "nodeLocalDnsEnabled"


@functools.cache
def read(name):
    return yaml.load((MODULE / name).read_text(), yaml.CSafeLoader)


def load(name):
    return copy.deepcopy(read(name))


def merge(below, above):
    """Maps are merged, all else is replaced (utils/mergemap.go)."""
    result = copy.deepcopy(below)
    for key, value in above.items():
        if isinstance(result.get(key), dict) and isinstance(value, dict):
            result[key] = merge(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def apply_defaults(values, schema):
    """In place, properties first and then deeper, so that a default of {} gets its own defaults (defaulting.go)."""
    if isinstance(values, dict):
        for name, one in schema.get("properties", {}).items():
            if "default" in one and name not in values:
                values[name] = copy.deepcopy(one["default"])
        for name, value in values.items():
            if name in schema.get("properties", {}):
                apply_defaults(value, schema["properties"][name])
    elif isinstance(values, list) and "items" in schema:
        for value in values:
            apply_defaults(value, schema["items"])
    return values


def schemas():
    """config-values.yaml, and values.yaml with what x-extend brings in; both closed at the top unless they say else."""
    config, values = load("openapi/config-values.yaml"), load("openapi/values.yaml")
    assert values["x-extend"] == {"schema": "config-values.yaml"}
    values["properties"] = config["properties"] | values["properties"]
    for one in (config, values):
        one.setdefault("additionalProperties", False)
    return config, values


def validate(values, schema):
    errors = sorted(Draft4Validator(schema).iter_errors(values), key=lambda error: len(error.absolute_path))
    if errors:
        raise Refused(f"{KEY}.{'.'.join(map(str, errors[-1].absolute_path))}: {errors[-1].message}")


def cluster(**more):
    """The global values of a Deckhouse cluster, as far as templates ask for them."""
    return {"enabledModules": ["kube-dns"], "clusterIsBootstrapped": True, "deckhouseVersion": "v1.70.0",
            "discovery": {"clusterDomain": "cluster.example", "clusterDNSAddress": "10.222.0.10"},
            "modulesImages": {"registry": {"base": "registry.example.com/deckhouse"}, "digests": {}}} | more


def parse(config_map):
    """The operator's ConfigMap: keys whose values are YAML text. Returns settings (None: no section) and the switch."""
    assert all(isinstance(text, str) for text in config_map.values()), "data of a ConfigMap is text"
    settings = yaml.safe_load(config_map[KEY]) if KEY in config_map else None
    switch = {"true": True, "false": False}[config_map[SWITCH]] if SWITCH in config_map else None
    return settings, switch


class WithSchemas:
    """Deckhouse, and addon-operator since it knows openapi/."""

    def __init__(self, settings=None, switch=None, global_values=None):
        config_schema, self.schema = schemas()
        self.settings = settings
        self.switch = switch
        self.global_values = global_values if global_values is not None else cluster()
        validate(apply_defaults(copy.deepcopy(settings or {}), config_schema), config_schema)
        values = apply_defaults(load("values.yaml")[KEY], config_schema)
        self.values = apply_defaults(merge(values, settings or {}), self.schema)

    @classmethod
    def from_config_map(cls, config_map, **more):
        return cls(*parse(config_map), **more)

    @classmethod
    def from_module_config(cls, resource, **more):
        """`spec.version` has to be the schema's; older ones would be converted."""
        spec = resource["spec"]
        assert spec["version"] == load("openapi/config-values.yaml")["x-config-version"]
        return cls(spec.get("settings"), spec["enabled"], **more)

    def for_helm(self):
        validate(self.values, self.schema)
        return {"global": self.global_values, KEY: self.values}

    def enabled(self, directory):
        static = load("values.yaml")[SWITCH]
        if not (static if self.switch is None else self.switch):
            return False
        # Without settings the section is there and null.
        return ask_script(directory, {KEY: self.settings}, {"global": self.global_values, KEY: self.values})


class Antiopa:
    """The section is the switch: a map switches on, false switches off; none is the module's values.yaml again."""

    def __init__(self, settings=None, global_values=None):
        self.settings = settings
        self.global_values = global_values if global_values is not None else {
            "clusterIsBootstrapped": True, "discovery": {"clusterDomain": "cluster.example"},
            "modulesImages": {"registry": "registry.example.com", "tags": {}}}
        self.values = merge(load("values.yaml")[KEY], settings or {})

    @classmethod
    def from_config_map(cls, config_map, **more):
        return cls(parse(config_map)[0], **more)

    def for_helm(self):
        return {"global": self.global_values, KEY: self.values}

    def enabled(self, directory):
        static = isinstance(load("values.yaml").get(KEY, {}), dict)
        if not (static if self.settings is None else self.settings is not False):
            return False
        config = {KEY: self.settings} if self.settings is not None else {}
        return ask_script(directory, config, {"global": self.global_values, KEY: self.values})


def ask_script(directory, config_values, values):
    """Runs `enabled` with the files and variables that the operator gives it, and reads the result as it does."""
    directory = pathlib.Path(directory)
    paths = {"CONFIG_VALUES_PATH": config_values, "VALUES_PATH": values}
    environment = {"PATH": os.environ["PATH"]}
    for name, content in paths.items():
        environment[name] = str(directory / name)
        (directory / name).write_text(json.dumps({"global": {}} | content))
    for name in ("MODULE_ENABLED_RESULT", "MODULE_ENABLED_REASON"):
        environment[name] = str(directory / name)
        (directory / name).write_text("")
    subprocess.run([MODULE / "enabled"], env=environment, check=True, timeout=10, capture_output=True)
    result = (directory / "MODULE_ENABLED_RESULT").read_text().strip()
    assert result in ("true", "false"), f"the operator expects true or false, got {result!r}"
    reason = (directory / "MODULE_ENABLED_REASON").read_text()
    assert (result == "true") == (reason == ""), "a reason is for a module that is switched off"
    return result == "true"
