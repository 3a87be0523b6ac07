"""Another inspector is responsible from now on; everything that is booked or due moves along (R15)."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.control.planning.rules.calendar import RestsOnCalendars
from services.control.rules.after_offer_not_accepted import BookInspection, booked_inspection
from services.control.rules.booking import BookControl, booked
from services.control.rules.phases import AfterNo, Broken, Kept, Running
from services.control.rules.planned_places import Found, recorded
from shared.contracts.control import InspectorChanged
from shared.contracts.vocabulary import Centre, NextInspector
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event


@dataclass(frozen=True)
class ChangeInspector(RestsOnCalendars):
    """Another inspector becomes responsible; includes the free days that were found in the new inspector's calendar."""

    at: datetime
    by: str
    told: NextInspector
    bookings: tuple[BookControl, ...] = ()
    inspection: BookInspection | None = None
    plans: tuple[Found, ...] = ()
    """What was found there for controls that are planned."""
    centre: Centre | None = None
    """R42: centre of the new inspector in the directory."""


def change(state: Running | Kept | Broken | AfterNo, command: ChangeInspector) -> tuple[Event, ...]:
    """R15: records another responsible inspector, and moves bookings to that inspector's calendar.

    The agreement runs, or something is left to do. Refuses the inspector who is responsible already.
    """
    agreement_id, present = _who(state)
    if command.told.inspector == present:
        raise Refused("R15", "{inspector} is responsible already", inspector=command.told.inspector)
    changed = InspectorChanged(
        agreement_id=agreement_id,
        previous=present,
        changed_at=command.at,
        changed_by=command.by,
        centre=command.centre,
        **dict(command.told),
    )
    return changed, *_moved(state, command)


def _moved(state: Running | Kept | Broken | AfterNo, command: ChangeInspector) -> tuple[Event, ...]:
    match state:
        case Running():
            course = replace(state, inspector=command.told.inspector)
            standing = [one for one in command.bookings if one.place_id in state.bookings]
            moved = (event for one in standing for event in booked(course, one))
            return *moved, *recorded(course, command.plans)
        case AfterNo() if state.booking is not None and command.inspection is not None:
            return (booked_inspection(replace(state, inspector=command.told.inspector), command.inspection),)
        case AfterNo() | Kept() | Broken():
            return ()


def _who(state: Running | Kept | Broken | AfterNo) -> tuple[UUID, str]:
    match state:
        case Running():
            return state.started.agreement_id, state.inspector
        case AfterNo():
            return state.noted.agreement_id, state.inspector
        case Kept() | Broken():
            return state.course.started.agreement_id, state.course.inspector
