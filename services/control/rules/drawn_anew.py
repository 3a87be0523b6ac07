"""Draws new days once for unannounced bookings whose day the old rule chose, which could be computed (R7, R18)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.control.planning.rules.calendar import RestsOnCalendars
from services.control.rules.after_offer_not_accepted import BookInspection, booked_inspection
from services.control.rules.booking import BookControl, booked
from services.control.rules.phases import AfterNo, Running
from shared.contracts.control import ControlBooked, NewInspectionBooked
from shared.contracts.public_forms import InspectorChanged
from shared.deadlines.copenhagen import local_day
from shared.eventstore.events import Event, Recorded
from shared.policy.policy import Policy

BY_ITSELF = "control"
"""Name of the actor when the system acts."""
Booked = ControlBooked | NewInspectionBooked


@dataclass(frozen=True)
class DrawAnew(RestsOnCalendars):
    """New days for the bookings whose days the rule of an earlier release chose without drawing them."""

    policy: Policy
    """The policy by which the days were drawn."""
    bookings: tuple[BookControl, ...] = ()
    inspection: BookInspection | None = None


def draw_anew(state: Running | AfterNo, command: DrawAnew) -> tuple[Event, ...]:
    """R18: replaces each current booking that was not drawn by one on a drawn day.

    Skips a place whose booking was drawn in the meantime. If an inspector chose a day in the meantime, the stream has
    another version than expected, and the command fails.
    """
    match state:
        case Running():
            standing = [one for one in command.bookings if _undrawn(state.bookings.get(one.place_id))]
            return tuple(event for one in standing for event in booked(state, one))
        case AfterNo():
            undrawn = command.inspection is not None and _undrawn(state.booking)
            return (booked_inspection(state, command.inspection),) if command.inspection and undrawn else ()


def chosen_by_the_old_rule(history: Iterable[Recorded]) -> frozenset[UUID]:
    """Returns the ids of the bookings whose day the system chose without drawing it.

    A booking that moved to another inspector and kept its day counts as chosen by whoever chose it before. If it could
    not keep its day, the old rule chose the new one.
    """
    chosen: set[UUID] = set()
    days: dict[UUID | None, date] = {}
    moved_by: object = None
    for recorded in history:
        event = recorded.event
        command = recorded.metadata["command_id"]
        if isinstance(event, InspectorChanged):
            moved_by = command
        if not isinstance(event, ControlBooked | NewInspectionBooked):
            continue
        booking = _id_of(event)
        days[booking] = event.day
        by_itself = recorded.metadata["actor"] == BY_ITSELF
        moved = command == moved_by and (event.replaces in chosen or days.get(event.replaces) != event.day)
        if event.drawn is None and (by_itself or moved):
            chosen.add(booking)
    return frozenset(chosen)


def to_draw_anew(state: object, chosen: frozenset[UUID], at: datetime) -> tuple[UUID, ...]:
    """R18: returns the places whose unannounced control is on a future day that the old rule chose.

    For an offer that was not accepted, returns the id of the agreement if its inspection is on such a day.
    """
    match state:
        case Running(bookings=bookings):
            return tuple(place for place, one in bookings.items() if not one.announced and _ahead(one, chosen, at))
        case AfterNo(booking=NewInspectionBooked() as one):
            return (one.agreement_id,) if _ahead(one, chosen, at) else ()
        case _:
            return ()


def _ahead(one: Booked, chosen: frozenset[UUID], at: datetime) -> bool:
    return _id_of(one) in chosen and one.day > local_day(at)


def _id_of(one: Booked) -> UUID:
    return one.control_id if isinstance(one, ControlBooked) else one.inspection_id


def _undrawn(standing: Booked | None) -> bool:
    return standing is not None and standing.drawn is None
