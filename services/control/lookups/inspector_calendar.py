"""The inspectors' calendars: which place on which day is free for a control (R17)."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from uuid import UUID, uuid5

from services.control.rules import after_no
from services.control.rules.after_no import BookInspection, BookInspectionWhenDue
from services.control.rules.booking import BookControl, candidate_days, days_inside, places_due
from services.control.rules.calendar_places import day_and_slot, names_of_calendar
from services.control.rules.course_decider import BookWhenDue
from services.control.rules.late_by_itself import reason_for_being_late
from services.control.rules.phases import AfterNo, Running, State
from shared.contracts.control import ControlBooked, NewInspectionBooked
from shared.contracts.vocabulary import ContactForm
from shared.eventstore.decider import TimerDue
from shared.eventstore.reservations import held_under
from shared.policy.policy import Policy
from shared.service import Runtime

_DAYS_LOOKED_AT = 400
"""Days that are tried before the calendar counts as broken; far more than any window has."""


class NoDayFree(Exception):
    """Not one place is free in more than a year."""


@dataclass
class Calendar:
    """One inspector's calendar as it was read, with what was taken or given up since."""

    inspector: str
    per_day: int
    taken: set[tuple[date, int]]

    def give_up(self, booking: ControlBooked | NewInspectionBooked) -> None:
        """The place of a booking that is about to be replaced: it may stay where it is."""
        if booking.inspector == self.inspector:
            self.taken.discard((booking.day, booking.slot))

    def free_slot(self, day: date) -> int | None:
        """A free place on a day; None where the day is full."""
        return next((slot for slot in range(1, self.per_day + 1) if (day, slot) not in self.taken), None)

    def take_first(self, days: Iterable[date]) -> tuple[date, int]:
        """The first of these days with a free place, which is taken from now on. Raises NoDayFree."""
        for day in islice(days, _DAYS_LOOKED_AT):
            slot = self.free_slot(day)
            if slot is not None:
                self.taken.add((day, slot))
                return day, slot
        raise NoDayFree(f"inspector {self.inspector} has no free place in {_DAYS_LOOKED_AT} days")


async def calendar_of(runtime: Runtime, inspector: str, policy: Policy) -> Calendar:
    """What stands in an inspector's calendar."""
    held = await runtime.database.ask(held_under, names_of_calendar(inspector))
    taken = {day_and_slot(inspector, name) for name in held}
    return Calendar(inspector, policy.control.controls_per_day, taken)


def lookups(runtime: Runtime) -> dict[str, Callable[[State, TimerDue], Awaitable[object]]]:
    """What the timers of control look up: the booking timer needs free days."""

    async def booking(state: State, timer: TimerDue) -> object:
        if not isinstance(state, Running):
            return timer
        policy = runtime.policies.at(timer.at)
        return BookWhenDue(policy, await free_bookings(runtime, state, timer.at, policy))

    async def inspection(state: State, timer: TimerDue) -> object:
        if not isinstance(state, AfterNo):
            return timer
        policy = runtime.policies.at(timer.at)
        return BookInspectionWhenDue(policy, await free_inspection(runtime, state, timer.at, policy))

    return {"course:book-control": booking, "course:book-inspection": inspection}


async def free_inspection(runtime: Runtime, state: AfterNo, at: datetime, policy: Policy) -> BookInspection:
    """R7: the first day with a free place for the inspection that follows a no, late where none is free in time."""
    calendar = await calendar_of(runtime, state.inspector, policy)
    day, slot = calendar.take_first(after_no.candidate_days(at, policy))
    inspection_id = uuid5(state.noted.agreement_id, f"inspection/{at.isoformat()}")
    last_day, in_time = after_no.last_day_in_time(state, policy), after_no.days_in_time(state, at, policy)
    return BookInspection(
        at=at,
        policy=policy,
        inspection_id=inspection_id,
        day=day,
        slot=slot,
        late_reason=reason_for_being_late(day, last_day, in_time),
    )


async def free_bookings(runtime: Runtime, course: Running, at: datetime, policy: Policy) -> tuple[BookControl, ...]:
    """For every place that needs one, the best day with a free place; after the window where there is none inside."""
    calendar = await calendar_of(runtime, course.inspector, policy)
    places = places_due(course, at)
    for place in places:
        if place in course.bookings:
            calendar.give_up(course.bookings[place])
    return tuple(_booking(course, place, at, policy, calendar) for place in places)


def _booking(course: Running, place: UUID, at: datetime, policy: Policy, calendar: Calendar) -> BookControl:
    day, slot = calendar.take_first(candidate_days(course, place, at, policy))
    standing = course.bookings.get(place)
    return BookControl(
        at=at,
        policy=policy,
        place_id=place,
        control_id=control_id(course, place, at),
        day=day,
        slot=slot,
        form=ContactForm.VISIT,
        form_reason=None,
        # A company that was told of a day is told of the one that replaces it.
        announced=standing.announced if standing else False,
        late_reason=reason_for_being_late(
            day,
            course.window(place).last_day,
            days_inside(course, place, at, policy),
            course.late_by_indecision(place),
        ),
    )


def control_id(course: Running, place: UUID, at: datetime) -> UUID:
    """The same for the same booking however often it is tried."""
    return uuid5(course.started.agreement_id, f"control/{place}/{at.isoformat()}")
