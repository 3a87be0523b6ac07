"""Asks the rules about a command whose body is invalid, so that one answer holds all errors and refusals.

The rules are asked in dry runs, with one acceptable value after the other in place of the invalid field. A refusal that
occurs in every run has another cause than that field, and is reported. A refusal that differs between the runs is left
out, because nobody knows yet which value was meant.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.types import Message

from shared.http.field_types import within

MOST_RUNS = 4
_DRY_RUN = "aftale.asks_the_rules"
_LEFT_OUT = object()
_VALUES: Sequence[Any] = (
    *(True, False, 3, 7, 1, "056", "011", "1003388394", "1003388395", "13748136", "88146328"),
    *("00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"),
    *("somebody@example.org", "somebody-else@example.org", "33123456", "33123457", "one-text", "another-text", [], {}),
)
"""Values to try; most fields accept several of them."""


@dataclass(frozen=True)
class _BodyPath:
    """The path of an invalid field in a body, and the values to try there."""

    path: tuple[str | int, ...]
    values: Sequence[Any]


async def rule_refusals_despite_invalid_fields(
    request: Request, error: RequestValidationError
) -> Sequence[Mapping[str, Any]]:
    """Returns the refusals as an answer holds them; none if the command cannot be decided without the invalid field."""
    route, body = request.scope.get("route"), error.body
    if not isinstance(route, APIRoute) or request.scope.get(_DRY_RUN) or not isinstance(body, dict):
        return ()
    if not hasattr(request.app.state, "runtime"):  # a service that decides nothing, or none that was started
        return ()
    if request.method != "POST" or request.url.path.startswith("/v1/operations/"):
        return ()
    fields = _invalid_fields(route, error)
    if fields is None:
        return ()
    runs = [
        await _refusals(request, route, _with_values(body, fields, number))
        for number in range(min(MOST_RUNS, max(len(field.values) for field in fields)))
    ]
    return [refusal for refusal in runs[0] if all(refusal in others for others in runs[1:])]


def _invalid_fields(route: APIRoute, error: RequestValidationError) -> list[_BodyPath] | None:
    """Returns the invalid fields; None if one of them lies outside the body or has fewer than two values to try."""
    model = _body_of(route)
    if model is None:
        return None
    found: dict[tuple[str | int, ...], _BodyPath] = {}
    for fault in error.errors():
        where, *path = fault["loc"]
        values = None
        if where == "body" and path:
            values = [_LEFT_OUT] if fault["type"] == "extra_forbidden" else _values_at(model, path)
        if values is None:
            return None
        found[tuple(path)] = _BodyPath(tuple(path), values)
    return list(found.values())


def _body_of(route: APIRoute) -> type[BaseModel] | None:
    parameters = route.dependant.body_params
    model = parameters[0].field_info.annotation if len(parameters) == 1 else None
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def _values_at(model: type[BaseModel], path: Sequence[str | int]) -> list[Any] | None:
    """Returns two to four values that a field accepts, or its absence if it is optional; None if there are fewer."""
    kind: Any = model
    metadata: Sequence[Any] = ()
    optional = False
    for part in path:
        kind = _plain(kind)
        if isinstance(part, int):
            kind, metadata, optional = (get_args(kind) or (Any,))[0], (), False
        elif isinstance(kind, type) and issubclass(kind, BaseModel) and part in kind.model_fields:
            field = kind.model_fields[part]
            kind, metadata, optional = field.annotation, field.metadata, not field.is_required()
        else:
            return None
    whole: Any = Annotated[(kind, *metadata)] if metadata else kind
    taken = [_LEFT_OUT] if optional else []
    reader = TypeAdapter(whole)
    for value in (*_members(kind), *_days(), *_VALUES):
        if len(taken) < MOST_RUNS and _reads(reader, value):
            taken.append(value)
    return taken if len(taken) > 1 else None


def _plain(kind: Any) -> Any:
    """Returns a type without its annotations; for a union, the first type that is not None."""
    if get_origin(kind) is Annotated:
        return _plain(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        first = next((one for one in get_args(kind) if one is not NoneType), Any)
        return _plain(first)
    return kind


def _members(kind: Any) -> Iterator[Any]:
    plain = _plain(kind)
    if isinstance(plain, type) and issubclass(plain, Enum):
        yield from (member.value for member in plain)


def _days() -> Iterator[str]:
    """Yields days and instants that the policy in force allows."""
    span = within.get()
    first, last = span() if span is not None else (date(2026, 3, 5), date(2026, 3, 6))
    for day in (first, last):
        yield day.isoformat()
        yield f"{day.isoformat()}T12:00:00+01:00"


def _reads(reader: TypeAdapter[Any], value: Any) -> bool:
    try:
        reader.validate_json(json.dumps(value), strict=True)
    except ValidationError:
        return False
    return True


def _with_values(body: Mapping[str, Any], fields: Sequence[_BodyPath], number: int) -> Any:
    """Returns the body of one dry run, with a value to try in each invalid field, or without the field."""
    filled: Any = deepcopy(dict(body))
    for field in fields:
        *parents, last = field.path
        holder = filled
        for part in parents:
            holder = holder[part]
        value = field.values[number % len(field.values)]
        if value is not _LEFT_OUT:
            holder[last] = value
        elif isinstance(holder, dict):
            holder.pop(last, None)
    return filled


async def _refusals(request: Request, route: APIRoute, body: Any) -> Sequence[Mapping[str, Any]]:
    """Returns the refusals of one dry run, which runs through the normal route, so that access is checked as usual."""
    content = json.dumps(body, ensure_ascii=False).encode()
    sent = [{"type": "http.request", "body": content, "more_body": False}]
    status, pieces = 0, list[bytes]()

    async def receive() -> Message:
        return sent.pop() if sent else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)
        pieces.append(message.get("body", b""))

    headers = [(name, value) for name, value in request.scope["headers"] if name != b"content-length"]
    scope = {**request.scope, "query_string": b"dry_run=true", "headers": headers, _DRY_RUN: True}
    await route.app(scope, receive, send)
    if status != 409:
        return ()
    faults: Sequence[Mapping[str, Any]] = json.loads(b"".join(pieces)).get("faults", ())
    return faults
