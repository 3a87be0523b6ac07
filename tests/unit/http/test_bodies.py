"""A body lets nothing unknown through in silence, however deep it stands."""

import importlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import chain
from typing import Annotated, Any, get_args, get_origin
from uuid import UUID

import pytest
from pydantic import AwareDatetime, BaseModel, TypeAdapter, ValidationError

from services.control.http.control_routes import Control
from services.guidance.http.routes import Answer
from services.offers.http.contact_routes import Contact
from services.offers.http.sending_routes import NewOffer
from shared.contracts.control import FirstControlReport
from shared.contracts.vocabulary import MeasureObservation, MeasureUse
from shared.http.bodies import Body, FreeText
from shared.http.bodies import told as handed_on
from shared.http.field_types import Day, Instant, within

for module in ("offers", "guidance", "control"):
    importlib.import_module(f"services.{module}.service")


def bodies(of: type[BaseModel] = Body) -> Iterator[type[BaseModel]]:
    """Every kind of body that the services read."""
    for body in of.__subclasses__():
        if body.__module__.startswith(("services.", "shared.")):
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
def test_an_unknown_field_of_a_value_in_a_body_is_a_fault(body: type[BaseModel,], name: str) -> None:
    field = body.model_fields[name]
    unknown: Any = {"unheard_of": 1}
    if "tuple" in str(field.annotation):
        unknown = [unknown]
    with pytest.raises(ValidationError) as refused:
        body.model_validate({name: unknown})
    faults = [fault for fault in refused.value.errors() if fault["loc"][:1] == (name,)]
    assert "extra_forbidden" in {fault["type"] for fault in faults}
    assert "unheard_of" in str(faults)


def test_each_unknown_field_is_named_with_where_it_stands() -> None:
    with pytest.raises(ValidationError) as refused:
        NewOffer.model_validate({"grounds": {"b": 1, "a": 2}, "photos": [{"c": 3}]})
    faults = {fault["loc"]: fault["msg"] for fault in refused.value.errors() if fault["type"] == "extra_forbidden"}
    assert faults == {("grounds",): "Unknown fields: a, b", ("photos", 0): "Unknown fields: c"}


@pytest.mark.rule("R20")
def test_what_was_told_is_handed_on_as_values_at_any_depth() -> None:
    seen = {"measure_id": str(UUID(int=7)), "use": "in_use"}
    control = Control.model_validate(
        {"outcome": "no_violation", "judged_by": ["shown"], "spoke_with": ["manager"], "measures": [seen]}
    )
    seen_once = {"measure_id": UUID(int=7), "use": MeasureUse.IN_USE, "verified": None, "non_use_reason": None}
    assert control.measures[0].model_dump() == seen_once
    assert control.model_dump()["measures"] == (seen_once,)
    (observed,) = handed_on(FirstControlReport, control).measures
    assert type(observed) is MeasureObservation, "its markers say who may see it (R18)"
    assert observed.model_dump() == seen_once


@pytest.mark.rule("R36")
def test_a_coded_reason_belongs_to_a_no_and_is_refused_beside_a_yes() -> None:
    answer = TypeAdapter(Answer)
    assert answer.validate_python({"accepted": False, "reason": "no-need"}).reason == "no-need"
    with pytest.raises(ValidationError, match="no coded reason") as refused:
        answer.validate_python({"accepted": True, "reason": "no-need"})
    assert refused.value.errors()[0]["ctx"] == {"rule": "R36"}


