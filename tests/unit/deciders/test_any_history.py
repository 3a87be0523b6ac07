"""No history makes a fold fail: any fact in any phase, also where earlier ones are hidden from who asks (R18)."""

from collections.abc import Callable, Iterable
from typing import Any, get_args

import pytest

from deploy.rulebook.example_facts import full, least
from deploy.rulebook.process import shape, walk
from services.control.people.rules import phases as people_phases
from services.control.people.rules.person_decider import PERSON
from services.control.rules import phases
from services.control.rules.course_decider import COURSE
from services.guidance.rules import phases as guidance_phases
from services.guidance.rules.guidance_decider import GUIDANCE
from services.offers.rules import phases as offer_phases
from services.offers.rules.offer_decider import OFFER
from services.offers.rules.quarantine import QUARANTINE, Register
from shared.contracts import control, offers, people
from shared.contracts import guidance as guidance_facts
from shared.eventstore.decider import Decider
from shared.eventstore.events import Event

FACTS: tuple[type[Event], ...] = (*offers.FACTS, *guidance_facts.FACTS, *control.FACTS, *people.FACTS)
DECIDERS: dict[str, tuple[Decider[Any, Any], Iterable[type], Callable[[Any], object]]] = {
    "offer": (OFFER, get_args(offer_phases.State), offer_phases.how_it_stands),
    "quarantine": (QUARANTINE, (Register,), lambda register: register.standing),
    "guidance": (GUIDANCE, get_args(guidance_phases.State), guidance_phases.how_it_stands),
    "course": (COURSE, get_args(phases.State), phases.how_it_stands),
    "person": (PERSON, get_args(people_phases.State), people_phases.how_it_stands),
}
"""Each with its phases, and with what a view says of them."""


def reached_by_any_history(decider: Decider[Any, Any], facts: Iterable[Event]) -> list[Any]:
    """Every phase, in every shape, that some sequence of these facts leads to; tries every fact in each of them."""
    found = {shape(after): after for _, _, after in walk(decider, facts)}
    return [decider.initial, *found.values()]


@pytest.mark.parametrize("name", DECIDERS)
def test_any_fact_in_any_phase(name: str) -> None:
    decider, phases_of_it, how_it_stands = DECIDERS[name]
    states = reached_by_any_history(decider, [made(fact) for fact in FACTS for made in (least, full)])
    assert {type(state) for state in states} == set(phases_of_it)
    for state in states:
        assert all(due.tzinfo for due in decider.timers(state).values())
        assert all(decider.reservations(state))
        assert set(decider.concerns(state)) <= {"cvr", "pnumber"}
        how_it_stands(state)


@pytest.mark.parametrize("name", DECIDERS)
def test_any_fact_that_a_company_sees_without_those_that_it_does_not(name: str) -> None:
    decider, _, how_it_stands = DECIDERS[name]
    seen = [fact for fact in (made(fact) for fact in FACTS for made in (least, full)) if fact.seen_by_company()]
    states = reached_by_any_history(decider, seen)
    assert len(states) > 1
    for state in states:
        how_it_stands(state)


@pytest.mark.parametrize("fact", FACTS)
def test_a_fact_reads_as_it_was_written_also_without_its_private_part(fact: type[Event]) -> None:
    for written in (least(fact), full(fact)):
        public = type(written).model_validate_json(written.public_json())
        assert public.public_json() == written.public_json()
        assert public.private_parts() == {}
        assert public.seen_by_company() == written.seen_by_company()
