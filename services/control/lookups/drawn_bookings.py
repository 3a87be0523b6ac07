"""Bookings on drawn days: of controls that are due, and of the inspection after a no (R7, R17, R18)."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

from services.control.planning.lookups.drawing import draw
from services.control.planning.lookups.inspector_calendar import calendar_of
from services.control.planning.rules.calendar import Calendar
from services.control.rules import after_offer_not_accepted
from services.control.rules.after_offer_not_accepted import BookInspection, BookInspectionWhenDue
from services.control.rules.booking import BookControl, days_after, days_inside, drawn_from, places_due
from services.control.rules.course_decider import BookWhenDue
from services.control.rules.phases import AfterNo, Running, State
from shared.contracts.control import ChosenDay, InspectionPlan
from shared.contracts.vocabulary import ContactForm
from shared.eventstore.decider import TimerDue
from shared.eventstore.randomness import RandomSource, random_id
from shared.policy.policy import Policy
from shared.service import Runtime


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
    limit = after_offer_not_accepted.limit(state, policy)
    in_time = after_offer_not_accepted.days_in_time(state, at, policy)
    too_late = after_offer_not_accepted.days_too_late(state, at, policy)
    drawn = draw(calendar, [in_time], too_late, policy, runtime.random_source)
    return BookInspection(
        at=at,
        policy=policy,
        inspection_id=random_id(runtime.random_source),
        place=drawn.place,
        told=InspectionPlan(day=drawn.day, late_reason=limit.reason_of_itself(drawn.day, in_time)),
        drawn=drawn.how,
    )


async def free_bookings(runtime: Runtime, course: Running, at: datetime, policy: Policy) -> tuple[BookControl, ...]:
    """R18: draws a day for every place that needs one; after the window if no day in it is free."""
    return await drawn_bookings(runtime, course, places_due(course, at), at, policy)


async def drawn_bookings(
    runtime: Runtime, course: Running, places: Sequence[UUID], at: datetime, policy: Policy
) -> tuple[BookControl, ...]:
    """R18: draws a day for each of these places; the places of their present bookings count as free."""
    calendar = await calendar_of(runtime, course.inspector, policy)
    for place in places:
        if place in course.bookings:
            calendar.give_up(course.bookings[place])
    return tuple(_booking(course, place, at, policy, calendar, runtime.random_source) for place in places)


def _booking(
    course: Running, place: UUID, at: datetime, policy: Policy, calendar: Calendar, chance: RandomSource
) -> BookControl:
    inside = days_inside(course, place, at, policy)
    spans = drawn_from(course, place, inside, policy)
    drawn = draw(calendar, spans, days_after(course, place, at, policy), policy, chance)
    standing = course.bookings.get(place)
    return BookControl(
        at=at,
        policy=policy,
        place_id=place,
        control_id=random_id(chance),
        place=drawn.place,
        told=ChosenDay(
            day=drawn.day,
            form=ContactForm.VISIT,
            # A company that was told of a day is told of the one that replaces it.
            announced=standing.announced if standing else False,
            late_reason=course.limit(place).reason_of_itself(drawn.day, inside),
        ),
        drawn=drawn.how,
    )
