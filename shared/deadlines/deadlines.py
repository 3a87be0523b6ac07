"""How each deadline and date of the process is computed from its anchor; nothing here reads a clock."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Final

from dateutil.relativedelta import relativedelta

from shared.deadlines.copenhagen import end_of, local_day, start_of
from shared.deadlines.danish_calendar import closed_day, next_open_day
from shared.deadlines.deadline import Deadline, Extension, Length, LengthUnit, Recount
from shared.policy.policy import ClosedLastDay, Policy

_ONE_DAY: Final = timedelta(days=1)


def response_deadline(available_at: datetime, policy: Policy) -> Deadline:
    """R3: returns the deadline of an answer, counted in weeks from when the offer was available in the portal."""
    length = Length(number=policy.offer.response_weeks, unit=LengthUnit.WEEKS)
    return _deadline("R3", policy, available_at, "OfferDelivered", length)


def response_halfway_at(deadline: Deadline, policy: Policy) -> datetime:
    """R5: returns from when on an unanswered offer is the inspector's to ask about, in UTC."""
    return deadline.anchor + (deadline.ends_at - deadline.anchor) * policy.offer.halfway_fraction


def compliance_deadline(accepted_at: datetime, months: int, policy: Policy) -> Deadline:
    """R10: returns the compliance deadline, so many months after the acceptance by R3's rules.

    It has the day number of the acceptance, or is the last day of the month if there is no such day.
    """
    return _deadline("R10", policy, accepted_at, "Accepted", Length(number=months, unit=LengthUnit.MONTHS))


def extended(deadline: Deadline, until: date, granted_at: datetime, policy: Policy) -> Deadline:
    """R13: returns the deadline with a later last day, by R3's calendar; the previous day stays explainable.

    Raises ValueError for a grant without an offset from UTC.
    """
    if granted_at.utcoffset() is None:
        raise ValueError(f"{granted_at.isoformat()} has no offset from UTC")
    moves = policy.calendar.closed_last_day == "moves"
    last_day, skipped = next_open_day(until, policy.calendar.extra_closed_days) if moves else (until, ())
    previous = deadline.last_day
    extension = Extension(granted_at=granted_at.astimezone(UTC), previous_last_day=previous, policy=policy.version)
    return deadline.moved_to(last_day, skipped, extensions=(*deadline.extensions, extension))


def order_reminder_at(requested_at: datetime, policy: Policy) -> datetime:
    """R22: returns when to ask about an order that was requested: when a working day begins in Copenhagen, in UTC."""
    return _working_day_after(requested_at, policy.order_requests.reminder_after_days, policy)


def order_overdue_at(requested_at: datetime, policy: Policy) -> datetime:
    """R22: returns when somebody must look into an order that was requested and not issued."""
    return _working_day_after(requested_at, policy.order_requests.overdue_after_days, policy)


def guidance_due(
    accepted_at: datetime, compliance: Deadline, policy: Policy, before: Deadline | None = None
) -> Deadline:
    """R12: returns the last day on which guidance is offered in time, about one third into the period.

    The day is rounded to the nearest. R13, R27: `before` is the deadline that held until now; its day stays
    explainable.
    """
    days = (compliance.last_day - local_day(accepted_at)).days
    length = Length(
        number=round(days * policy.guidance.due_fraction),
        unit=LengthUnit.DAYS,
        share_of_period=str(Fraction(policy.guidance.due_fraction).limit_denominator(100)),
    )
    return _moved_along(_deadline("R12", policy, accepted_at, "Accepted", length), compliance, before)


def guidance_coming_due_at(due: Deadline, policy: Policy) -> datetime:
    """R12, R29: returns when the inspector learns that guidance is coming due.

    It is the beginning of a day in Copenhagen, in UTC.
    """
    return start_of(due.last_day - timedelta(days=policy.guidance.coming_due_days))


def guidance_overdue_at(due: Deadline, policy: Policy) -> datetime:
    """R12: returns the instant from which guidance that was not offered is overdue."""
    return end_of(due.last_day + timedelta(days=policy.guidance.overdue_days))


