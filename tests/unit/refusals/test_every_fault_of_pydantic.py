"""Whatever pydantic can find wrong with a request has a Danish sentence, in which no English words are left."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, get_args

import pytest
from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import core_schema

from services.serve import service_module
from shared.messaging.bus import Kafka
from shared.refusals.sentences import fault_in_danish, faults
from shared.service import Settings

BOUNDS = {"greater_than", "greater_than_equal", "less_than", "less_than_equal", "multiple_of", "finite_number"}
FINDS: Mapping[str, set[str]] = {
    "bool": {"bool_type", "bool_parsing"},
    "date": {
        "date_type",
        "date_parsing",
        "date_from_datetime_parsing",
        "date_from_datetime_inexact",
        *(BOUNDS - {"multiple_of", "finite_number"}),
    },
    "datetime": {
        "datetime_type",
        "datetime_parsing",
        "datetime_object_invalid",
        "datetime_from_date_parsing",
        "timezone_aware",
        "timezone_naive",
        *(BOUNDS - {"multiple_of", "finite_number"}),
    },
    "enum": {"enum"},
    "int": {"int_type", "int_parsing", "int_parsing_size", "int_from_float", *BOUNDS},
    "literal": {"literal_error"},
    "model": {"model_type", "model_attributes_type"},
    "model-fields": {"missing", "extra_forbidden", "invalid_key", "model_attributes_type"},
    "str": {
        "string_type",
        "string_unicode",
        "string_too_short",
        "string_too_long",
        "string_pattern_mismatch",
        "string_not_ascii",
    },
    "time": {"time_type", "time_parsing", *(BOUNDS - {"multiple_of", "finite_number"})},
    "tuple": {"tuple_type", "too_short", "too_long", "missing"},
    "uuid": {"uuid_type", "uuid_parsing", "uuid_version"},
    "function-before": {"value_error", "assertion_error"},
    "function-after": {"value_error", "assertion_error"},
    "function-wrap": {"value_error", "assertion_error"},
    "definitions": {"recursion_loop"},
}
"""What pydantic can find wrong, by the kind of schema; the JSON of a whole body can be invalid, too."""
ONLY_STRUCTURE = {"default", "definition-ref", "json-or-python", "model-field", "no-info", "nullable"}
"""Kinds of schemas that find nothing by themselves."""
HOSTILE: tuple[Any, ...] = (
    *(None, True, -1, 10**30, 1.5, float("inf"), "", " ", "x", "a" * 30_000, "\ud800", "2026-13-45"),
    *("2026-03-05T12:00:00", [], ["x"], ["x"] * 1_100, {}, {"x": 1}),
)
ENGLISH = re.compile(r"\b(or|and|the|is|should|must|input|error|expecting|invalid|valid|value|unable)\b", re.IGNORECASE)
NO_WORDS = re.compile(r"'[^']*'|\b(?:kendte er|kendes her:|kræves:) .*")
"""Codes, names and patterns, which are the same in every language."""


@cache
def parts_of_requests() -> tuple[ModelField, ...]:
    """Every parameter and body that a route of any service reads."""
    with TemporaryDirectory() as state:
        nowhere = Settings(postgres="", kafka=Kafka(""), state=Path(state), virtual_clock=False)
        apps = [service_module(name).app(nowhere) for name in ("offers", "guidance", "control", "notices", "reporting")]
        routes = [known for app in apps for known in iter_route_contexts(app.routes)]
        read = (getattr(known, "dependant", None) for known in routes)
        return tuple(field for dependant in read if dependant is not None for field in _fields(dependant))


def _fields(dependant: Dependant) -> Iterator[ModelField]:
    yield from (*dependant.path_params, *dependant.query_params, *dependant.header_params, *dependant.body_params)
    for further in dependant.dependencies:
        yield from _fields(further)


def kinds_in(schema: Any) -> Iterator[str]:
    """The kinds of a schema and of all inside it."""
    match schema:
        case dict():
            if isinstance(kind := schema.get("type"), str):
                yield kind
            for name, part in schema.items():
                if name not in ("metadata", "serialization", "expected", "members"):
                    yield from kinds_in(part)
        case list() | tuple():
            for part in schema:
                yield from kinds_in(part)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models of a type and of all fields inside it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from models_in(field.annotation)
    for part in get_args(annotation):
        yield from models_in(part)


def found_wrong() -> Iterator[Mapping[str, Any]]:
    """What is found wrong where hostile values stand for every part of a request."""
    models = {model for part in parts_of_requests() for model in models_in(part.field_info.annotation)}
    for part in {repr(part.field_info): part for part in parts_of_requests()}.values():
        for hostile in HOSTILE:
            yield from part.validate(hostile, {}, loc=())[1] or ()
    for model in models:
        for body in (*HOSTILE, *({name: hostile} for name in model.model_fields for hostile in HOSTILE)):
            try:
                model.model_validate(body)
            except ValidationError as error:
                yield from error.errors()


def test_every_error_that_a_schema_of_ours_can_find_has_a_danish_sentence() -> None:
    types: list[Any] = [Annotated[part.field_info.annotation, part.field_info] for part in parts_of_requests()]
    kinds = {kind for one in types for kind in kinds_in(TypeAdapter(one).core_schema)}
    assert kinds - FINDS.keys() - ONLY_STRUCTURE == set(), "say what this kind of schema can find wrong"
    found = set().union(*(FINDS.get(kind, set()) for kind in kinds), {"json_invalid"})
    assert found <= set(get_args(core_schema.ErrorType)), "each is an error type of this pydantic"
    assert found - faults().keys() == set()


def test_in_danish_no_english_words_are_left_in_what_pydantic_finds() -> None:
    told = {(one["type"], fault_in_danish(one["type"], one.get("ctx") or {})) for one in found_wrong()}
    assert {"enum", "literal_error", "missing", "string_too_long"} <= {kind for kind, _ in told}
    assert [(kind, text) for kind, text in sorted(told) if ENGLISH.search(NO_WORDS.sub("", text))] == []


@pytest.mark.parametrize("kind", ["json_invalid", "value_error", "assertion_error"])
def test_what_a_library_says_in_english_is_not_passed_on(kind: str) -> None:
    assert not ENGLISH.search(fault_in_danish(kind, {"error": "Expecting value"}))
    assert fault_in_danish("value_error", {"error": "name units, or release all"}) == "nævn enheder, eller frigiv alle"
