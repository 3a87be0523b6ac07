"""Which matters of a course still stand, for whoever is to be told of them (R13, R15-R24, R29, R40)."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from services.control.rules.course_decider import responsible
from services.control.rules.phases import Broken, Kept, Running, State
from shared.contracts.control import ControlBooked
from shared.contracts.matters import STANDS, StandingMatter
from shared.contracts.notices import Occasion
from shared.eventstore.events import Event


def standing(state: State, occasion: Occasion, about: str) -> StandingMatter | None:
    """R29: returns how a matter stands; None if it is settled, or if control does not own matters of the occasion."""
    if occasion is Occasion.CASE_TAKEN_OVER:
        return STANDS if responsible(state) == about else None
    match state:
        case Running():
            return _while_running(state, occasion, about)
        case Kept():
            return _after_fulfilment(state, occasion)
        case Broken():
            return _after_breach(state, occasion)
        case _:
            return None


def _while_running(state: Running, occasion: Occasion, about: str) -> StandingMatter | None:
    match occasion:
        case Occasion.DOCUMENTATION_DUE_SOON:
            return StandingMatter(deadline=state.deadline) if state.complete is None else None
        case Occasion.DOCUMENTATION_RECEIVED | Occasion.CONTROL_CANCELLED:
            return STANDS
        case Occasion.EXTENSION_DECIDED:
            return StandingMatter(deadline=state.deadline)
        case Occasion.EXTENSION_ASKED:
            asked = state.extension
            return StandingMatter(deadline=state.deadline) if asked and str(asked.extension_id) == about else None
        case Occasion.CONTROL_SOON | Occasion.CONTROL_ANNOUNCED:
            return _of_visit(state.bookings.get(UUID(about)), occasion)
        case Occasion.WINDOW_AT_RISK:
            place = UUID(about)
            return StandingMatter(deadline=state.window(place)) if place in state.at_risk else None
        case Occasion.PLACE_NOT_FOUND:
            place = UUID(about)
            return StandingMatter(deadline=state.window(place)) if place in state.not_found else None
        case Occasion.UNIT_CHANGED:
            unit, _, day = about.partition("/")
            return StandingMatter(day=date.fromisoformat(day)) if unit in state.changed_units else None
        case _:
            return None


def _of_visit(booking: ControlBooked | None, occasion: Occasion) -> StandingMatter | None:
    """R18: a company is told of announced visits only."""
    if booking is None or (occasion is Occasion.CONTROL_ANNOUNCED and not booking.announced):
        return None
    begins = None if booking.hours is None or occasion is Occasion.CONTROL_ANNOUNCED else booking.hours.begins
    return StandingMatter(day=booking.day, begins=begins, form=booking.form)


def day_of_control(events: Sequence[Event], control_id: str) -> date | None:
    """R18: returns the day for which a control was booked, also one that fell away; None if it never was."""
    booked = (event for event in events if isinstance(event, ControlBooked) and str(event.control_id) == control_id)
    return next((event.day for event in booked), None)


def _after_fulfilment(state: Kept, occasion: Occasion) -> StandingMatter | None:
    match occasion:
        case Occasion.RESULT:
            return STANDS
        case Occasion.FOLLOW_UP:
            return STANDS if state.follow_up_due and not state.followed_up else None
        case _:
            return None


def _after_breach(state: Broken, occasion: Occasion) -> StandingMatter | None:
    match occasion:
        case Occasion.RESULT | Occasion.HEARING_ANSWERED:
            return STANDS
        case Occasion.HEARING_OPENED | Occasion.HEARING_ENDS_SOON:
            hearing = None if state.heard else state.hearing
            return StandingMatter(deadline=hearing.answer_deadline) if hearing else None
        case _:
            return None
