"""Completes OpenAPI schemas: a property without a description or example of its own gets one by model and name."""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("properties.csv")
_BY_NAME = {
    "cvr": "13748136",
    "p_number": "1003388394",
    "topic": "056",
    "email": "kim@example.com",
    "phone": "+45 33112211",
    "media_type": "image/jpeg",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "rule": "R6",
    "policy": "2024-01-01",
    "source": "offers",
    "where": "body.topic",
}
_BY_FORMAT = {
    "uuid": "0190f5fe-7c00-7a00-8000-000000000001",
    "date": "2026-03-05",
    "date-time": "2026-03-05T11:00:00Z",
    "binary": "",
}
_BY_TYPE: Mapping[str, Any] = {"boolean": True, "number": 0.5, "array": [], "object": {}, "null": None}


EVERY_MODEL = "*"
"""Stands for the models in a row whose property means the same in all of them."""


@cache
def descriptions() -> Mapping[tuple[str, str], str]:
    """Returns the descriptions of `properties.csv` by model and property: one name may mean two things."""
    with _FILE.open(encoding="utf-8", newline="") as lines:
        return {
            (model, row["property"]): row["description"]
            for row in csv.DictReader(lines, delimiter=";")
            for model in row["models"].split()
        }


def describe(schemas: Mapping[str, Any]) -> None:
    """Completes the schemas of a document in place. A test finds properties without a description."""
    known = descriptions()
    for model, schema in schemas.items():
        if "enum" in schema:
            schema.setdefault("examples", [schema["enum"][0]])
        for name, described in schema.get("properties", {}).items():
            meaning = known.get((model, name)) or known.get((EVERY_MODEL, name))
            if "description" not in described and meaning is not None:
                described["description"] = meaning
            if "examples" not in described and "example" not in described:
                described["examples"] = [_example(name, described, schemas)]


def _example(name: str, schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if "$ref" in schema:
        referred = schemas[schema["$ref"].rpartition("/")[2]]
        return _example(name, referred, schemas) if "enum" in referred else {}
    for options in ("anyOf", "allOf", "oneOf"):
        if options in schema:
            return _example(name, schema[options][0], schemas)
    kind = schema.get("type", "string")
    if kind == "integer":
        return max(1, schema.get("minimum", 1))
    if kind == "string":
        return _BY_NAME.get(name) or _BY_FORMAT.get(schema.get("format", ""), name.replace("_", "-"))
    return _BY_TYPE[kind]
