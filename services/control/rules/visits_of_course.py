"""The visits of a course that stand in calendars: controls, and the inspection after a no (R7, R17)."""

from datetime import timedelta
from typing import assert_never
from uuid import UUID

from services.control.planning.rules.half_hours import Booking, hours, taken_by
from services.control.planning.rules.visit import Visit, VisitKind, VisitWindow
from services.control.rules import after_offer_not_accepted
from services.control.rules.phases import AfterNo, Broken, Kept, NotStarted, Running, State, Stopped
from shared.contracts.control import ControlBooked, ControlPlanned, NewInspectionBooked
from shared.contracts.vocabulary import ContactForm, VisitHours
from shared.deadlines.copenhagen import local_day
from shared.policy.policy import Policy

_ONE_DAY = timedelta(days=1)
_HALF_HOURS_OF_A_DAY = 48
"""Slots of earlier releases can reach beyond midnight, which no time of day can say."""


def visits_of(state: State, policy: Policy) -> tuple[Visit, ...]:
    """R7, R17: returns all visits that a course has in calendars; this is the one place that names every kind."""
    match state:
        case Running(bookings=bookings, plans=plans):
            booked = (_control(state, place, booking) for place, booking in bookings.items())
            return *booked, *(_planned(state, plan) for plan in plans.values())
        case AfterNo(booking=NewInspectionBooked() as booking):
            return (_inspection(state, booking, policy),)
        case NotStarted() | AfterNo() | Kept() | Broken() | Stopped():
            return ()
        case _:
            assert_never(state)


def _control(course: Running, place: UUID, booking: ControlBooked) -> Visit:
    units = {one.place_id: one.p_number for one in course.places}
    return Visit(
        kind=VisitKind.CONTROL,
        stream=course.started.agreement_id,
        visit_id=booking.control_id,
        place_id=place,
        p_number=units.get(place, course.started.p_number),
        cvr=course.started.cvr,
        topic=course.started.topic,
        inspector=booking.inspector,
        day=booking.day,
        slot=booking.slot,
        hours=_hours(booking),
        form=booking.form,
        announced=booking.announced,
        window=_window_of_control(course, place),
        late_reason=booking.late_reason,
        drawn=booking.drawn,
        booked_at=booking.booked_at,
    )


def _planned(course: Running, plan: ControlPlanned) -> Visit:
    units = {one.place_id: one.p_number for one in course.places}
    return Visit(
        kind=VisitKind.PLANNED_CONTROL,
        stream=course.started.agreement_id,
        visit_id=plan.plan_id,
        place_id=plan.place_id,
        p_number=units.get(plan.place_id, course.started.p_number),
        cvr=course.started.cvr,
        topic=course.started.topic,
        inspector=plan.inspector,
        day=plan.day,
        slot=plan.slot,
        hours=plan.hours,
        form=ContactForm.VISIT,
        announced=False,
        window=_window_of_control(course, plan.place_id),
        late_reason=None,
        drawn=plan.drawn,
        booked_at=plan.planned_at,
    )


def _window_of_control(course: Running, place: UUID) -> VisitWindow:
    """R17: from the day after the complete documentation on, or else after the compliance deadline."""
    complete = course.complete
    before = course.deadline.last_day if complete is None else local_day(complete.received_at)
    return VisitWindow(before + _ONE_DAY, course.limit(place).last_day)


def _inspection(state: AfterNo, booking: NewInspectionBooked, policy: Policy) -> Visit:
    noted = state.noted
    first = local_day(noted.noted_at) + _ONE_DAY
    return Visit(
        kind=VisitKind.INSPECTION,
        stream=noted.agreement_id,
        visit_id=booking.inspection_id,
        place_id=noted.agreement_id,
        p_number=noted.p_number,
        cvr=noted.cvr,
        topic=noted.topic,
        inspector=booking.inspector,
        day=booking.day,
        slot=booking.slot,
        hours=_hours(booking),
        form=ContactForm.VISIT,
        announced=False,
        window=VisitWindow(first, after_offer_not_accepted.limit(state, policy).last_day),
        late_reason=booking.late_reason,
        drawn=booking.drawn,
        booked_at=booking.booked_at,
    )


def _hours(booking: Booking) -> VisitHours:
    """R17: returns the hours of a booking; those of its slot if an earlier release made it."""
    if booking.hours is not None:
        return booking.hours
    taken = taken_by(booking)
    return hours(taken[0] % _HALF_HOURS_OF_A_DAY, len(taken))
