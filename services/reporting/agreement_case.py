"""How an agreement looks in the view: its dates, its status and what must happen next, folded from facts."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from services.reporting.case import Case, Next, Party, Status, Step, changed
from services.reporting.problem_group import problem_group
from shared.contracts import control, guidance, offers, orders
from shared.deadlines.copenhagen import end_of, start_of
from shared.kernel.events import Event


def fold(case: Case, event: Event) -> Case:
    """The agreement after one more fact, in whatever order the facts of different services come."""
    for part in (_offer, _guidance, _control, _ending, _what_followed):
        case = part(case, event)
    return case


def status(case: Case) -> Status:
    """From the dates alone, so that a fact that comes late changes nothing it should not."""
    reached = (
        (case.breached_at, Status.BREACHED),
        (case.fulfilled_at, Status.FULFILLED),
        (case.withdrawn_at, Status.WITHDRAWN),
        (case.lapsed_at, Status.LAPSED),
        (case.declined_at, Status.DECLINED),
        (case.documentation_complete_at or case.control_day or case.control_held_at, Status.AWAITING_CONTROL),
        (case.accepted_at, Status.RUNNING),
        (case.delivered_at, Status.DELIVERED),
        (case.inspection_id, Status.OFFERED),
    )
    return next((reached_status for sign, reached_status in reached if sign is not None), Status.UNKNOWN)


def reaches(event: Event) -> Status | None:
    """The status that a fact brings a case to, if it brings it anywhere."""
    match event:
        case offers.OfferSent():
            return Status.OFFERED
        case offers.OfferDelivered():
            return Status.DELIVERED
        case offers.Accepted():
            return Status.RUNNING
        case offers.Declined():
            return Status.DECLINED
        case offers.Lapsed():
            return Status.LAPSED
        case offers.Withdrawn():
            return Status.WITHDRAWN
        case control.DocumentationReceived(complete=True) | control.ControlBooked():
            return Status.AWAITING_CONTROL
        case control.Fulfilled():
            return Status.FULFILLED
        case control.Breached():
            return Status.BREACHED
    return None


def ended_at(case: Case) -> datetime | None:
    """When the course ended, however it did."""
    endings = (case.breached_at, case.fulfilled_at, case.withdrawn_at, case.lapsed_at, case.declined_at)
    return next((at for at in endings if at is not None), None)


def next_step(case: Case) -> Next | None:
    """R26: what must happen next, by whom, and when."""
    match status(case):
        case Status.UNKNOWN | Status.WITHDRAWN:
            return None
        case Status.OFFERED:
            return Next(Step.DELIVER_OFFER, Party.AUTHORITY)
        case Status.DELIVERED:
            return Next(Step.ANSWER_OFFER, Party.COMPANY, deadline_end(case, "response"))
        case Status.DECLINED | Status.LAPSED:
            return _after_no(case)
        case Status.FULFILLED:
            return _after_fulfilment(case)
        case Status.BREACHED:
            return _after_breach(case)
    if case.control_held_at is not None:
        return Next(Step.RECORD_RESULT, Party.INSPECTOR)
    if "compliance" not in case.deadlines:
        return Next(Step.SET_DEADLINE, Party.AUTHORITY)
    return min(_steps_while_running(case), key=lambda step: (step.due is None, step.due))


def deadline_end(case: Case, name: str) -> datetime | None:
    """The exclusive end of one of the case's deadlines."""
    deadline = case.deadlines.get(name)
    return None if deadline is None else datetime.fromisoformat(deadline["ends_at"])


def hearing_runs(case: Case) -> bool:
    """R22: the company may still be heard."""
    return case.hearing_opened_at is not None and case.hearing_ended_at is None


