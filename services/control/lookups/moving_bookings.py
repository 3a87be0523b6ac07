"""Where what is booked finds a place in another inspector's calendar (R15)."""

from datetime import datetime
from itertools import chain
from uuid import uuid5

from services.control.lookups.inspector_calendar import calendar_of
from services.control.rules import after_no, booking
from services.control.rules.after_no import BookInspection
from services.control.rules.booking import BookControl
from services.control.rules.late_by_itself import reason_for_being_late
from services.control.rules.phases import AfterNo, Running
from shared.policy.policy import Policy
from shared.service import Runtime


async def moved_bookings(
    runtime: Runtime, course: Running, inspector: str, at: datetime, policy: Policy
) -> tuple[BookControl, ...]:
    """R15, R18: on the same day where a place is free, else on the best other one; announced ones stay announced."""
    calendar = await calendar_of(runtime, inspector, policy)
    moved = []
    for place, standing in course.bookings.items():
        days = chain([standing.day], booking.candidate_days(course, place, at, policy))
        day, slot = calendar.take_first(days)
        last_day = course.window(place).last_day
        in_time = [one for one in (standing.day, *booking.days_inside(course, place, at, policy)) if one <= last_day]
        late_reason = reason_for_being_late(day, last_day, in_time, course.late_by_indecision(place))
        moved.append(
            BookControl(
                at=at,
                policy=policy,
                place_id=place,
                control_id=uuid5(standing.control_id, inspector),
                day=day,
                slot=slot,
                form=standing.form,
                form_reason=standing.form_reason,
                announced=standing.announced,
                late_reason=late_reason and (standing.late_reason or late_reason),
            )
        )
    return tuple(moved)


async def moved_inspection(
    runtime: Runtime, state: AfterNo, inspector: str, at: datetime, policy: Policy
) -> BookInspection | None:
    """R15: the new inspection after a no, where one is booked."""
    if state.booking is None:
        return None
    calendar = await calendar_of(runtime, inspector, policy)
    day, slot = calendar.take_first(chain([state.booking.day], after_no.candidate_days(at, policy)))
    last_day = after_no.last_day_in_time(state, policy)
    in_time = [one for one in (state.booking.day, *after_no.days_in_time(state, at, policy)) if one <= last_day]
    late_reason = reason_for_being_late(day, last_day, in_time)
    return BookInspection(
        at=at,
        policy=policy,
        inspection_id=uuid5(state.booking.inspection_id, inspector),
        day=day,
        slot=slot,
        late_reason=late_reason and (state.booking.late_reason or late_reason),
    )
