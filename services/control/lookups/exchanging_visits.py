"""Exchanges the days of two visits in one append, so that nobody can take a place between the two moves (R17)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.control.planning.lookups.inspector_calendar import calendar_of
from services.control.planning.rules.calendar import Calendar
from services.control.rules.after_offer_not_accepted import BookInspection
from services.control.rules.booking import BookControl
from services.control.rules.course_decider import COURSE, Command
from services.control.rules.phases import AfterNo, Running, State
from shared.contracts.control import ChosenDay, ControlBooked, InspectionPlan, NewInspectionBooked
from shared.eventstore.commands import Intent, read
from shared.eventstore.errors import Refused
from shared.eventstore.randomness import random_id
from shared.eventstore.state_cache import VersionedState
from shared.policy.policy import Policy
from shared.service import Runtime


@dataclass(frozen=True)
class NamedVisit:
    """A visit by its agreement and the id of the booking as it was seen: one that was moved since is not found."""

    agreement_id: UUID
    visit_id: UUID


@dataclass(frozen=True)
class Exchange:
    """R17: two visits of different agreements, each of which gets the day of the other."""

    one: NamedVisit
    other: NamedVisit
    at: datetime
    policy: Policy
    late_reason: str | None
    """R17: code of the reason, for a visit that comes to lie after its window."""
    reason: str | None
    """R18: why an announced visit is moved; the company is told of it."""


@dataclass(frozen=True)
class _Standing:
    state: VersionedState[State]
    booking: ControlBooked | NewInspectionBooked


async def exchanging(runtime: Runtime, asked: Exchange) -> list[Intent[State, Command]]:
    """R17, R18: returns the two commands of an exchange, which are to be recorded together. Raises Refused.

    Each visit stays in the calendar of its inspector. The places of both count as free.
    """
    if asked.one.agreement_id == asked.other.agreement_id:
        raise Refused("R17", "two visits of one agreement are booked one after the other")
    one, other = await _standing(runtime, asked.one), await _standing(runtime, asked.other)
    for standing in (one, other):
        _refuse_silent_move(standing.booking, asked.reason)
    calendars = {
        inspector: await calendar_of(runtime, inspector, asked.policy)
        for inspector in {one.booking.inspector, other.booking.inspector}
    }
    for calendar in calendars.values():
        calendar.give_up(one.booking)
        calendar.give_up(other.booking)
    return [
        _moved(runtime, asked, one, other.booking.day, calendars),
        _moved(runtime, asked, other, one.booking.day, calendars),
    ]


async def _standing(runtime: Runtime, named: NamedVisit) -> _Standing:
    known = await read(runtime.store, COURSE, named.agreement_id)
    match known.state:
        case Running(bookings=bookings):
            for booking in bookings.values():
                if booking.control_id == named.visit_id:
                    return _Standing(known, booking)
        case AfterNo(booking=NewInspectionBooked() as inspection) if inspection.inspection_id == named.visit_id:
            return _Standing(known, inspection)
        case _:
            pass
    raise Refused("R17", "the visit {visit} is booked no more, or not yet", visit=named.visit_id)


def _refuse_silent_move(booking: ControlBooked | NewInspectionBooked, reason: str | None) -> None:
    """R18: refuses to move a day that was announced to a company without a reason that it is told."""
    if isinstance(booking, ControlBooked) and booking.announced and reason is None:
        raise Refused("R18", "the company was told of {day}: say why the visit is moved", day=booking.day)


def _moved(
    runtime: Runtime, asked: Exchange, standing: _Standing, day: date, calendars: Mapping[str, Calendar]
) -> Intent[State, Command]:
    booking, known = standing.booking, standing.state
    calendar = calendars[booking.inspector]
    place, visit_id = calendar.take(day) or calendar.place_on(day), random_id(runtime.random_source)
    command: Command
    match booking:
        case ControlBooked():
            told = ChosenDay(
                day=day,
                form=booking.form,
                form_reason=booking.form_reason,
                announced=booking.announced,
                late_reason=asked.late_reason,
            )
            place_id = booking.place_id or booking.agreement_id
            because = asked.reason if booking.announced else None
            command = BookControl(asked.at, asked.policy, place_id, visit_id, place, told, moved_because=because)
        case NewInspectionBooked():
            plan = InspectionPlan(day=day, late_reason=asked.late_reason)
            command = BookInspection(asked.at, asked.policy, visit_id, place, plan)
    return Intent(COURSE, booking.agreement_id, command, expected=known.version, read=known)
