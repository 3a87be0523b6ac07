"""What somebody tells is declared once: the body of the request and the fact inherit it (shared/contracts)."""

from collections.abc import Iterator
from importlib import import_module
from inspect import get_annotations

import pytest
from pydantic import BaseModel

from shared.contracts import control, guidance, offers, people
from shared.contracts.vocabulary import Told
from shared.eventstore.events import Event
from shared.http.bodies import Body

for service in ("offers", "guidance", "control"):
    import_module(f"services.{service}.service")

FACTS = (*offers.FACTS, *guidance.FACTS, *control.FACTS, *people.FACTS)
SAID_ANEW = {
    "TimeSpent": {"minutes"},
    "ControlCorrected": {"form_reason", "measures", "involvement"},
    "MeetingCorrected": {"participants", "involvement", "minutes_spent", "informal", "purposes"},
    "OfferUnderstandingCorrected": {"received", "understood", "knows_dates", "participants", "minutes_spent"},
}
"""What a fact demands although its elder, which inherits the same, may lack it."""
OTHERWISE_IN_THE_BODY = {"held_at", "on_day", "place_id", "inspector", "measures", "added_measures", "reason"}
"""Typed in body and fact: a body may leave time, place and the asker's own id out, holds measures with their
descriptions, and a reason for a correction is told beside what is corrected."""


def below(base: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Every class that inherits from it."""
    for one in base.__subclasses__():
        yield one
        yield from below(one)


def told_by(one: type[BaseModel]) -> list[type[Told]]:
    """The told values whose fields a body or a fact inherits."""
    return [base for base in one.__mro__ if issubclass(base, Told) and not issubclass(base, Event | Body)][:-1]


def own(one: type[BaseModel]) -> set[str]:
    """The fields that a class types itself, or a body or a fact above it."""
    typed = [get_annotations(base) for base in one.__mro__ if issubclass(base, Event | Body)]
    return {name for names in typed for name in names} & one.model_fields.keys()


BODIES = [body for body in below(Body) if told_by(body)]
TELLING = [fact for fact in FACTS if told_by(fact)]


def typed_twice(fact: type[BaseModel], body: type[BaseModel]) -> set[str]:
    """What a fact and a body that tell the same thing both have, and inherit from nowhere."""
    inherited = {name for base in told_by(fact) for name in base.model_fields}
    same = set(told_by(fact)) & set(told_by(body))
    return (own(fact) & own(body)) - inherited if same else set()


def test_there_are_such_facts_of_every_service() -> None:
    assert {fact.__module__ for fact in TELLING} == {fact.__module__ for fact in FACTS}


@pytest.mark.parametrize("fact", TELLING, ids=lambda fact: fact.__name__)
def test_a_fact_types_nothing_again_that_is_told(fact: type[Event]) -> None:
    inherited = {name for base in told_by(fact) for name in base.model_fields}
    assert own(fact) & inherited == SAID_ANEW.get(fact.__name__, set())


@pytest.mark.parametrize("fact", TELLING, ids=lambda fact: fact.__name__)
def test_what_a_fact_inherits_a_body_inherits_too(fact: type[Event]) -> None:
    said = {base for body in BODIES for base in told_by(body)}
    nearest = {base for base in told_by(fact) if not any(base in one.__mro__[1:] for one in told_by(fact))}
    untold = {base.__name__ for base in nearest - said}
    assert untold <= {"SpreadFurther"}, "its measures have descriptions in the body"


@pytest.mark.parametrize("fact", TELLING, ids=lambda fact: fact.__name__)
def test_no_field_is_typed_in_a_body_and_in_its_fact(fact: type[Event]) -> None:
    assert {name for body in BODIES for name in typed_twice(fact, body)} <= OTHERWISE_IN_THE_BODY


def test_a_field_that_is_typed_twice_is_found() -> None:
    class Call(Told):
        reached: bool

    class CallBody(Body, Call):
        note: str = ""

    class Called(Call, Event):
        note: str

    assert typed_twice(Called, CallBody) == {"note"}