def _offer(case: Case, event: Event) -> Case:
    match event:
        case offers.OfferSent():
            return changed(
                case,
                opened_at=event.sent_at,
                kind=event.kind,
                cvr=event.cvr,
                p_number=event.p_number,
                topic=event.topic,
                problem_group=problem_group(event.topic),
                inspector=case.inspector or event.inspector,
                inspection_id=event.inspection_id,
                period_months=event.period_months,
            )
        case offers.OfferDelivered():
            return _with_deadline(changed(case, delivered_at=event.available_at), "response", event.response_deadline)
        case offers.DeliveryFailed():
            return changed(case, delivery_failures=case.delivery_failures + 1)
        case offers.OfferOpened():
            return changed(case, read_at=case.read_at or event.opened_at)
        case offers.OfferUnansweredHalfway():
            return changed(case, halfway_at=event.at)
        case offers.Accepted():
            return changed(
                case,
                kind=event.kind,
                cvr=event.cvr,
                p_number=event.p_number,
                topic=event.topic,
                problem_group=problem_group(event.topic),
                inspector=event.inspector,
                period_months=event.period_months,
                accepted_at=event.accepted_at,
                accept_reason=event.reason,
            )
        case offers.Declined():
            return changed(case, declined_at=event.declined_at, decline_reason=event.reason)
        case offers.Lapsed():
            return changed(case, lapsed_at=event.lapsed_at)
        case offers.Withdrawn():
            return changed(case, withdrawn_at=event.withdrawn_at, withdrawal_rule=event.rule)
        case offers.AcceptanceConflictFlagged():
            return changed(case, acceptance_conflict=True)
    return case


def _guidance(case: Case, event: Event) -> Case:
    match event:
        case guidance.GuidanceScheduled():
            return _with_deadline(changed(case, inspector=case.inspector or event.inspector), "guidance", event.due)
        case guidance.GuidanceFellDue():
            return changed(case, guidance_fell_due_at=event.at)
        case guidance.GuidanceBecameOverdue():
            return changed(case, guidance_overdue_at=event.at)
        case guidance.GuidanceOffered():
            return changed(case, guidance_offered_at=case.guidance_offered_at or event.offered_at)
        case guidance.GuidanceAccepted():
            return changed(case, guidance_accepted_at=event.answered_at)
        case guidance.GuidanceDeclined():
            return changed(case, guidance_declined_at=event.answered_at, guidance_decline_reason=event.reason)
        case guidance.GuidanceHeld():
            return changed(
                case,
                guidance_held_at=case.guidance_held_at or event.held_at,
                guidance_meetings=case.guidance_meetings + 1,
                guidance_minutes=case.guidance_minutes + (event.minutes_spent or 0),
                guidance_involvement=_as_json(event.involvement),
            )
    return case


def _control(case: Case, event: Event) -> Case:
    match event:
        case control.ComplianceDeadlineSet():
            known = changed(
                case,
                cvr=event.cvr,
                p_number=event.p_number,
                topic=event.topic,
                problem_group=problem_group(event.topic),
                inspector=event.inspector,
            )
            running = _with_deadline(known, "compliance", event.compliance_deadline)
            return _with_deadline(running, "control_window", event.control_window)
        case control.DocumentationReceived():
            complete = case.documentation_complete_at or (event.received_at if event.complete else None)
            documented = changed(
                case,
                documentation_at=case.documentation_at or event.received_at,
                documentation_parts=max(case.documentation_parts, event.part),
                documentation_complete_at=complete,
            )
            if event.control_window is None:
                return documented
            return _with_deadline(documented, "control_window", event.control_window)
        case control.ControlBooked():
            booked = changed(
                case,
                control_id=event.control_id,
                control_day=event.day,
                control_booked_at=event.booked_at,
                control_announced=event.announced,
                control_late_reason=event.late_reason,
            )
            return _with_deadline(booked, "control_window", event.window)
        case control.ControlTurnedIntoGuidance():
            return _without_booking(changed(case, controls_undecided=case.controls_undecided + 1))
        case control.ControlCompleted():
            spread = case.spread_further if event.spread_further is None else event.spread_further
            return changed(
                case,
                control_held_at=event.held_at,
                control_form=event.form,
                control_outcome=event.outcome,
                within_60_days=event.within_window,
                control_involvement=_as_json(event.involvement),
                spread_further=spread,
            )
    return case


