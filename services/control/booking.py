"""When and how a control is booked: by itself, on a working day, inside its window (R17, R18)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from services.control.phases import Running, State
from shared.contracts.control import ControlBooked
from shared.contracts.vocabulary import ContactForm
from shared.deadlines.copenhagen import local_day
from shared.deadlines.deadline import Deadline
from shared.deadlines.deadlines import is_working_day, next_working_day
from shared.kernel.decider import Refused
from shared.kernel.events import Event
from shared.policy.policy import Policy
from shared.reference.reference import control_form_reasons, control_late_reasons

CALENDAR_FULL = "calendar-full"
"""R17: the reason that the system gives where no day of the window is free."""
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class BookControl:
    """A control on a day that is free in the inspector's calendar."""

    at: datetime
    policy: Policy
    control_id: UUID
    day: date
    slot: int
    form: ContactForm
    form_reason: str | None
    announced: bool
    late_reason: str | None


def book(course: Running, command: BookControl) -> ControlBooked:
    """R17: a later booking replaces the one that stands."""
    refuse_impossible_day(command)
    refuse_late_without_reason(course.window, command)
    refuse_form_without_reason(command.form, command.form_reason)
    return ControlBooked(
        agreement_id=course.started.agreement_id,
        control_id=command.control_id,
        inspector=course.started.inspector,
        day=command.day,
        slot=command.slot,
        form=command.form,
        form_reason=command.form_reason,
        announced=command.announced,
        window=course.window,
        booked_at=command.at,
        replaces=course.booking.control_id if course.booking else None,
        late_reason=command.late_reason,
    )


def refuse_form_without_reason(form: ContactForm, reason: str | None) -> None:
    """R18: a visit, or a special situation that is recorded."""
    known = control_form_reasons()
    if form is not ContactForm.VISIT and reason not in known:
        raise Refused("R18", "a control by {form} needs a reason: {known}", form=form, known=", ".join(known))


def refuse_impossible_day(command: BookControl) -> None:
    """R17: on a working day that is not over."""
    if command.day < local_day(command.at):
        raise Refused("R17", "{day} is over", day=command.day)
    if not is_working_day(command.day, command.policy):
        raise Refused("R17", "{day} is not a working day", day=command.day)


def refuse_late_without_reason(window: Deadline, command: BookControl) -> None:
    """R17: after the window only with a reason, which is counted."""
    known = control_late_reasons()
    if command.day > window.last_day and command.late_reason not in known:
        raise Refused(
            "R17",
            "{day} is after {last_day} and needs a reason: {known}",
            day=command.day,
            last_day=window.last_day,
            known=", ".join(known),
        )


def book_when_due(state: State, command: BookControl) -> Sequence[Event]:
    """The same by itself: nothing where a control has decided, or was booked, meanwhile."""
    return (book(state, command),) if isinstance(state, Running) and booking_due(state) is not None else ()


def booking_due(course: Running) -> datetime | None:
    """R17: when a control must be booked by itself; None where the booking that stands will do."""
    booking, window = course.booking, course.window
    if booking is not None and (booking.day <= window.last_day or (booking.late_reason and booking.window == window)):
        return None
    if course.complete is not None:
        return max(course.complete.received_at, course.turned_at or course.complete.received_at)
    return course.turned_at or course.started.books_control_at


def candidate_days(course: Running, at: datetime, policy: Policy) -> Iterator[date]:
    """R17: days to try, best first: half-way through what is left of the window, later ones, then earlier ones.

    Without complete documentation the control waits for the deadline. After the last day of the window come the days
    that need a reason.
    """
    tomorrow = local_day(at) + _ONE_DAY
    first = tomorrow if course.complete else max(tomorrow, course.started.compliance_deadline.last_day + _ONE_DAY)
    last = course.window.last_day
    aim = min(max(first, _aim(course, first, policy)), max(first, last))
    days = [first + _ONE_DAY * number for number in range((last - first).days + 1)]
    inside = [day for day in days if is_working_day(day, policy)]
    yield from (day for day in inside if day >= aim)
    yield from (day for day in reversed(inside) if day < aim)
    day = max(first, last + _ONE_DAY)
    while True:
        day = next_working_day(day, policy)
        yield day
        day += _ONE_DAY


def _aim(course: Running, first: date, policy: Policy) -> date:
    aimed = course.window.counted_from + timedelta(days=policy.control.target_days)
    return max(aimed, first + (course.window.last_day - first) / 2) if course.turned_at else aimed


def require_booking(course: Running) -> ControlBooked:
    """R17: a control is booked before it is held."""
    if course.booking is None:
        raise Refused("R17", "no control is booked")
    return course.booking
