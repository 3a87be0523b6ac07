"""What follows an offer that was not accepted: a new inspection and what it ends in, or an order at once (R7)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import takewhile
from uuid import UUID, uuid5

from services.control.planning.rules.calendar import FreePlace, RestsOnCalendars, WhyNotFree, refuse_not_free
from services.control.planning.rules.making_room import sought_again_at
from services.control.rules.lateness import Limit
from services.control.rules.order_requests import requested
from services.control.rules.phases import AfterNo
from services.control.rules.plausible_times import refuse_impossible_time
from shared.contracts.control import (
    InspectionPlan,
    InvestigationConcluded,
    InvestigationReport,
    NewInspectionBooked,
    OfferNotAcceptedNoted,
    PlaceFitsAgain,
    PlaceNotFound,
)
from shared.contracts.offers import NotAccepted
from shared.contracts.vocabulary import AgreementKind, Drawn, InvestigationOutcome, MakesRoom
from shared.deadlines.copenhagen import local_day
from shared.deadlines.deadlines import is_working_day, next_working_day
from shared.eventstore.decider import every_fault
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event
from shared.policy.policy import Policy

BY_ITSELF = "control"
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class NoteNotAccepted:
    """Reaction: the company said no, or nothing."""

    at: datetime
    policy: Policy
    agreement_id: UUID
    how: str
    offer: NotAccepted


@dataclass(frozen=True)
class BookInspection(RestsOnCalendars):
    """An inspection on a day that is free in the inspector's calendar."""

    at: datetime
    policy: Policy
    inspection_id: UUID
    place: FreePlace | WhyNotFree
    """Where the visit stands in the inspector's calendar on the day, or why it cannot."""
    told: InspectionPlan
    drawn: Drawn | None = None
    """R18: how the system drew the day; None where an inspector chose it."""


@dataclass(frozen=True)
class BookInspectionWhenDue(RestsOnCalendars):
    """The timer of the new inspection, with the free day that was found."""

    at: datetime
    policy: Policy
    """Which the day was chosen by."""
    booking: BookInspection | None
    """None if no day is free for more than a year."""


@dataclass(frozen=True)
class ReplanInspection(RestsOnCalendars):
    """The inspector's calendar has changed, and the inspection does not fit any more, or does again."""

    at: datetime
    policy: Policy
    found: BookInspection | tuple[MakesRoom, ...] | None
    """Another place, or what would make room for one; None if the inspection can stay where it is."""


@dataclass(frozen=True)
class ConcludeInvestigation:
    """The inspection took place, and what it ended in."""

    at: datetime
    policy: Policy
    held_at: datetime
    inspector: str
    request_id: UUID
    """Of the order, where one is asked for."""
    told: InvestigationReport


def begin(command: NoteNotAccepted) -> tuple[Event, ...]:
    """R7: records that an offer was not accepted; requests an order at once if the violation was found already."""
    offer = command.offer
    noted = OfferNotAcceptedNoted(
        agreement_id=command.agreement_id,
        kind=offer.kind,
        cvr=offer.cvr,
        p_number=offer.p_number,
        topic=offer.topic,
        inspector=offer.inspector,
        how=command.how,
        noted_at=command.at,
    )
    if offer.kind is AgreementKind.SUSPICION:
        return (noted,)
    order = requested(
        noted,
        offer.p_number,
        request_id=uuid5(command.agreement_id, "order after a no"),
        by=BY_ITSELF,
        rule="R7",
        reasons=None,
        at=command.at,
        policy=command.policy,
    )
    return noted, order


def inspection_due(state: AfterNo) -> datetime | None:
    """R7: returns when the new inspection is booked automatically; None if it is booked, or none is needed.

    R17: where it found no place, it is looked for again on the next working day.

    R40: returns None at a unit that has changed since the offer, until the inspector decides.
    """
    is_done = state.noted.kind is not AgreementKind.SUSPICION or state.concluded is not None
    if state.changed_units or is_done:
        return None
    if state.not_found is not None:
        return state.not_found.again_at
    return state.noted.noted_at if state.booking is None else None


def _working_days(first: date, policy: Policy) -> Iterator[date]:
    day = first
    while True:
        day = next_working_day(day, policy)
        yield day
        day += _ONE_DAY


def limit(state: AfterNo, policy: Policy) -> Limit:
    """R7: returns the last day for the inspection: the policy's days, counted from the day the no was recorded."""
    return Limit(local_day(state.noted.noted_at) + timedelta(days=policy.not_accepted.inspection_within_days))


def days_in_time(state: AfterNo, at: datetime, policy: Policy) -> list[date]:
    """R7, R18: returns the working days from tomorrow on that are in time, from which one is drawn."""
    until = limit(state, policy)
    return list(takewhile(lambda day: not until.is_late(day), _working_days(local_day(at) + _ONE_DAY, policy)))


def days_too_late(state: AfterNo, at: datetime, policy: Policy) -> Iterator[date]:
    """R7: yields the working days after those in time, in order; they need a reason."""
    return _working_days(max(local_day(at), limit(state, policy).last_day) + _ONE_DAY, policy)


