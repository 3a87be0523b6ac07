"""Finds what could save a visit, and builds the command of who takes it, from the calendar as it stands (R17, R18)."""

from datetime import datetime
from uuid import UUID

from services.control.lookups.found_places import on_its_day
from services.control.planning.lookups.inspector_calendar import calendar_of
from services.control.planning.lookups.visits import Whose, visits_between, visits_in
from services.control.planning.rules.calendar import WhyNotFree
from services.control.planning.rules.visit import VisitKind
from services.control.rules.booking import BookControl, days_inside, require_booking
from services.control.rules.included_places import refuse_not_awaited
from services.control.rules.phases import Running
from services.control.rules.proposals import RECENT_VISIT, Proposal, allows_phone, could_join, proposals
from shared.contracts.control import ChosenDay
from shared.contracts.vocabulary import ContactForm
from shared.deadlines.copenhagen import local_day
from shared.eventstore.decider import Guard
from shared.eventstore.errors import Refused
from shared.eventstore.randomness import random_id
from shared.policy.policy import Policy
from shared.service import Runtime


async def proposals_for(runtime: Runtime, course: Running, at: datetime, policy: Policy) -> tuple[Proposal, ...]:
    """R18, R21: returns what could save a visit, by the calendar of the responsible inspector."""
    days = [day for place in course.awaited for day in days_inside(course, place, at, policy)]
    first, last = min(days, default=local_day(at)), max(days, default=local_day(at))
    visits = await visits_between(
        runtime, min(first, local_day(at)), max(last, course.deadline.last_day), policy, Whose(course.inspector)
    )
    calendar = await calendar_of(runtime, course.inspector, policy)
    return proposals(course, at, policy, visits, calendar.place_on)


async def joining(
    runtime: Runtime, course: Running, place: UUID, visit_id: UUID, at: datetime, policy: Policy
) -> tuple[BookControl, Guard]:
    """R17, R18: returns the command that books a control on the day of another visit to its unit.

    It holds only while that visit stands, which the guard sees to. Raises Refused if it does not stand, or never did.
    """
    refuse_not_awaited(course, place)
    standing = course.bookings.get(place)
    if standing is not None and standing.announced:
        raise Refused("R18", "the company was told of {day}: say why the visit is moved", day=standing.day)
    inside = days_inside(course, place, at, policy) or [local_day(at)]
    visits = await visits_between(runtime, inside[0], inside[-1], policy, Whose(course.inspector))
    visit = next((one for one in could_join(course, place, visits) if one.visit_id == visit_id), None)
    gone = Refused("R17", "visit {visit_id} to the same unit does not stand, or not any more", visit_id=visit_id)
    if visit is None:
        raise gone
    stream = visit.visit_id if visit.kind is VisitKind.GUIDANCE_MEETING else visit.stream
    version = (await runtime.store.load(stream)).version
    if visit not in await visits_in(runtime, stream, policy):
        raise gone
    calendar = await calendar_of(runtime, course.inspector, policy)
    held = standing or course.plans.get(place)
    if held is not None:
        calendar.give_up(held)
    command = BookControl(
        at=at,
        policy=policy,
        place_id=place,
        control_id=random_id(runtime.random_source),
        place=calendar.place_on(visit.day),
        told=ChosenDay(day=visit.day, form=ContactForm.VISIT, announced=False),
        joins=visit_id,
    )
    return command, Guard(stream, version)


async def by_phone(runtime: Runtime, course: Running, place: UUID, at: datetime, policy: Policy) -> BookControl:
    """R18: returns the command that keeps the day of a control and makes it one by phone. Raises Refused.

    The company must have reported back, and have had guidance there a short while ago.
    """
    booking = require_booking(course, place)
    if allows_phone(course, place, at, policy) is None:
        days = policy.control.recent_visit_days
        why = "a control by phone needs documentation that is complete, and guidance there in the last {days} days"
        raise Refused("R18", why, days=days)
    calendar = await calendar_of(runtime, course.inspector, policy)
    calendar.give_up(booking)
    return BookControl(
        at=at,
        policy=policy,
        place_id=place,
        control_id=random_id(runtime.random_source),
        place=on_its_day(calendar, booking) or WhyNotFree.FULL,
        told=ChosenDay(
            day=booking.day,
            form=ContactForm.PHONE,
            form_reason=RECENT_VISIT,
            announced=booking.announced,
            late_reason=booking.late_reason,
        ),
        drawn=booking.drawn,
    )
