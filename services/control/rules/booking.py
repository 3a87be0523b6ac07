"""When and how a control is booked: by itself, on a working day, inside its window (R17, R18)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from uuid import UUID

from services.control.planning.rules.calendar import FreePlace, RestsOnCalendars, WhyNotFree, refuse_not_free
from services.control.rules.control_form_and_announcement import refuse_faulty_form
from services.control.rules.included_places import refuse_not_awaited, require_place
from services.control.rules.phases import Running
from shared.contracts.control import AnnouncedControlCancelled, ChosenDay, ControlBooked
from shared.contracts.vocabulary import Drawn, PlanCause, Span
from shared.deadlines.copenhagen import local_day
from shared.deadlines.deadlines import is_working_day, next_working_day
from shared.eventstore.decider import every_fault
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event
from shared.policy.policy import Policy

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class BookControl(RestsOnCalendars):
    """A control on a day that is free in the inspector's calendar."""

    at: datetime
    policy: Policy
    place_id: UUID
    control_id: UUID
    place: FreePlace | WhyNotFree
    """Where the visit stands in the inspector's calendar on the day, or why it cannot."""
    told: ChosenDay
    drawn: Drawn | None = None
    """R18: how the system drew the day; None where an inspector chose it."""
    cause: PlanCause | None = None
    """R27: why the system chose another place than was planned or booked."""
    plan_id: UUID | None = None
    """R17: the plan whose place it takes."""
    moved_because: str | None = None
    """R18: why an announced day is moved, in words for the company."""
    joins: UUID | None = None
    """R17: the visit to the same unit with which it comes along."""


def book(course: Running, command: BookControl) -> tuple[Event, ...]:
    """R17, R19: records the day that an inspector chose for a control; it replaces the place's earlier booking."""
    refuse_not_awaited(course, command.place_id)
    with every_fault() as check:
        check(refuse_impossible_day, command)
        check(refuse_before_the_deadline, course, command.told.day)
        check(refuse_late_without_reason, course, command)
        check(refuse_faulty_form, command.told.form, command.told.form_reason)
    return booked(course, command)


def booked(course: Running, command: BookControl) -> tuple[Event, ...]:
    """R17, R18: returns the booking for the responsible inspector, and the cancellation of an announced day."""
    assert isinstance(command.place, FreePlace), "what has no place is refused, or not drawn"
    window = course.window(command.place_id)
    replaced = course.bookings.get(command.place_id)
    late_reason = course.limit(command.place_id).reason(command.told.day, command.told.late_reason)
    told = command.told.model_copy(update={"late_reason": late_reason})
    made = ControlBooked(
        agreement_id=course.started.agreement_id,
        control_id=command.control_id,
        place_id=command.place_id,
        inspector=course.inspector,
        slot=command.place.slot,
        hours=command.place.hours,
        window=window,
        booked_at=command.at,
        replaces=replaced.control_id if replaced else None,
        drawn=command.drawn,
        cause=command.cause,
        plan_id=command.plan_id,
        joins=command.joins,
        **dict(told),
    )
    if replaced is None or (command.told.announced and command.moved_because is None):
        return (made,)
    return *fall_away([replaced], command.at, command.moved_because), made


def fall_away(
    bookings: Iterable[ControlBooked], at: datetime, reason: str | None = None
) -> tuple[AnnouncedControlCancelled, ...]:
    """R18: returns the cancellations that the company is told of: those of announced controls only."""
    return tuple(
        AnnouncedControlCancelled(
            agreement_id=one.agreement_id, control_id=one.control_id, cancelled_at=at, reason=reason
        )
        for one in bookings
        if one.announced
    )


def refuse_impossible_day(command: BookControl) -> None:
    """R17: refuses a day that is over, is no working day, or has no free place in the inspector's calendar."""
    with every_fault() as check:
        if command.told.day < local_day(command.at):
            check.note(Refused("R17", "{day} is over", day=command.told.day))
        if not is_working_day(command.told.day, command.policy):
            check.note(Refused("R17", "{day} is not a working day", day=command.told.day))
        else:
            check(refuse_not_free, "R17", command.told.day, command.place)


def refuse_late_without_reason(course: Running, command: BookControl) -> None:
    """R17: refuses a day after the window without a reason; late controls are counted by their reasons."""
    limit, day = course.limit(command.place_id), command.told.day
    if limit.lacks_reason(day, command.told.late_reason):
        raise Refused(
            "R17",
            "{day} is after {last_day} and needs a reason: {known}",
            day=day,
            last_day=limit.last_day,
            known=", ".join(limit.reasons),
        )


def refuse_before_the_deadline(course: Running, day: date) -> None:
    """R17: refuses a day before the end of the company's period, unless it reported that the agreement is met."""
    last_day = course.deadline.last_day
    if not is_late_enough(course, day):
        raise Refused("R17", "not before {last_day} is over, unless the company is done", last_day=last_day)


def book_when_due(course: Running, bookings: Iterable[BookControl]) -> tuple[Event, ...]:
    """R17: books a control at every place that still needs one, without being asked; on its planned place if it can."""
    return tuple(
        event
        for command in bookings
        if place_due(course, command.place_id) is not None
        for event in (*_outrun(course, command), *booked(course, command))
    )


def _outrun(course: Running, command: BookControl) -> tuple[AnnouncedControlCancelled, ...]:
    """R13, R18: a day that a longer deadline overtook is called off, whatever day takes its place."""
    standing = course.bookings.get(command.place_id)
    overtaken = standing is not None and command.told.announced and not is_late_enough(course, standing.day)
    return fall_away([standing], command.at) if standing is not None and overtaken else ()


