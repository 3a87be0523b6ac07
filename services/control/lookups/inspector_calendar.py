"""The inspectors' calendars: which slots are free for a control on which day (R17)."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from uuid import UUID

from services.control.lookups.errors import NoDayFree
from services.control.rules import after_offer_not_accepted
from services.control.rules.after_offer_not_accepted import BookInspection, BookInspectionWhenDue
from services.control.rules.booking import BookControl, days_after, days_inside, places_due
from services.control.rules.calendar_slots import calendar_prefix, day_and_slot
from services.control.rules.course_decider import BookWhenDue
from services.control.rules.phases import AfterNo, Running, State
from shared.contracts.control import ChosenDay, ControlBooked, InspectionPlan, NewInspectionBooked
from shared.contracts.vocabulary import ContactForm, Drawn
from shared.eventstore.decider import TimerDue
from shared.eventstore.randomness import RandomSource, random_id
from shared.eventstore.reservations import reserved_under
from shared.policy.policy import Policy
from shared.service import Runtime

_DAYS_LOOKED_AT = 400
"""Most days that are tried before NoDayFree is raised; far more than any window has."""


@dataclass(frozen=True)
class DrawnDay:
    """R18: a day that was drawn, the slot on it, and how it was drawn."""

    day: date
    slot: int
    how: Drawn


@dataclass
class Calendar:
    """One inspector's calendar as it was read, with the slots that were taken or freed since."""

    inspector: str
    per_day: int
    taken: set[tuple[date, int]]

    def give_up(self, booking: ControlBooked | NewInspectionBooked) -> None:
        """Frees the slot of a booking that is about to be replaced, so that the new booking may stay there."""
        if booking.inspector == self.inspector:
            self.taken.discard((booking.day, booking.slot))

    def free_slot(self, day: date) -> int | None:
        """Returns a free slot on a day, or None if the day is full."""
        return next((slot for slot in range(1, self.per_day + 1) if (day, slot) not in self.taken), None)

    def take(self, day: date) -> int | None:
        """Takes a free slot on a day and returns it; None if the day is full."""
        slot = self.free_slot(day)
        if slot is not None:
            self.taken.add((day, slot))
        return slot

    def draw(self, inside: Sequence[date], after: Iterable[date], policy: Policy, chance: RandomSource) -> "DrawnDay":
        """R18: draws a day at random and takes a slot on it. Raises NoDayFree.

        Each free day in the window is equally likely; if none is free there, each of the next free days after it.
        """
        among, free = inside, self._free(inside)
        if not free:
            among = free = self._free(islice(after, _DAYS_LOOKED_AT))[: policy.control.late_days_drawn_from]
        if not free:
            raise NoDayFree(f"inspector {self.inspector} has no free slot in {_DAYS_LOOKED_AT} days")
        day = chance.choice(free)
        slot = self.take(day)
        assert slot is not None, "only free days are drawn"
        return DrawnDay(day, slot, Drawn(first=among[0], last=among[-1], spread=policy.control.day_spread))

    def _free(self, days: Iterable[date]) -> list[date]:
        return [day for day in days if self.free_slot(day) is not None]


async def calendar_of(runtime: Runtime, inspector: str, policy: Policy) -> Calendar:
    """Reads the taken slots in an inspector's calendar."""
    held = await runtime.database.ask(reserved_under, calendar_prefix(inspector))
    taken = {day_and_slot(inspector, name) for name in held}
    return Calendar(inspector, policy.control.controls_per_day, taken)


def lookups(runtime: Runtime) -> dict[str, Callable[[State, TimerDue], Awaitable[object]]]:
    """Returns what the timers of control look up: those that book need free days."""

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
    """R7, R18: draws a day for the inspection after an offer that was not accepted; a late one if none is in time."""
    calendar = await calendar_of(runtime, state.inspector, policy)
    if state.booking is not None:
        calendar.give_up(state.booking)
    limit, in_time = (
        after_offer_not_accepted.limit(state, policy),
        after_offer_not_accepted.days_in_time(state, at, policy),
    )
    drawn = calendar.draw(
        in_time, after_offer_not_accepted.days_too_late(state, at, policy), policy, runtime.random_source
    )
    return BookInspection(
        at=at,
        policy=policy,
        inspection_id=random_id(runtime.random_source),
        slot=drawn.slot,
        told=InspectionPlan(day=drawn.day, late_reason=limit.reason_of_itself(drawn.day, in_time)),
        drawn=drawn.how,
    )


async def free_bookings(runtime: Runtime, course: Running, at: datetime, policy: Policy) -> tuple[BookControl, ...]:
    """R18: draws a day for every place that needs one; after the window if no day in it is free."""
    return await drawn_bookings(runtime, course, places_due(course, at), at, policy)


async def drawn_bookings(
    runtime: Runtime, course: Running, places: Sequence[UUID], at: datetime, policy: Policy
) -> tuple[BookControl, ...]:
    """R18: draws a day for each of these places; the slots of their present bookings count as free."""
    calendar = await calendar_of(runtime, course.inspector, policy)
    for place in places:
        if place in course.bookings:
            calendar.give_up(course.bookings[place])
    return tuple(_booking(course, place, at, policy, calendar, runtime.random_source) for place in places)


def _booking(
    course: Running, place: UUID, at: datetime, policy: Policy, calendar: Calendar, chance: RandomSource
) -> BookControl:
    inside = days_inside(course, place, at, policy)
    drawn = calendar.draw(inside, days_after(course, place, at, policy), policy, chance)
    standing = course.bookings.get(place)
    return BookControl(
        at=at,
        policy=policy,
        place_id=place,
        control_id=random_id(chance),
        slot=drawn.slot,
        told=ChosenDay(
            day=drawn.day,
            form=ContactForm.VISIT,
            # A company that was told of a day is told of the one that replaces it.
            announced=standing.announced if standing else False,
            late_reason=course.limit(place).reason_of_itself(drawn.day, inside),
        ),
        drawn=drawn.how,
    )
