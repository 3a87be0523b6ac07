"""No answer of a GET holds a list without an end: each comes in pages, or says what bounds it."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from deploy.contracts.files import PUBLISHED, read
from shared.http.list_bounds import BOUNDS, Bound
from shared.policy.policy import Input

SERVICES = ("offers", "guidance", "control", "notices", "reporting")
FEEDS = {"/v1/notices/feed"}
"""Read by a position that the reader keeps, not by a cursor that ends: what comes later is read behind it."""


def lists(
    schema: Mapping[str, Any], document: Mapping[str, Any], path: str = "", owner: Mapping[str, Any] | None = None
) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Every list in an answer: where it is, its own schema, and that of the object that has it."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if f"/{name}/" not in path:
            yield from lists(document["components"]["schemas"][name], document, f"{path}/{name}/", owner)
        return
    for options in ("anyOf", "allOf", "oneOf"):
        for option in schema.get(options, ()):
            yield from lists(
                {**option, **{k: v for k, v in schema.items() if k == "x-bounded-by"}}, document, path, owner
            )
    if schema.get("type") == "array":
        yield path, schema, owner or {}
        yield from lists(schema.get("items", {}), document, path, None)
    for name, part in schema.get("properties", {}).items():
        yield from lists(part, document, f"{path}.{name}", schema)
    if isinstance(schema.get("additionalProperties"), Mapping):
        yield from lists(schema["additionalProperties"], document, path, None)


def answers(service: str) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]]:
    """Every answer in JSON to a GET: its path, the operation, the answer, and the document."""
    document = read(PUBLISHED)[f"openapi-{service}.json"]
    for path, operations in document["paths"].items():
        if "get" in operations:
            for status, answer in operations["get"]["responses"].items():
                if status.startswith("2") and "application/json" in answer.get("content", {}):
                    yield path, operations["get"], answer, document


def in_pages(name: str, operation: Mapping[str, Any], answer: Mapping[str, Any], owner: Mapping[str, Any]) -> bool:
    """Whether the list has a cursor and a limit, and says where the next page begins."""
    asked = {parameter["name"]: parameter["schema"] for parameter in operation.get("parameters", ())}
    told = owner.get("properties", {})
    if not owner:
        return {"cursor", "limit"} <= asked.keys() and "Next-Cursor" in answer.get("headers", {})
    if "next_cursors" in told:
        document = read(PUBLISHED)["openapi-reporting.json"]["components"]["schemas"]
        return name in document[told["next_cursors"]["$ref"].rpartition("/")[2]]["properties"]
    if "next_after" in told:
        return {"after", "limit"} <= asked.keys() and "maximum" in asked["limit"]
    return "next_cursor" in told and {"cursor", "limit"} <= asked.keys() and "maximum" in asked["limit"]


@pytest.mark.parametrize("service", SERVICES)
def test_every_list_that_is_read_comes_in_pages_or_says_what_bounds_it(service: str) -> None:
    endless, found = [], 0
    for path, operation, answer, document in answers(service):
        for where, schema, owner in lists(answer["content"]["application/json"]["schema"], document):
            found += 1
            name = where.rpartition(".")[2]
            if not schema.get("x-bounded-by") and not in_pages(name, operation, answer, owner):
                endless.append(f"{path} {where}")
    assert found > 5, "the walk finds the lists"
    assert endless == [], "give it a cursor, or say what bounds it in shared/http/list_bounds.csv"


@pytest.mark.parametrize("service", SERVICES)
def test_every_bound_is_one_that_is_kept(service: str) -> None:
    for path, _, answer, document in answers(service):
        for where, schema, _ in lists(answer["content"]["application/json"]["schema"], document):
            for bound in schema.get("x-bounded-by", "").split(", ") if schema.get("x-bounded-by") else ():
                section, _, name = bound.partition(".")
                kept = name in Input.model_fields if section == "input" else bound in {one.value for one in Bound}
                assert kept, (path, where, bound)


def test_no_bound_is_told_of_a_list_that_is_not_there() -> None:
    schemas = [read(PUBLISHED)[f"openapi-{service}.json"]["components"]["schemas"] for service in SERVICES]
    told = {(name, own) for each in schemas for name, schema in each.items() for own in schema.get("properties", {})}
    assert BOUNDS.keys() - told == set()


@pytest.mark.parametrize("service", SERVICES)
def test_pages_are_asked_for_by_the_same_two_names_and_are_never_larger_than_a_maximum(service: str) -> None:
    for path, operation, _, _ in answers(service):
        asked = {parameter["name"]: parameter["schema"] for parameter in operation.get("parameters", ())}
        assert (("after" if path in FEEDS else "cursor") in asked) == ("limit" in asked), path
        if "limit" in asked:
            assert asked["limit"]["maximum"] <= 1000, path
            assert asked["limit"]["default"] <= asked["limit"]["maximum"], path
