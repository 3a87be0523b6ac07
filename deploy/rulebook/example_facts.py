"""Builds a valid fact of any type from its fields: with the fewest fields, or with all of them."""

from datetime import UTC, date, datetime, time
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from shared.deadlines.deadline import Deadline
from shared.deadlines.deadlines import response_deadline
from shared.eventstore.events import Event
from shared.policy.policies import load_policies

AT = datetime(2026, 3, 5, 11, tzinfo=UTC)
DEADLINE = response_deadline(AT, load_policies().at(AT))
_VALUES: dict[Any, Any] = {
    UUID: UUID(int=1),
    str: "1003388394",
    int: 1,
    bool: True,
    date: AT.date(),
    datetime: AT,
    time: AT.time(),
    Deadline: DEADLINE,
}


def least(fact: type[Event]) -> Event:
    """Returns a fact with only its required fields; every flag is off."""
    required = {name: field for name, field in fact.model_fields.items() if field.is_required()}
    return fact(**{name: False if field.annotation is bool else _value(field) for name, field in required.items()})


def full(fact: type[Event]) -> Event:
    """Returns a fact with all its fields; every flag is on."""
    return fact(**{name: _value(field) for name, field in fact.model_fields.items()})


def _value(field: FieldInfo) -> Any:
    if any(getattr(constraint, "pattern", None) for constraint in field.metadata):
        return "0" * 64
    return _of(field.annotation)


def _of(annotation: Any) -> Any:
    if annotation in _VALUES:
        return _VALUES[annotation]
    arguments = get_args(annotation)
    origin = get_origin(annotation)
    if origin is Annotated:
        return _of(arguments[0])
    if origin in (Union, UnionType):
        return _of(next(one for one in arguments if one is not NoneType))
    if origin is Literal:
        return arguments[0]
    if origin is tuple:
        return (_of(arguments[0]),)
    if origin is dict:
        return {_of(arguments[0]): _of(arguments[1])}
    if issubclass(annotation, Enum):
        return next(iter(annotation))
    assert issubclass(annotation, BaseModel), annotation
    return annotation(**{name: _value(field) for name, field in annotation.model_fields.items()})