def _ending(case: Case, event: Event) -> Case:
    match event:
        case control.Fulfilled():
            return changed(case, fulfilled_at=event.fulfilled_at, follow_up_on=event.follow_up_on)
        case control.Breached():
            return changed(case, breached_at=event.breached_at)
        case control.HearingOpened():
            return _with_deadline(changed(case, hearing_opened_at=event.opened_at), "hearing", event.answer_deadline)
        case control.HearingAnswered():
            return changed(case, hearing_ended_at=event.answered_at)
        case control.HearingExpired():
            return changed(case, hearing_ended_at=event.at)
        case control.OrderRequested():
            return changed(case, order_requested_at=event.requested_at)
        case control.FollowUpFellDue():
            return changed(case, follow_up_fell_due_at=event.at)
        case control.FollowUpHeld():
            spread = case.spread_further if event.spread_further is None else event.spread_further
            return changed(
                case,
                follow_up_held_at=event.held_at,
                follow_up_minutes=event.minutes_spent,
                spread_further=spread,
            )
    return case


def _what_followed(case: Case, event: Event) -> Case:
    """R7, R22: the order or inspection that came of an agreement; the first one counts."""
    match event:
        case orders.OrderIssued():
            return _followed(case, event.case_id, start_of(event.issued_on))
        case orders.OtherCaseOpened():
            return _followed(case, event.case_id, start_of(event.opened_on))
    return case


def _followed(case: Case, by: UUID, at: datetime) -> Case:
    return case if case.followed_by is not None else changed(case, followed_by=by, followed_at=at)


def _steps_while_running(case: Case) -> Iterator[Next]:
    """All that stands open in a running agreement; the one that is due first is the next."""
    compliance = deadline_end(case, "compliance")
    if case.guidance_offered_at is None and case.guidance_held_at is None and "guidance" in case.deadlines:
        yield Next(Step.OFFER_GUIDANCE, Party.INSPECTOR, deadline_end(case, "guidance"))
    if case.guidance_offered_at is not None and case.guidance_held_at is None and case.guidance_declined_at is None:
        if case.guidance_accepted_at is None:
            yield Next(Step.ANSWER_GUIDANCE, Party.COMPANY, compliance)
        else:
            yield Next(Step.HOLD_GUIDANCE, Party.INSPECTOR, compliance)
    if _documentation_is_awaited(case, compliance):
        yield Next(Step.SEND_DOCUMENTATION, Party.COMPANY, compliance)
    else:
        due = deadline_end(case, "control_window") if case.control_day is None else end_of(case.control_day)
        yield Next(Step.HOLD_CONTROL, Party.INSPECTOR, due)


def _documentation_is_awaited(case: Case, compliance: datetime | None) -> bool:
    """R17: control takes place whether or not it came; a booking made after the deadline no longer waits for it."""
    if case.documentation_complete_at is not None:
        return False
    booked_after_deadline = (
        case.control_booked_at is not None and compliance is not None and case.control_booked_at >= compliance
    )
    return not booked_after_deadline


def _after_no(case: Case) -> Next | None:
    """R7: an inspection resumes the investigation; where the violation was found already, an order follows."""
    if case.followed_by is not None:
        return None
    return Next(Step.REQUEST_ORDER if case.kind == "spread" else Step.RESUME_INSPECTION, Party.INSPECTOR)


def _after_fulfilment(case: Case) -> Next | None:
    """R24: a follow-up, where the policy asks for one."""
    if case.follow_up_on is None or case.follow_up_held_at is not None:
        return None
    return Next(Step.HOLD_FOLLOW_UP, Party.INSPECTOR, end_of(case.follow_up_on))


def _after_breach(case: Case) -> Next | None:
    """R22: the company is heard, an order is asked for, the order system issues it."""
    if case.followed_by is not None:
        return None
    if hearing_runs(case):
        return Next(Step.ANSWER_HEARING, Party.COMPANY, deadline_end(case, "hearing"))
    if case.order_requested_at is None:
        return Next(Step.REQUEST_ORDER, Party.INSPECTOR)
    return Next(Step.ISSUE_ORDER, Party.ORDER_SYSTEM)


def _with_deadline(case: Case, name: str, deadline: BaseModel) -> Case:
    """R27: a deadline is kept with all that explains it."""
    return changed(case, deadlines={**case.deadlines, name: deadline.model_dump(mode="json")})


def _without_booking(case: Case) -> Case:
    return changed(
        case,
        control_id=None,
        control_day=None,
        control_booked_at=None,
        control_announced=None,
        control_late_reason=None,
    )


def _as_json(value: BaseModel) -> dict[str, Any]:
    return value.model_dump(mode="json")
