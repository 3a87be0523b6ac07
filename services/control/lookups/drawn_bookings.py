"""Bookings on planned or drawn days: of controls that are due, and of the inspection after a no (R7, R17, R18)."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

from services.control.lookups.found_places import CAUSES, found_inspection, found_places
from services.control.lookups.making_room import with_room_for_bookings, with_room_for_plans
from services.control.planning.lookups.drawing import draw
from services.control.planning.lookups.inspector_calendar import calendar_of
from services.control.planning.rules.calendar import Calendar, FreePlace
from services.control.planning.rules.making_room import sought_again_at
from services.control.rules import after_offer_not_accepted
from services.control.rules.after_offer_not_accepted import BookInspection, BookInspectionWhenDue, ReplanInspection
from services.control.rules.booking import BookControl, days_after, days_inside, drawn_from, places_due
from services.control.rules.course_decider import BookWhenDue
from services.control.rules.phases import AfterNo, Running, State
from services.control.rules.planned_places import NoteNoPlace, PlanPlaces, places_to_plan
from shared.contracts.control import ChosenDay, ControlPlanned, InspectionPlan
from shared.contracts.vocabulary import ContactForm, MakesRoom, PlanCause
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
        bookings = await free_bookings(runtime, state, timer.at, policy)
        command = BookWhenDue(policy, bookings, without_a_day(state, bookings, timer.at, policy))
        return await with_room_for_bookings(runtime, state, command, timer.at)

    async def planning(state: State, timer: TimerDue) -> object:
        if not isinstance(state, Running):
            return timer
        policy = runtime.policies.at(timer.at)
        places = places_to_plan(state, timer.at)
        command = PlanPlaces(policy, await found_places(runtime, state, places, timer.at, policy))
        return await with_room_for_plans(runtime, state, command, timer.at)

    async def inspection(state: State, timer: TimerDue) -> object:
        if not isinstance(state, AfterNo):
            return timer
        policy = runtime.policies.at(timer.at)
        if state.booking is not None:
            return ReplanInspection(timer.at, policy, await found_inspection(runtime, state, timer.at, policy))
        booking = await free_inspection(runtime, state, timer.at, policy)
        return BookInspectionWhenDue(timer.at, policy, booking)

    return {"course:plan-control": planning, "course:book-control": booking, "course:book-inspection": inspection}


async def free_inspection(runtime: Runtime, state: AfterNo, at: datetime, policy: Policy) -> BookInspection | None:
    """R7, R18: draws a day for the inspection after an offer that was not accepted; a late one if none is in time.

    Returns None if no day is free for more than a year.
    """
    calendar = await calendar_of(runtime, state.inspector, policy)
    if state.booking is not None:
        calendar.give_up(state.booking)
    limit = after_offer_not_accepted.limit(state, policy)
    in_time = after_offer_not_accepted.days_in_time(state, at, policy)
    too_late = after_offer_not_accepted.days_too_late(state, at, policy)
    drawn = draw(calendar, [in_time], too_late, policy, runtime.random_source)
    if drawn is None:
        return None
    return BookInspection(
        at=at,
        policy=policy,
        inspection_id=random_id(runtime.random_source),
        place=drawn.place,
        told=InspectionPlan(day=drawn.day, late_reason=limit.reason_of_itself(drawn.day, in_time)),
        drawn=drawn.how,
    )


async def free_bookings(runtime: Runtime, course: Running, at: datetime, policy: Policy) -> tuple[BookControl, ...]:
    """R18: finds a day for every place that needs one; after the window if no day in it is free."""
    return await drawn_bookings(runtime, course, places_due(course, at), at, policy)


def without_a_day(
    course: Running, bookings: Sequence[BookControl], at: datetime, policy: Policy
) -> tuple[NoteNoPlace, ...]:
    """R17: returns the places that need a booking, and for which no day is free for more than a year."""
    booked = {one.place_id for one in bookings}
    cause, again_at = course.latest_change.cause, sought_again_at(at, policy)
    return tuple(
        NoteNoPlace(at, place, again_at, cause, (MakesRoom.COLLEAGUE,), late_too=True)
        for place in places_due(course, at)
        if place not in booked
    )


async def drawn_bookings(
    runtime: Runtime, course: Running, places: Sequence[UUID], at: datetime, policy: Policy
) -> tuple[BookControl, ...]:
    """R18: finds a day for each of these places; leaves out those for which none is free for more than a year.

    A planned day is taken if it still fits; else a day is drawn. The places of present bookings count as free.
    """
    calendar = await calendar_of(runtime, course.inspector, policy)
    for place in places:
        if place in course.bookings:
            calendar.give_up(course.bookings[place])
    bookings = (_booking(course, place, at, policy, calendar, runtime.random_source) for place in places)
    return tuple(one for one in bookings if one is not None)


def _booking(
    course: Running, place: UUID, at: datetime, policy: Policy, calendar: Calendar, chance: RandomSource
) -> BookControl | None:
    inside = days_inside(course, place, at, policy)
    plan = course.plans.get(place)
    if plan is not None and plan.day in inside and calendar.why_not_kept(plan) is None:
        return _as_planned(plan, calendar, at, policy, random_id(chance))
    if plan is not None:
        calendar.give_up(plan)
    spans = drawn_from(course, place, inside, policy)
    drawn = draw(calendar, spans, days_after(course, place, at, policy), policy, chance)
    if drawn is None:
        return None
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
        cause=_why_elsewhere(course, plan, calendar),
    )


def _as_planned(
    plan: ControlPlanned, calendar: Calendar, at: datetime, policy: Policy, control_id: UUID
) -> BookControl:
    """R18: returns the booking of a planned place; nothing is drawn again."""
    return BookControl(
        at=at,
        policy=policy,
        place_id=plan.place_id,
        control_id=control_id,
        place=FreePlace(plan.slot, plan.hours, calendar.relies_on),
        told=ChosenDay(day=plan.day, form=ContactForm.VISIT, announced=False),
        drawn=plan.drawn,
        plan_id=plan.plan_id,
    )


def _why_elsewhere(course: Running, plan: ControlPlanned | None, calendar: Calendar) -> PlanCause:
    why = None if plan is None else calendar.why_not_kept(plan)
    return course.latest_change.cause if why is None else CAUSES[why]
