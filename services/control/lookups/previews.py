"""What would have to move if a deadline moved or a colleague were away; nothing is drawn, and nothing moves (R13, R17).

Only how many days would be possible is told, never which one: a day is drawn when it is needed, and not before (R18).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.control.planning.lookups.inspector_calendar import calendar_for_plans, calendar_without
from services.control.planning.lookups.visits import Whose, visits_between
from services.control.planning.rules.calendar import Calendar
from services.control.planning.rules.half_hours import MeetingPlace
from services.control.planning.rules.matching import InspectorDay, Matching
from services.control.planning.rules.visit import Visit, VisitKind
from services.control.rules import after_offer_not_accepted
from services.control.rules.booking import days_inside, place_due
from services.control.rules.course_decider import COURSE
from services.control.rules.extension import would_be_granted
from services.control.rules.phases import AfterNo, Running
from services.control.rules.planned_places import plan_fits
from services.control.rules.visits_of_course import visits_of
from shared.contracts.vocabulary import Span
from shared.deadlines.copenhagen import local_day
from shared.eventstore.commands import read
from shared.policy.policy import Policy
from shared.service import Runtime

_MEETINGS = (VisitKind.HELD_PLACE, VisitKind.GUIDANCE_MEETING)


@dataclass(frozen=True)
class WouldMove:
    """R17: a visit that could not stay where it is."""

    visit: Visit
    possible: int
    """R18: on how many days inside its window it would have a place; 0 for a meeting, whose time is agreed anew."""
    finds_place: bool
    """Whether it would have a place inside its window beside all others that have to move."""


async def if_deadline_moved(
    runtime: Runtime, course: Running, until: date, at: datetime, policy: Policy
) -> list[WouldMove]:
    """R13, R17: returns the visits of an agreement that a longer deadline would move. Refuses what is no longer one."""
    after = COURSE.evolve(course, would_be_granted(course, until, at, policy).public_form())
    assert isinstance(after, Running), "a longer deadline ends no agreement"
    moves = [visit for visit in visits_of(course, policy) if _must_move(after, visit.place_id)]
    calendar = await calendar_for_plans(runtime, course.inspector, policy)
    days = {visit.visit_id: days_inside(after, visit.place_id, at, policy) for visit in moves}
    return _placed_elsewhere(calendar, moves, days)


def _must_move(after: Running, place: UUID) -> bool:
    plan = after.plans.get(place)
    return place_due(after, place) is not None if plan is None else not plan_fits(after, plan)


async def if_away(runtime: Runtime, person: str, span: Span, at: datetime, policy: Policy) -> list[WouldMove]:
    """R17, R42: returns the visits of a person that could not stay if the person were away in these days."""
    ahead = max(span.first, local_day(at))
    visits = await visits_between(runtime, ahead, span.last, policy, Whose(person))
    calendar = await calendar_without(runtime, person, span, policy)
    days = {visit.visit_id: await _other_days(runtime, visit, at, policy) for visit in visits}
    return _placed_elsewhere(calendar, visits, days)


async def _other_days(runtime: Runtime, visit: Visit, at: datetime, policy: Policy) -> Sequence[date]:
    """Returns the days to which a visit could move; none for a meeting, which is not moved without the company."""
    if visit.kind in _MEETINGS:
        return ()
    match (await read(runtime.store, COURSE, visit.stream)).state:
        case Running() as course:
            return days_inside(course, visit.place_id, at, policy)
        case AfterNo() as matter:
            return after_offer_not_accepted.days_in_time(matter, at, policy)
        case _:
            return ()


def _placed_elsewhere(
    calendar: Calendar, visits: Sequence[Visit], days: Mapping[UUID, Sequence[date]]
) -> list[WouldMove]:
    """R17: returns what would become of these visits; those whose windows end first get a place before the others."""
    for visit in visits:
        calendar.give_up(MeetingPlace(visit.inspector, visit.day, visit.slot, visit.hours))
    possible = {
        visit.visit_id: [day for day in days[visit.visit_id] if calendar.free_place(day) is not None]
        for visit in visits
    }
    room = {
        InspectorDay(calendar.inspector, day): _fit(calendar, day)
        for day in {day for of_visit in possible.values() for day in of_visit}
    }
    matching = Matching(room)
    return [
        WouldMove(
            visit,
            len(possible[visit.visit_id]),
            matching.give(number, [InspectorDay(calendar.inspector, day) for day in possible[visit.visit_id]]),
        )
        for number, visit in enumerate(sorted(visits, key=lambda one: (one.window.last, one.day, one.visit_id)))
    ]


def _fit(calendar: Calendar, day: date) -> int:
    fit = 0
    while calendar.take(day) is not None:
        fit += 1
    return fit
