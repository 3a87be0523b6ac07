"""Moves bookings and plans into another inspector's calendar (R15)."""

from dataclasses import dataclass
from datetime import date, datetime

from services.control.lookups.found_places import Search, on_its_day
from services.control.planning.lookups.drawing import draw
from services.control.planning.lookups.inspector_calendar import calendar_for_plans, calendar_of
from services.control.planning.rules.calendar import Calendar, FreePlace
from services.control.rules import after_offer_not_accepted, booking
from services.control.rules.after_offer_not_accepted import BookInspection
from services.control.rules.booking import BookControl
from services.control.rules.phases import AfterNo, Running
from services.control.rules.planned_places import Found
from shared.contracts.control import ChosenDay, ControlBooked, InspectionPlan, NewInspectionBooked
from shared.contracts.vocabulary import Drawn, PlanCause
from shared.eventstore.errors import Refused
from shared.eventstore.randomness import random_id
from shared.policy.policy import Policy
from shared.service import Runtime


async def moved_bookings(
    runtime: Runtime, course: Running, inspector: str, at: datetime, policy: Policy
) -> tuple[BookControl, ...]:
    """R15, R18: moves bookings: on their day if a place is free, else on a drawn day. Announced ones stay announced.

    Raises Refused if the other inspector has no free day for more than a year.
    """
    calendar = await calendar_of(runtime, inspector, policy)
    moved = []
    for place, standing in course.bookings.items():
        inside = booking.days_inside(course, place, at, policy)
        spans = booking.drawn_from(course, place, inside, policy)
        after = booking.days_after(course, place, at, policy)
        new = _same_day(calendar, standing) or draw(calendar, spans, after, policy, runtime.random_source)
        if new is None:
            raise _no_place(inspector)
        late_reason = course.limit(place).reason_of_itself(new.day, (standing.day, *inside))
        moved.append(
            BookControl(
                at=at,
                policy=policy,
                place_id=place,
                control_id=random_id(runtime.random_source),
                place=new.place,
                told=ChosenDay(
                    day=new.day,
                    form=standing.form,
                    form_reason=standing.form_reason,
                    announced=standing.announced,
                    late_reason=late_reason and (standing.late_reason or late_reason),
                ),
                drawn=new.how,
                cause=None if new.day == standing.day else PlanCause.INSPECTOR_CHANGED,
            )
        )
    return tuple(moved)


async def moved_plans(
    runtime: Runtime, course: Running, inspector: str, at: datetime, policy: Policy
) -> tuple[Found, ...]:
    """R15, R18: moves plans: on their day if a place is free, else on a day of their window that is drawn."""
    calendar = await calendar_for_plans(runtime, inspector, policy)
    search = Search(course, calendar, at, policy, runtime.random_source)
    return tuple(search.in_another_calendar(plan) for plan in course.plans.values())


async def moved_inspection(
    runtime: Runtime, state: AfterNo, inspector: str, at: datetime, policy: Policy
) -> BookInspection | None:
    """R15: moves the new inspection after an offer that was not accepted; None if none is booked.

    Raises Refused if the other inspector has no free day for more than a year.
    """
    if state.booking is None:
        return None
    calendar = await calendar_of(runtime, inspector, policy)
    inside = after_offer_not_accepted.days_in_time(state, at, policy)
    new = _same_day(calendar, state.booking) or draw(
        calendar, [inside], after_offer_not_accepted.days_too_late(state, at, policy), policy, runtime.random_source
    )
    if new is None:
        raise _no_place(inspector)
    late_reason = after_offer_not_accepted.limit(state, policy).reason_of_itself(new.day, (state.booking.day, *inside))
    return BookInspection(
        at=at,
        policy=policy,
        inspection_id=random_id(runtime.random_source),
        place=new.place,
        told=InspectionPlan(day=new.day, late_reason=late_reason and (state.booking.late_reason or late_reason)),
        drawn=new.how,
    )


def _no_place(inspector: str) -> Refused:
    return Refused("R17", "{inspector} has no free day for more than a year", inspector=inspector)


@dataclass(frozen=True)
class _SameDay:
    """The unchanged day and how it was drawn, if it was: a new inspector alone is no reason to draw again (R18)."""

    day: date
    place: FreePlace
    how: Drawn | None


def _same_day(calendar: Calendar, standing: ControlBooked | NewInspectionBooked) -> _SameDay | None:
    place = on_its_day(calendar, standing)
    return None if place is None else _SameDay(standing.day, place, standing.drawn)
