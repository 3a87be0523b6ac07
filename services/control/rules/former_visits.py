"""Visits that have left an inspector's calendar, so that a calendar feed can say that they fell away (R15, R17)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from uuid import UUID

from services.control.planning.rules.half_hours import Booking
from services.control.planning.rules.place_names import former_visit_name
from services.control.rules.phases import AfterNo, Broken, FormerVisits, Kept, NotStarted, Running, State, Stopped


def with_former_visits(before: State, after: State) -> State:
    """R15, R17: returns the state after a fact, with the visits that the fact took out of an inspector's calendar.

    Of each place and inspector the last day counts, until the inspector visits the place again.
    """
    stood, stands = _visits(before), _visits(after)
    if not stood and not stands:
        return after
    there = {(visit.inspector, place) for place, visit in stands.items()}
    left: dict[tuple[str, UUID], date] = {(visit.inspector, place): visit.day for place, visit in stood.items()}
    known = former_visits(after)
    former = {one: day for one, day in {**known, **left}.items() if one not in there}
    return after if former == known else _with(after, former)


def former_visits(state: State) -> FormerVisits:
    """R17: returns the day of the last visit of each inspector and place whose visit has left the calendar."""
    match state:
        case NotStarted():
            return {}
        case Running() | AfterNo():
            return state.former_visits
        case Kept() | Broken() | Stopped():
            return state.course.former_visits


def former_visit_names(state: State) -> frozenset[str]:
    """R17: returns the names under which these visits are found; they are kept for ever, as nothing else tells them."""
    former = former_visits(state)
    if not former or isinstance(state, NotStarted):
        return frozenset()
    agreement_id = _agreement(state)
    return frozenset(
        former_visit_name(inspector, day, agreement_id, place) for (inspector, place), day in former.items()
    )


def _visits(state: State) -> Mapping[UUID, Booking]:
    match state:
        case Running(plans=plans, bookings=bookings):
            return {**plans, **bookings}
        case AfterNo(noted=noted, booking=booking) if booking is not None:
            return {noted.agreement_id: booking}
        case _:
            return {}


def _with(state: State, former: FormerVisits) -> State:
    match state:
        case NotStarted():
            return state
        case Running() | AfterNo():
            return replace(state, former_visits=former)
        case Kept() | Broken() | Stopped():
            return replace(state, course=replace(state.course, former_visits=former))


def _agreement(state: Running | Kept | Broken | Stopped | AfterNo) -> UUID:
    match state:
        case AfterNo(noted=noted):
            return noted.agreement_id
        case Running(started=started):
            return started.agreement_id
        case Kept() | Broken() | Stopped():
            return state.course.started.agreement_id
