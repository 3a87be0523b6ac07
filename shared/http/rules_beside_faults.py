"""What the rules have against a command whose body has faults of form, so that everything is told at once.

Where a field does not read, the rules are asked in dry runs with one acceptable value after the other in its place:
what they refuse whatever stands there is refused because of the rest of the command. What depends on the faulty field
differs between the runs and is left out, as nobody knows yet what was meant.
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
_ASKED = "aftale.asks_the_rules"
_LEFT_OUT = object()
_VALUES: Sequence[Any] = (
    *(True, False, 3, 7, 1, "056", "011", "1003388394", "1003388395", "13748136", "88146328"),
    *("00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"),
    *("somebody@example.org", "somebody-else@example.org", "33123456", "33123457", "one-text", "another-text", [], {}),
)
"""What most fields take one or the other of."""


@dataclass(frozen=True)
class _Place:
    """A place in a body that does not read, and what could stand there."""

    path: tuple[str | int, ...]
    values: Sequence[Any]


async def refused_whatever_is_meant(request: Request, error: RequestValidationError) -> Sequence[Mapping[str, Any]]:
    """The refusals, as an answer tells them; none where a command cannot be judged without what does not read."""
    route, body = request.scope.get("route"), error.body
    if not isinstance(route, APIRoute) or request.scope.get(_ASKED) or not isinstance(body, dict):
        return ()
    if not hasattr(request.app.state, "runtime"):  # a service that decides nothing, or none that was started
        return ()
    if request.method != "POST" or request.url.path.startswith("/v1/operations/"):
        return ()
    places = _places(route, error)
    if places is None:
        return ()
    runs = [
        await _refusals(request, route, _with_values(body, places, number))
        for number in range(min(MOST_RUNS, max(len(place.values) for place in places)))
    ]
    return [refusal for refusal in runs[0] if all(refusal in others for others in runs[1:])]


def _places(route: APIRoute, error: RequestValidationError) -> list[_Place] | None:
    """None where one of them cannot be filled in two ways, or lies outside the body."""
    model = _body_of(route)
    if model is None:
        return None
    found: dict[tuple[str | int, ...], _Place] = {}
    for fault in error.errors():
        where, *path = fault["loc"]
        values = None
        if where == "body" and path:
            values = [_LEFT_OUT] if fault["type"] == "extra_forbidden" else _values_at(model, path)
        if values is None:
            return None
        found[tuple(path)] = _Place(tuple(path), values)
    return list(found.values())


def _body_of(route: APIRoute) -> type[BaseModel] | None:
    parameters = route.dependant.body_params
    model = parameters[0].field_info.annotation if len(parameters) == 1 else None
    return model if isinstance(model, type) and issubclass(model, BaseModel) else None


def _values_at(model: type[BaseModel], path: Sequence[str | int]) -> list[Any] | None:
    """At least two values that the place takes, the absence of an optional one among them."""
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
    """Without annotations, and without None as an alternative."""
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
    """Days and instants that the policy in force lets anybody name."""
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


def _with_values(body: Mapping[str, Any], places: Sequence[_Place], number: int) -> Any:
    """The body of one run. What is left out is taken out last, so that the numbers of others stay."""
    filled: Any = deepcopy(dict(body))
    for place in places:
        *parents, last = place.path
        holder = filled
        for part in parents:
            holder = holder[part]
        value = place.values[number % len(place.values)]
        if value is not _LEFT_OUT:
            holder[last] = value
        elif isinstance(holder, dict):
            holder.pop(last, None)
    return filled


async def _refusals(request: Request, route: APIRoute, body: Any) -> Sequence[Mapping[str, Any]]:
    """Of one dry run, through the same route as every command: who may not know of a case learns nothing."""
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
    scope = {**request.scope, "query_string": b"dry_run=true", "headers": headers, _ASKED: True}
    await route.app(scope, receive, send)
    if status != 409:
        return ()
    faults: Sequence[Mapping[str, Any]] = json.loads(b"".join(pieces)).get("faults", ())
    return faults