def control_window(anchor: datetime | Deadline, policy: Policy, before: Deadline | None = None) -> Deadline:
    """R17: returns the days in which a control is held.

    They are counted from complete documentation (an instant) or, without it, from the compliance deadline. R13, R27:
    `before` is the window after the compliance deadline that held until now; its day stays explainable.
    """
    if isinstance(anchor, Deadline):
        length = Length(number=policy.control.days_after_deadline, unit=LengthUnit.DAYS)
        event, instant, counted_from = "ComplianceDeadlineExpired", anchor.ends_at, anchor.last_day
    else:
        length = Length(number=policy.control.days_after_documentation, unit=LengthUnit.DAYS)
        event, instant, counted_from = "DocumentationReceived", anchor, local_day(anchor)
    closed = policy.control.closed_last_day
    window = _deadline("R17", policy, instant, event, length, counted_from=counted_from, closed_last_day=closed)
    return _moved_along(window, anchor, before) if isinstance(anchor, Deadline) else window


def booking_due_at(compliance: Deadline, policy: Policy) -> datetime:
    """R17: returns when a control is booked automatically: when a day begins in Copenhagen, in UTC."""
    return start_of(compliance.last_day - timedelta(days=policy.control.booking_lead_days))


def hearing_deadline(opened_at: datetime, policy: Policy) -> Deadline:
    """R22: returns the deadline by which the company may comment before the order."""
    length = Length(number=policy.breach.hearing_weeks, unit=LengthUnit.WEEKS)
    return _deadline("R22", policy, opened_at, "HearingOpened", length)


def follow_up_day(fulfilled_at: datetime, policy: Policy) -> date | None:
    """R24: returns the working day on which the follow-up is due, or None if policy has switched it off."""
    if not policy.follow_up.held:
        return None
    return next_working_day(local_day(fulfilled_at) + relativedelta(months=policy.follow_up.after_months), policy)


def is_working_day(day: date, policy: Policy) -> bool:
    """R3, R17: returns whether a day is no weekend, public holiday or extra closed day of the policy."""
    return closed_day(day, policy.calendar.extra_closed_days) is None


def next_working_day(day: date, policy: Policy) -> date:
    """R3: returns the day itself if it is a working day, else the first working day after it."""
    return next_open_day(day, policy.calendar.extra_closed_days)[0]


def _working_day_after(instant: datetime, days: int, policy: Policy) -> datetime:
    return start_of(next_working_day(local_day(instant) + timedelta(days=days), policy))


def _deadline(
    rule: str,
    policy: Policy,
    anchor: datetime,
    anchor_event: str,
    length: Length,
    *,
    counted_from: date | None = None,
    closed_last_day: ClosedLastDay | None = None,
) -> Deadline:
    """A deadline by R3's way of counting; `closed_last_day` where the rule has a way of its own."""
    first = local_day(anchor) if counted_from is None else counted_from
    calendar = policy.calendar
    nominal = first + _as_delta(length) - (_ONE_DAY if calendar.first_day_counts else timedelta())
    moves = (closed_last_day or calendar.closed_last_day) == "moves"
    last_day, skipped = next_open_day(nominal, calendar.extra_closed_days) if moves else (nominal, ())
    return Deadline(
        rule=rule,
        policy=policy.version,
        anchor=anchor.astimezone(UTC),
        anchor_event=anchor_event,
        counted_from=first,
        length=length,
        first_day_counts=calendar.first_day_counts,
        last_day=last_day,
        ends_at=end_of(last_day),
        skipped=skipped,
    )


def _moved_along(deadline: Deadline, compliance: Deadline, before: Deadline | None) -> Deadline:
    """R13, R27: with what moved it, where it hangs on a compliance deadline that was extended or recounted."""
    if before is None:
        return deadline
    extensions, recounts = before.extensions, before.recounts
    if before.last_day != deadline.last_day:
        match compliance.latest_move:
            case Extension() as granted:
                extensions = (*extensions, granted.model_copy(update={"previous_last_day": before.last_day}))
            case Recount() as recounted:
                recounts = (*recounts, recounted.model_copy(update={"previous_last_day": before.last_day}))
    return deadline.model_copy(update={"extensions": extensions, "recounts": recounts})


def _as_delta(length: Length) -> relativedelta:
    deltas: Mapping[LengthUnit, relativedelta] = {
        LengthUnit.DAYS: relativedelta(days=length.number),
        LengthUnit.WEEKS: relativedelta(weeks=length.number),
        LengthUnit.MONTHS: relativedelta(months=length.number),
    }
    return deltas[length.unit]
