"""Looks for the places in the calendar that controls need before they are booked, or instead of their present ones.

As little moves as possible: what fits stays, else it keeps its day, else a day of its window is drawn (R17, R18).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.control.planning.lookups.drawing import DrawnDay, draw
from services.control.planning.lookups.inspector_calendar import calendar_for_plans
from services.control.planning.rules.calendar import Calendar, FreePlace, WhyNotFree
from services.control.planning.rules.half_hours import Booking
from services.control.planning.rules.making_room import sought_again_at, would_make_room
from services.control.rules import after_offer_not_accepted
from services.control.rules.after_offer_not_accepted import BookInspection
from services.control.rules.booking import BookControl, days_inside, drawn_from
from services.control.rules.phases import AfterNo, Running
from services.control.rules.planned_places import Found, NoteFit, NoteNoPlace, PlanControl, plan_fits
from shared.contracts.control import ChosenDay, ControlBooked, ControlPlanned, InspectionPlan, NewInspectionBooked
from shared.contracts.vocabulary import Drawn, MakesRoom, PlanCause
from shared.deadlines.copenhagen import local_day
from shared.eventstore.randomness import RandomSource, random_id
from shared.policy.policy import Policy
from shared.service import Runtime

NewPlace = tuple[date, FreePlace, Drawn | None]
"""A day, the place on it, and how it was drawn; None where an inspector chose the day."""
CAUSES: Mapping[WhyNotFree, PlanCause] = {
    WhyNotFree.AWAY: PlanCause.ABSENCE,
    WhyNotFree.CLOSED: PlanCause.HOLIDAY,
    WhyNotFree.LEFT: PlanCause.INSPECTOR_LEFT,
    WhyNotFree.NOT_WORKED: PlanCause.WORKING_TIME,
    WhyNotFree.FULL: PlanCause.WORKING_TIME,
}
"""R27: why a visit that stood in a calendar cannot stay there."""


async def found_places(
    runtime: Runtime, course: Running, places: Iterable[UUID], at: datetime, policy: Policy
) -> tuple[Found, ...]:
    """R17, R18: looks for a place for the control of each of these places; leaves out what fits where it is."""
    calendar = await calendar_for_plans(runtime, course.inspector, policy)
    search = Search(course, calendar, at, policy, runtime.random_source)
    return tuple(found for place in places if (found := search.for_control_at(place)) is not None)


async def redrawn_place(
    runtime: Runtime, course: Running, place: UUID, at: datetime, policy: Policy
) -> PlanControl | BookControl | None:
    """R18: draws another day of the window for a hidden control; None if there is none, or nothing that is hidden."""
    standing = course.bookings.get(place) or course.plans.get(place)
    if standing is None:
        return None
    calendar = await calendar_for_plans(runtime, course.inspector, policy)
    calendar.give_up(standing)
    return Search(course, calendar, at, policy, runtime.random_source).on_another_day(place, standing)


async def found_inspection(
    runtime: Runtime, state: AfterNo, at: datetime, policy: Policy
) -> BookInspection | tuple[MakesRoom, ...] | None:
    """R7, R18: looks for a place for an inspection that is booked: on its day, else on a drawn day that is in time.

    Returns None if it fits where it is, and what would make room if there is none.
    """
    assert state.booking is not None, "only an inspection that is booked is looked for again"
    calendar = await calendar_for_plans(runtime, state.inspector, policy)
    calendar.give_up(state.booking)
    if calendar.why_not_kept(state.booking) is None:
        return None
    return inspection_elsewhere(state, state.booking, calendar, at, policy, runtime.random_source)


def inspection_elsewhere(
    state: AfterNo,
    booking: NewInspectionBooked,
    calendar: Calendar,
    at: datetime,
    policy: Policy,
    chance: RandomSource,
) -> BookInspection | tuple[MakesRoom, ...]:
    """R7, R18: returns another place for an inspection whose own was given up, or what would make room for one."""
    in_time = after_offer_not_accepted.days_in_time(state, at, policy)
    day, how, late_reason = booking.day, booking.drawn, booking.late_reason
    place = on_its_day(calendar, booking) if day > local_day(at) else None
    if place is None:
        late_reason = None
        drawn = draw(calendar, [in_time], (), policy, chance)
        if drawn is None:
            return would_make_room(calendar, in_time)
        day, place, how = drawn.day, drawn.place, drawn.how
    return BookInspection(
        at=at,
        policy=policy,
        inspection_id=random_id(chance),
        place=place,
        told=InspectionPlan(day=day, late_reason=late_reason),
        drawn=how,
    )


def on_its_day(calendar: Calendar, standing: Booking) -> FreePlace | None:
    """R15, R17: takes the hours that a visit has had, or others of its day; None if the day has no room."""
    kept = None if standing.hours is None else calendar.take_at(standing.day, standing.hours)
    return kept if isinstance(kept, FreePlace) else calendar.take(standing.day)


@dataclass(frozen=True)
class Search:
    """Looks for places in the calendar of the responsible inspector."""

    course: Running
    calendar: Calendar
    at: datetime
    policy: Policy
    chance: RandomSource

    def for_control_at(self, place: UUID) -> Found | None:
        """R17, R18: returns what was found for the control of a place; None if it fits where it is, as it did."""
        standing = self.course.bookings.get(place) or self.course.plans.get(place)
        if standing is not None:
            self.calendar.give_up(standing)
            if self.fits(standing):
                self.calendar.keep(standing)
                return NoteFit(self.at, place) if place in self.course.not_found else None
        return self.elsewhere(place, standing, self._cause(place, standing))

    def elsewhere(self, place: UUID, standing: ControlBooked | ControlPlanned | None, why: PlanCause) -> Found:
        """R17, R18: returns another place for a control whose own was given up, or that there is none."""
        new = self._new(place, standing)
        if new is None:
            return self._nothing(place, standing, why)
        return self._at(place, standing, new, why)

    def on_another_day(self, place: UUID, standing: ControlBooked | ControlPlanned) -> PlanControl | BookControl | None:
        """R18: returns a place on another drawn day of the window; None if no other day is free."""
        inside = days_inside(self.course, place, self.at, self.policy)
        spans = drawn_from(self.course, place, inside, self.policy)
        others = [[day for day in span if day != standing.day] for span in spans]
        drawn = draw(self.calendar, others, (), self.policy, self.chance)
        return (
            None if drawn is None else self._at(place, standing, (drawn.day, drawn.place, drawn.how), PlanCause.REDRAWN)
        )

    def in_another_calendar(self, plan: ControlPlanned) -> PlanControl | NoteNoPlace:
        """R15, R18: returns a place for a plan that moves into this calendar: on its day, else on a drawn day."""
        new = self._new(plan.place_id, plan)
        if new is None:
            return self._nothing(plan.place_id, None, PlanCause.INSPECTOR_CHANGED)
        return self._plan(plan.place_id, new, PlanCause.INSPECTOR_CHANGED)

    def fits(self, standing: ControlBooked | ControlPlanned) -> bool:
        """R17, R42: returns whether the visit can stay, in its calendar and, while it is planned, in its window."""
        if self.calendar.why_not_kept(standing) is not None:
            return False
        return isinstance(standing, ControlBooked) or plan_fits(self.course, standing)

    def _at(
        self, place: UUID, standing: ControlBooked | ControlPlanned | None, new: NewPlace, why: PlanCause
    ) -> PlanControl | BookControl:
        if not isinstance(standing, ControlBooked):
            return self._plan(place, new, why)
        day, free, how = new
        told = ChosenDay(
            day=day,
            form=standing.form,
            form_reason=standing.form_reason,
            announced=standing.announced,
            late_reason=standing.late_reason if day == standing.day else None,
        )
        control_id = random_id(self.chance)
        return BookControl(self.at, self.policy, place, control_id, free, told, drawn=how, cause=why)

    def _plan(self, place: UUID, new: NewPlace, why: PlanCause) -> PlanControl:
        day, free, how = new
        assert how is not None, "only a booking can be on a day that was not drawn"
        return PlanControl(self.at, place, random_id(self.chance), day, free, how, why)

    def _new(self, place: UUID, standing: ControlBooked | ControlPlanned | None) -> NewPlace | None:
        inside = days_inside(self.course, place, self.at, self.policy)
        # A booking that is late stays on its day as well: whether it can must not show where it is (R18).
        is_booked = isinstance(standing, ControlBooked) and standing.day > local_day(self.at)
        if standing is not None and (is_booked or standing.day in inside):
            kept = on_its_day(self.calendar, standing)
            if kept is not None:
                return standing.day, kept, standing.drawn
        spans = drawn_from(self.course, place, inside, self.policy)
        drawn: DrawnDay | None = draw(self.calendar, spans, (), self.policy, self.chance)
        return None if drawn is None else (drawn.day, drawn.place, drawn.how)

    def _nothing(self, place: UUID, standing: ControlBooked | ControlPlanned | None, why: PlanCause) -> NoteNoPlace:
        room = would_make_room(self.calendar, days_inside(self.course, place, self.at, self.policy))
        if standing is not None:
            self.calendar.keep(standing)
        return NoteNoPlace(self.at, place, sought_again_at(self.at, self.policy), why, room)

    def _cause(self, place: UUID, standing: ControlBooked | ControlPlanned | None) -> PlanCause:
        """R27: what the calendar says of a visit in it, else what changed in the course last."""
        why = None if standing is None else self.calendar.why_not_kept(standing)
        if why is not None:
            return CAUSES[why]
        sought = self.course.not_found.get(place)
        if sought is not None and sought.cause is not None and sought.sought_at >= self.course.latest_change.at:
            return sought.cause
        return self.course.latest_change.cause
