"""Decides what a company may know of a fact, by markers on the fields of the contract (R18). Nothing else decides it.

A field without a marker is hidden from companies, so that a new field is hidden until somebody decides otherwise.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel

T = TypeVar("T")
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class ShownToCompany:
    """Marks a field that the company concerned may know.

    `where` names another field of the same fact or value: the marked field is shown only if that one's value is in
    `among`.
    """

    where: str | None = None
    among: tuple[Any, ...] = (True,)

    def holds(self, model: BaseModel) -> bool:
        """Returns whether the condition is met; True if there is no condition."""
        return self.where is None or getattr(model, self.where) in self.among


Shown = Annotated[T, ShownToCompany()]
"""A field that the company concerned may always know: `day: Shown[date]`."""


@cache
def markers(model_type: type[BaseModel]) -> Mapping[str, ShownToCompany]:
    """Returns the visibility marker of each field that a company may see; nested models have their own."""
    return {
        name: marker
        for name, info in model_type.model_fields.items()
        for marker in info.metadata
        if isinstance(marker, ShownToCompany)
    }


def is_shown(model: BaseModel) -> bool:
    """Returns whether a company may know that this fact exists: that is so if it may know any field of it."""
    if _has_a_field_for_all(type(model)):
        return True
    return any(marker.holds(model) for marker in markers(type(model)).values())


def as_shown(model: Model) -> Model:
    """Returns the fact with hidden fields, also those of values within, set to their default or None."""
    changes: dict[str, Any] = {}
    for name, blank, marker, has_parts in _maybe_hidden(type(model)):
        value = getattr(model, name)
        if value is None and blank is None:
            continue
        known = value if marker is not None and marker.holds(model) else blank
        if has_parts:
            known = _value_as_shown(known)
        if known is not value and (known != value or type(known) is not type(value)):
            changes[name] = known
    return model.model_copy(update=changes) if changes else model


def shown_json(model: BaseModel, leave_out: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Returns the shown fields as JSON; hidden fields are absent, so that nothing reveals that they exist."""
    dumped = model.model_dump(mode="json", exclude=set(leave_out) or None)
    shown: dict[str, Any] = _shown_part(model, dumped)
    return shown


def rules_of_visibility(facts: Iterable[type[BaseModel]]) -> str:
    """Returns a hash of the markers of these facts and the values within them; it changes when a marker changes."""
    known: dict[str, list[str]] = {}
    for fact in facts:
        _describe(fact, known)
    told = "\n".join(f"{name}: {' '.join(fields)}" for name, fields in sorted(known.items()))
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def values_within(model_type: type[BaseModel]) -> Mapping[str, type[BaseModel]]:
    """Returns the type of the values in each field that holds one or many values with fields of their own."""
    return {
        name: found
        for name, info in model_type.model_fields.items()
        if (found := _model_in(info.annotation)) is not None
    }


@cache
def _has_a_field_for_all(model_type: type[BaseModel]) -> bool:
    return any(marker.where is None for marker in markers(model_type).values())


@cache
def _maybe_hidden(model_type: type[BaseModel]) -> Sequence[tuple[str, Any, ShownToCompany | None, bool]]:
    """Returns the fields that are, or may be, hidden in whole or in part.

    With each: what replaces it, what may show it, and whether its values have fields of their own.
    """
    shown, within = markers(model_type), values_within(model_type)
    always = {name for name, marker in shown.items() if marker.where is None}
    return [
        (
            name,
            None if info.is_required() else info.get_default(call_default_factory=True),
            shown.get(name),
            name in within,
        )
        for name, info in model_type.model_fields.items()
        if name not in always or (name in within and _maybe_hidden(within[name]))
    ]


def _value_as_shown(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return as_shown(value)
    if isinstance(value, tuple):
        known = tuple(_value_as_shown(part) for part in value)
        return value if all(one is part for one, part in zip(known, value, strict=True)) else known
    if isinstance(value, dict):
        return {key: _value_as_shown(part) for key, part in value.items()}
    return value


def _shown_part(value: Any, dumped: Any) -> Any:
    """Returns the part of a value's JSON that its own markers show."""
    if isinstance(value, BaseModel):
        return {
            name: _shown_part(getattr(value, name), dumped[name])
            for name, marker in markers(type(value)).items()
            if name in dumped and marker.holds(value)
        }
    if isinstance(value, tuple):
        return [_shown_part(part, one) for part, one in zip(value, dumped, strict=True)]
    if isinstance(value, dict):
        return {key: _shown_part(part, one) for (key, one), part in zip(dumped.items(), value.values(), strict=True)}
    return dumped


def _describe(model_type: type[BaseModel], known: dict[str, list[str]]) -> None:
    if model_type.__name__ in known:
        return
    known[model_type.__name__] = sorted(
        name if marker.where is None else f"{name}[{marker.where}:{','.join(map(str, marker.among))}]"
        for name, marker in markers(model_type).items()
    )
    for value_type in values_within(model_type).values():
        _describe(value_type, known)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(part) for part in getattr(annotation, "__args__", ()))
    return next((one for one in found if one is not None), None)
