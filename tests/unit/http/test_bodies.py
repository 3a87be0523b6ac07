"""A body lets nothing unknown through in silence, however deep it stands."""

import importlib
from collections.abc import Iterator
from itertools import chain
from typing import Any, get_args

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from services.guidance.http.routes import Answer
from services.offers.http.sending_routes import NewOffer
from shared.http.bodies import Body

for module in ("offers", "guidance", "control"):
    importlib.import_module(f"services.{module}.service")


def bodies(of: type[BaseModel] = Body) -> Iterator[type[BaseModel]]:
    """Every kind of body that the services read."""
    for body in of.__subclasses__():
        yield body
        yield from bodies(body)


def told(body: type[BaseModel]) -> Iterator[str]:
    """The fields that hold values with fields of their own."""
    for name, field in body.model_fields.items():
        if any(issubclass(one, BaseModel) for one in classes(field.annotation)):
            yield name


def classes(annotation: Any) -> Iterator[type]:
    if isinstance(annotation, type):
        yield annotation
    yield from chain.from_iterable(map(classes, get_args(annotation)))


NESTED = sorted(
    {(body, name) for body in bodies() for name in told(body)}, key=lambda one: (one[0].__qualname__, one[1])
)


@pytest.mark.parametrize(("body", "name"), NESTED, ids=lambda one: getattr(one, "__name__", one))
def test_an_unknown_field_of_a_value_in_a_body_is_a_fault(body: type[BaseModel], name: str) -> None:
    field = body.model_fields[name]
    unknown: Any = {"unheard_of": 1}
    if "tuple" in str(field.annotation):
        unknown = [unknown]
    with pytest.raises(ValidationError) as refused:
        body.model_validate({name: unknown})
    faults = [fault for fault in refused.value.errors() if fault["loc"][0] == name]
    assert "extra_forbidden" in {fault["type"] for fault in faults}
    assert "unheard_of" in str(faults)


def test_each_unknown_field_is_named_with_where_it_stands() -> None:
    with pytest.raises(ValidationError) as refused:
        NewOffer.model_validate({"grounds": {"b": 1, "a": 2}, "photos": [{"c": 3}]})
    faults = {fault["loc"]: fault["msg"] for fault in refused.value.errors() if fault["type"] == "extra_forbidden"}
    assert faults == {("grounds",): "Unknown fields: a, b", ("photos", 0): "Unknown fields: c"}


@pytest.mark.rule("R36")
def test_a_coded_reason_belongs_to_a_no_and_is_refused_beside_a_yes() -> None:
    answer = TypeAdapter(Answer)
    assert answer.validate_python({"accepted": False, "reason": "no-need"}).reason == "no-need"
    with pytest.raises(ValidationError, match="no coded reason") as refused:
        answer.validate_python({"accepted": True, "reason": "no-need"})
    assert refused.value.errors()[0]["ctx"] == {"rule": "R36"}