def parts(annotation: Any) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Every type that a field is made of, each with what is said beside it."""
    if get_origin(annotation) is Annotated:
        inner, *beside = get_args(annotation)
        for one, other in parts(inner):
            yield one, (*beside, *other)
    elif get_args(annotation):
        for one in get_args(annotation):
            yield from parts(one)
    else:
        yield annotation, ()


FIELDS = sorted({(body.__qualname__, name, body) for body in bodies() for name in body.model_fields}, key=str)


@pytest.mark.parametrize(("_", "name", "body"), FIELDS, ids=lambda one: str(getattr(one, "__name__", one)))
def test_no_field_of_a_body_takes_a_value_for_another(_: str, name: str, body: type[BaseModel,]) -> None:
    """Whatever a field asks for, at most one of these kinds of value is it."""
    told = {
        "a number": 1,
        "true": True,
        "a whole number as a fraction": 1.0,
        "a number as text": "1",
        "true as text": "on",
        "a Unix time": 1_700_000_000,
        "a Unix time as text": "1700000000",
    }
    taken = set()
    for kind, value in told.items():
        try:
            body.model_validate({name: value})
        except ValidationError as refused:
            if any(fault["loc"][:1] == (name,) for fault in refused.errors()):
                continue
        taken.add(kind)
    texts = {"a number as text", "true as text", "a Unix time as text"}
    assert taken <= texts or taken in ({"a number"}, {"a number", "a Unix time"}, {"true"}), taken


BLANK = (
    "",
    " ",
    "\t\n",
    "\u00a0",
    "\u200b",
    "\u2060\ufeff",
    "\u3164",
    "\u2800",
    "\u0301",
    "a\x00",
    "a\x1b[2J",
    "a\u202eb",
)


@pytest.mark.parametrize(("_", "name", "body"), FIELDS, ids=lambda one: str(getattr(one, "__name__", one)))
def test_what_cannot_be_seen_is_no_text(_: str, name: str, body: type[BaseModel]) -> None:
    assert [blank for blank in BLANK if not _faults(body, name, blank)] == []


@pytest.mark.parametrize("text", ["Løft \u2013 30 kg", "a\nb\tc", "👩\u200d🏭", "\u200ca", "1"])
def test_text_that_can_be_read_is_kept_as_it_came(text: str) -> None:
    assert TypeAdapter(FreeText).validate_python(text) == text


@pytest.mark.parametrize(
    "written",
    [
        "2026-3-5",
        "20260305",
        "2026-03-05T00:00:00",
        "05-03-2026",
        "2026-02-30",
        "٢٠٢٦-٠٣-٠٥",
    ],
)
def test_a_day_is_written_in_one_way(written: str) -> None:
    assert TypeAdapter(Day).validate_python("2026-03-05") == date(2026, 3, 5)
    with pytest.raises(ValidationError):
        TypeAdapter(Day).validate_python(written)


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-05",
        "2026-03-05T12:00:00",
        "2026-03-05 12:00:00Z",
        "2026-03-05T25:00:00Z",
    ],
)
def test_an_instant_names_its_offset(written: str) -> None:
    assert TypeAdapter(Instant).validate_python("2026-03-05T12:00:00+01:00") == datetime(2026, 3, 5, 11, tzinfo=UTC)
    with pytest.raises(ValidationError):
        TypeAdapter(Instant).validate_python(written)


def test_every_day_in_a_body_is_one_that_the_policy_lets_anybody_name() -> None:
    """A control in the year 9999 is a slip: each field of a day or an instant is compared with the policy's span."""
    token = within.set(lambda: (date(2016, 1, 1), date(2030, 12, 31)))
    try:
        asked = [
            (body, name)
            for _, name, body in FIELDS
            if any(one in (date, datetime, AwareDatetime) for one, _ in parts(body.model_fields[name].annotation))
        ]
        assert len(asked) > 15
        for body, name in asked:
            for written in (
                "9999-12-31",
                "0001-01-01",
                "2031-01-01",
                "9999-12-31T23:59:59-12:00",
                "0001-01-01T00:00:00Z",
            ):
                kinds = {fault["type"] for fault in _faults(body, name, as_told(body, name, written))}
                assert kinds & {"day_outside", "day", "instant"}, (body, name, written)
            assert {"day_outside"} <= {
                fault["type"]
                for written in ("9999-12-31", "9999-12-31T12:00:00Z")
                for fault in _faults(body, name, as_told(body, name, written))
            }, (body, name)
    finally:
        within.reset(token)


def as_told(body: type[BaseModel], name: str, value: Any) -> Any:
    """The value as the field takes it: alone, or as the only one of several."""
    return [value] if get_origin(body.model_fields[name].annotation) is tuple else value


def _faults(body: type[BaseModel], name: str, value: Any) -> list[Any]:
    try:
        body.model_validate({name: value})
    except ValidationError as refused:
        return [fault for fault in refused.errors() if fault["loc"][:1] == (name,)]
    return []


@pytest.mark.rule("R34")
@pytest.mark.parametrize(
    "email",
    [
        "kim",
        "a@b",
        "a@@b.dk",
        "a..b@c.dk",
        "kim@example.com ",
        "a b@c.dk",
        "a@b_c.dk",
        "a@-b.dk",
    ],
)
def test_an_address_without_the_form_of_one_is_refused(email: str) -> None:
    assert not _faults(Contact, "email", "kim.andersen@arbejde.dk")
    assert _faults(Contact, "email", email)


@pytest.mark.rule("R34")
@pytest.mark.parametrize(
    "phone",
    [
        "1234",
        "00000000",
        "+45 123",
        "+999 12345678",
        "call me",
        "33 11 22 11 33",
        "+45+4533112211",
    ],
)
def test_a_number_that_no_telephone_has_is_refused(phone: str) -> None:
    for sound in ("33 11 22 11", "+45 33112211", "+46 8 123 456 78", "(+45) 33 11 22 11"):
        assert not _faults(Contact, "phone", sound), sound
    assert _faults(Contact, "phone", phone)
