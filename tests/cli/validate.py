#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""validate.py SCHEMAS [FILE...]: holds each line of a program's --json output, in the files or on standard input, against
the JSON Schema it names, in the folder SCHEMAS (or the tests' own probe.json). Prints what does not hold, and exits 1 then."""

import json
import pathlib
import sys

import jsonschema


def renamed(schema, before: str, after: str):
    """The schema with references that begin with `before` beginning with `after` instead."""
    if isinstance(schema, dict):
        return {
            key: after + value.removeprefix(before) if key == "$ref" and value.startswith(before)
            else renamed(value, before, after)
            for key, value in schema.items()
        }
    if isinstance(schema, list):
        return [renamed(value, before, after) for value in schema]
    return schema


def load(folder: pathlib.Path) -> dict:
    """A validator for each schema. What they take from common.json is put into each: every version of jsonschema
    resolves references inside one document, and each in its own way those between several."""
    common = json.loads((folder / "common.json").read_text(encoding="utf-8"))
    shared = {"common-" + name: renamed(part, "#/$defs/", "#/$defs/common-") for name, part in common["$defs"].items()}
    validators = {}
    for path in [*sorted(folder.glob("*.json")), pathlib.Path(__file__).with_name("probe.json")]:
        schema = json.loads(path.read_text(encoding="utf-8"))
        if path.name == "common.json":
            continue
        schema = renamed(schema, "common.json#/$defs/", "#/$defs/common-")
        schema["$defs"] = schema.get("$defs", {}) | shared
        jsonschema.Draft202012Validator.check_schema(schema)
        validators[path.stem] = jsonschema.Draft202012Validator(schema)
    return validators


def check(validators: dict, name: str, lines) -> int:
    """How many things do not hold."""
    bad = count = 0
    for line in lines:
        count += 1
        document = json.loads(line)
        schema = document["schema"].removeprefix("carnet.").removesuffix("/1")
        if list(document)[0] != "schema" or schema not in validators:
            print(f"{name}, line {count}: there is no schema {document['schema']}")
            bad += 1
            continue
        for error in validators[schema].iter_errors(document):
            print(f"{name}, line {count}, {schema}, {'/'.join(map(str, error.path))}: {error.message[:300]}")
            bad += 1
    if count == 0:
        print(f"{name}: there is no output")
    return bad + (count == 0)


def main() -> int:
    validators = load(pathlib.Path(sys.argv[1]))
    if len(sys.argv) == 2:
        return 1 if check(validators, "standard input", sys.stdin) else 0
    bad = 0
    for path in map(pathlib.Path, sys.argv[2:]):
        with path.open(encoding="utf-8") as lines:
            bad += check(validators, path.name, lines)
    return 1 if bad else 0


sys.exit(main())
