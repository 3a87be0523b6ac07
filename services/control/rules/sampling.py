"""Chooses the places of a spread agreement that are controlled (R19)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.control.rules.booking import fall_away
from services.control.rules.included_places import refuse_unknown_places, require_place
from services.control.rules.judgement import decision
from services.control.rules.phases import DRAWN, Running, controlled
from shared.contracts.control import SampleChosen
from shared.contracts.vocabulary import Place
from shared.eventstore.decider import every_fault
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event
from shared.policy.policy import Policy


@dataclass(frozen=True)
class ChooseSample:
    """The inspector chooses the places of the sample."""

    at: datetime
    policy: Policy
    inspector: str
    places: tuple[UUID, ...]


def first_sample(places: Sequence[Place], drawn: Sequence[UUID], at: datetime, policy: Policy) -> SampleChosen:
    """R19: returns the sample: the place where the matter arose, and the first of the others in the drawn order."""
    at_least = policy.control.sample.size(len(places))
    origin, *others = (place.place_id for place in places)
    assert sorted(drawn) == sorted(others), "every place that the company named is drawn from"
    return SampleChosen(
        agreement_id=origin,
        places=(origin, *drawn)[:at_least],
        at_least=at_least,
        chosen_at=at,
        chosen_by=DRAWN,
    )


def choose(course: Running, command: ChooseSample) -> tuple[Event, ...]:
    """R19: records the places that the inspector adds to the drawn ones, or leaves out again.

    The booking of a place that is left out ends, and an announced one is cancelled (R18).
    """
    refuse_faulty_sample(course, command)
    chosen = SampleChosen(
        agreement_id=course.started.agreement_id,
        places=tuple(place.place_id for place in course.places if place.place_id in command.places),
        at_least=command.policy.control.sample.size(len(course.places)),
        chosen_at=command.at,
        chosen_by=command.inspector,
    )
    dropped = [booking for place, booking in course.bookings.items() if place not in chosen.places]
    decided = decision(controlled(course, chosen), command.at, command.policy)
    return (chosen, *fall_away(dropped, command.at), *decided)


def refuse_faulty_sample(course: Running, command: ChooseSample) -> None:
    """R19: refuses a sample that is too small, or includes a place outside of the agreement.

    Refuses to leave out the place where the matter arose, a place that was drawn, or one that was controlled.
    """
    origin = course.started.agreement_id
    with every_fault() as check:
        check(refuse_unknown_places, course, command.places)
        if origin not in command.places:
            why = "the place where it was found is always in the sample: {origin}"
            check.note(Refused("R19", why, origin=origin, p_number=course.started.p_number))
        for place in course.sample:
            if place in course.drawn and place not in command.places:
                why = "place {place} was drawn, so it stays in the sample"
                check.note(Refused("R19", why, place=place, p_number=require_place(course, place).p_number))
        for place in course.results:
            if place not in command.places:
                why = "place {place} was controlled, so it stays in the sample"
                check.note(Refused("R19", why, place=place, p_number=require_place(course, place).p_number))
        at_least = command.policy.control.sample.size(len(course.places))
        if len(set(command.places)) < at_least:
            check.note(Refused("R19", "at least {at_least} places are controlled", at_least=at_least))