def booking_due(course: Running) -> datetime | None:
    """R17, R19: returns when the next control must be booked automatically; None where the current bookings suffice."""
    dues = [due for place in course.awaited if (due := place_due(course, place)) is not None]
    return min(dues, default=None)


def places_due(course: Running, at: datetime) -> tuple[UUID, ...]:
    """R19: returns the places whose control must be booked by now."""
    dues = {place: place_due(course, place) for place in course.awaited}
    return tuple(place for place, due in dues.items() if due is not None and due <= at)


def place_due(course: Running, place: UUID) -> datetime | None:
    """R17: returns when a control of the place must be booked automatically; None where no booking is needed.

    What is missing, or fits no longer, is booked as soon as that is known: with complete documentation, with a control
    that decided nothing (R21), with a longer deadline (R13, R27). Else a while before the compliance deadline.

    R40: nothing at a unit that is another's than whose agreement it is: the inspector decides first.
    """
    if not is_left_at(course, place):
        return None
    standing = course.bookings.get(place)
    if standing is not None and _fits(course, place, standing):
        return None
    due = max(_asked_for_at_once(course, place), default=course.books_control_at)
    sought = course.not_found.get(place)
    return max(due, sought.again_at) if sought is not None and sought.late_too else due


def awaits_its_booking(course: Running, place: UUID) -> bool:
    """R17: returns whether a control will be booked a while before the deadline, and nothing asks for one sooner."""
    return is_left_at(course, place) and place not in course.bookings and not _asked_for_at_once(course, place)


def is_left_at(course: Running, place: UUID) -> bool:
    """R19, R40: returns whether a control of the place is awaited, and its unit has not changed."""
    return place in course.awaited and not _has_changed(course, place)


def _asked_for_at_once(course: Running, place: UUID) -> list[datetime]:
    since = [course.complete.received_at] if course.complete is not None else []
    since += [course.reopened[place]] if place in course.reopened else []
    if place in course.bookings:
        since += [extension.granted_at for extension in course.deadline.extensions[-1:]]
        since += [recount.recounted_at for recount in course.deadline.recounts[-1:]]
    return since


def _has_changed(course: Running, place: UUID) -> bool:
    return bool(course.changed_units) and any(
        one.p_number in course.changed_units for one in course.places if one.place_id == place
    )


def _fits(course: Running, place: UUID, booking: ControlBooked) -> bool:
    window = course.window(place)
    explained = booking.late_reason is not None and booking.window == window
    in_window = not window.is_over_on(booking.day) or explained or booking.control_id in course.in_former_windows
    return in_window and is_late_enough(course, booking.day)


def is_late_enough(course: Running, day: date) -> bool:
    """R17: returns whether the company's period is over on the day, or it reported that the agreement is met."""
    return course.complete is not None or course.deadline.is_over_on(day)


def days_after(course: Running, place: UUID, at: datetime, policy: Policy) -> Iterator[date]:
    """R17: yields the working days after the window, for which a reason is needed, the next one first."""
    day = max(_first_day(course, at), course.window(place).last_day + _ONE_DAY)
    while True:
        day = next_working_day(day, policy)
        yield day
        day += _ONE_DAY


def days_inside(course: Running, place: UUID, at: datetime, policy: Policy) -> list[date]:
    """R17, R18: returns the working days that are left of the window, from which one is drawn.

    Without complete documentation the control waits for the deadline.
    """
    first, last = _first_day(course, at), course.window(place).last_day
    days = [first + _ONE_DAY * number for number in range((last - first).days + 1)]
    return [day for day in days if is_working_day(day, policy)]


def days_left(course: Running, place: UUID, at: datetime, policy: Policy) -> Span | None:
    """R17: returns the first and the last of these days; None if no working day is left of the window."""
    first, last = next_working_day(_first_day(course, at), policy), course.window(place).last_day
    if first > last:
        return None
    while not is_working_day(last, policy):
        last -= _ONE_DAY
    return Span(first=first, last=last)


def drawn_from(course: Running, place: UUID, inside: Sequence[date], policy: Policy) -> Sequence[Sequence[date]]:
    """R18, R21: returns the days to draw from: the first part of the window, or all of it if few are free there.

    The rest of the window is left for what follows a control that decided nothing, which is drawn from all days.

    A planned day that fits is kept. So where the window has moved, days of the former draw would come up more often
    than others, and could be guessed; the next draw prefers the days that the former one could not give.
    """
    if place in course.reopened:
        return [inside]
    part = inside[: ceil(len(inside) * policy.control.draw_fraction)]
    plan = course.plans.get(place)
    if plan is None:
        return [part, inside]
    return [[day for day in part if not plan.drawn.first <= day <= plan.drawn.last], part, inside]


def window_is_used_up(course: Running, place: UUID, at: datetime, policy: Policy) -> bool:
    """R21: returns whether the window has no working day left on which a control could be held."""
    return course.limit(place).is_late(next_working_day(_first_day(course, at), policy))


def _first_day(course: Running, at: datetime) -> date:
    tomorrow = local_day(at) + _ONE_DAY
    return tomorrow if course.complete else max(tomorrow, course.deadline.last_day + _ONE_DAY)


def require_booking(course: Running, place: UUID) -> ControlBooked:
    """R17: returns the booking of a place; refuses a control that was not booked."""
    booking = course.bookings.get(place)
    if booking is None:
        p_number = require_place(course, place).p_number
        raise Refused("R17", "no control is booked at place {place}", place=place, p_number=p_number)
    return booking
