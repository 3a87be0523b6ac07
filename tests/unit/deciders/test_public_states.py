"""No state of any decider holds a private part of a fact, whatever came before (R31)."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from deploy.rulebook.example_facts import full
from shared.contracts import public_forms
from shared.eventstore.events import Event, private_fields
from tests.unit.deciders.test_any_history import DECIDERS, FACTS, reached_by_any_history

pytestmark = pytest.mark.rule("R31")


def facts_in(value: Any) -> Iterator[Event]:
    """Every fact that a state holds, however deep."""
    if isinstance(value, Event):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield from facts_in(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from facts_in(one)
    elif isinstance(value, tuple | list | frozenset):
        for one in value:
            yield from facts_in(one)


@pytest.mark.parametrize("name", DECIDERS)
def test_states_hold_public_forms(name: str) -> None:
    """Each fact is given whole; a fold that reads a private field fails here."""
    decider, _, _ = DECIDERS[name]
    states = reached_by_any_history(decider, [full(fact) for fact in FACTS])
    held = [fact for state in states for fact in facts_in(state)]
    assert held
    assert [fact for fact in held if any(name in fact.__dict__ for name in private_fields(type(fact)))] == []


@pytest.mark.parametrize("fact", [fact for fact in FACTS if private_fields(fact)])
def test_each_fact_with_private_parts_has_a_public_form_that_lacks_them(fact: type[Event]) -> None:
    assert getattr(public_forms, fact.__name__) is fact
    public = full(fact).public_form()
    assert public.public_json() == full(fact).public_json()
    for name in private_fields(fact):
        with pytest.raises(AttributeError):
            getattr(public, name)