def book(state: AfterNo, command: BookInspection) -> NewInspectionBooked:
    """R7: books the inspection on the day that the inspector chose; it replaces an earlier booking.

    Refuses a past day, a day that is not a working day, and a late day without a known reason.
    """
    refuse_nothing_to_inspect(state)
    until = limit(state, command.policy)
    with every_fault() as check:
        if command.told.day < local_day(command.at):
            check.note(Refused("R7", "{day} is over", day=command.told.day))
        if not is_working_day(command.told.day, command.policy):
            check.note(Refused("R7", "{day} is not a working day", day=command.told.day))
        else:
            check(refuse_not_free, "R7", command.told.day, command.place)
        if until.lacks_reason(command.told.day, command.told.late_reason):
            raise Refused(
                "R7",
                "{day} is after {last_day}, {days} days after the no, and needs a reason: {known}",
                day=command.told.day,
                last_day=until.last_day,
                days=command.policy.not_accepted.inspection_within_days,
                known=", ".join(until.reasons),
            )
    return booked_inspection(state, command)


def book_when_due(state: AfterNo, command: BookInspectionWhenDue) -> tuple[NewInspectionBooked | PlaceNotFound, ...]:
    """R7: books the inspection automatically when its timer fires; nothing if it is no longer due.

    R17: records that no day is free, so that the inspector sees to it; it is tried again on the next working day.
    """
    if inspection_due(state) is None:
        return ()
    if command.booking is not None:
        return (booked_inspection(state, command.booking),)
    return (_not_found(state, command.at, command.policy, (MakesRoom.COLLEAGUE,), late_too=True),)


def replan(
    state: AfterNo, command: ReplanInspection
) -> tuple[NewInspectionBooked | PlaceNotFound | PlaceFitsAgain, ...]:
    """R7, R15: moves the inspection inside its time; what only a colleague or a late day could solve is a task."""
    if state.booking is None:
        return ()
    match command.found:
        case BookInspection() as moved:
            return (booked_inspection(state, moved),)
        case None if state.not_found is not None:
            noted = state.noted.agreement_id
            return (PlaceFitsAgain(agreement_id=noted, place_id=noted, found_at=command.at),)
        case None:
            return ()
        case would_make_room:
            return (_not_found(state, command.at, command.policy, would_make_room),)


def _not_found(
    state: AfterNo, at: datetime, policy: Policy, would_make_room: tuple[MakesRoom, ...], *, late_too: bool = False
) -> PlaceNotFound:
    return PlaceNotFound(
        agreement_id=state.noted.agreement_id,
        place_id=state.noted.agreement_id,
        inspector=state.inspector,
        last_day=limit(state, policy).last_day,
        sought_at=at,
        again_at=sought_again_at(at, policy),
        would_make_room=would_make_room,
        late_too=late_too,
    )


def booked_inspection(state: AfterNo, command: BookInspection) -> NewInspectionBooked:
    """R7, R15: returns the booking in the calendar of the responsible inspector; a late day has a reason."""
    assert isinstance(command.place, FreePlace), "what has no place is refused, or not drawn"
    late_reason = limit(state, command.policy).reason(command.told.day, command.told.late_reason)
    return NewInspectionBooked(
        agreement_id=state.noted.agreement_id,
        inspection_id=command.inspection_id,
        inspector=state.inspector,
        slot=command.place.slot,
        hours=command.place.hours,
        booked_at=command.at,
        replaces=state.booking.inspection_id if state.booking else None,
        drawn=command.drawn,
        **dict(command.told) | {"late_reason": late_reason},
    )


def conclude(state: AfterNo, command: ConcludeInvestigation) -> tuple[Event, ...]:
    """R7: ends the investigation in an order with deadline, the offer of a spread agreement, or "no violation"."""
    refuse_nothing_to_inspect(state)
    if state.booking is None:
        raise Refused("R7", "no inspection is booked")
    refuse_impossible_time("R7", command.held_at, now=command.at, after=state.noted.noted_at)
    concluded = InvestigationConcluded(
        agreement_id=state.noted.agreement_id,
        inspection_id=state.booking.inspection_id,
        held_at=command.held_at,
        inspector=command.inspector,
        **dict(command.told),
    )
    if command.told.outcome is not InvestigationOutcome.ORDER:
        return (concluded,)
    order = requested(
        state.noted,
        state.noted.p_number,
        request_id=command.request_id,
        by=command.inspector,
        rule="R7",
        reasons=command.told.findings,
        at=command.at,
        policy=command.policy,
    )
    return concluded, order


def refuse_nothing_to_inspect(state: AfterNo) -> None:
    """R7: refuses an inspection of a violation that was found already, or after the investigation ended.

    For a found violation an order was requested at once.
    """
    if state.noted.kind is not AgreementKind.SUSPICION:
        raise Refused("R7", "the violation was found already: an order was asked for at once")
    if state.concluded is not None:
        raise Refused("R7", "the investigation ended at {at}", at=state.concluded.held_at.isoformat())
