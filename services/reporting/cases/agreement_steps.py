"""What must happen next in an agreement, decided once: the row names the first step, tasks follow from all."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from services.reporting.cases.case import Case
from services.reporting.cases.case_types import Status
from services.reporting.cases.steps import Party, Pending, Step, TaskKind
from shared.contracts.guidance import GuidanceStands
from shared.deadlines.copenhagen import end_of
from shared.eventstore.events import Origin


def pending(case: Case) -> Sequence[Pending]:
    """R26, R29, R40: returns all that must still happen, the first step first; a changed unit precedes all else."""
    if case.status in (Status.UNKNOWN, Status.WITHDRAWN) or _is_history(case):
        return ()
    in_the_course = _IN_THE_COURSE.get(case.status)
    steps = [*_about_changed_units(case)] if case.changed_units else []
    if in_the_course is not None:
        steps += in_the_course(case)
    if case.places_not_found:
        steps += _to_make_room(case)
    beside = _beside_the_course(case)
    if beside:
        steps.append(Pending(None, Party.INSPECTOR, tasks=tuple(beside)))
    return steps


def _is_history(case: Case) -> bool:
    """R28: whether the case was imported or replayed, and not taken over: nothing is to be done."""
    return case.origin is not Origin.LIVE and case.live_from is None


def _to_deliver(case: Case) -> Iterator[Pending]:
    mend = (TaskKind.MEND_DELIVERY,) if case.undelivered else ()
    yield Pending(Step.DELIVER_OFFER, Party.AUTHORITY, tasks=mend)


def _to_answer(case: Case) -> Iterator[Pending]:
    unasked = case.halfway_at is not None and case.understanding_asked_at is None
    ask = (TaskKind.OFFER_UNANSWERED,) if unasked else ()
    yield Pending(Step.ANSWER_OFFER, Party.COMPANY, _deadline_end(case, "response"), ask)


def _about_changed_units(case: Case) -> Iterator[Pending]:
    """R40: what becomes of the unit; once the case has ended, only where something is yet to come there."""
    if _is_left(case):
        step = Step.DECIDE_ON_CHANGED_UNIT if case.ended_at is None else None
        yield Pending(step, Party.INSPECTOR, tasks=(TaskKind.UNIT_CHANGED,))


def _is_left(case: Case) -> bool:
    """R40: whether the agreement is open, or an inspection, an order or a follow-up is yet to come (R7, R22, R24)."""
    match case.status:
        case Status.DECLINED | Status.LAPSED:
            return case.kind != "spread" and case.investigation_concluded_at is None
        case Status.FULFILLED:
            return case.follow_up_on is not None and case.follow_up_held_at is None
        case Status.BREACHED:
            return not case.orders_requested
        case _:
            return case.ended_at is None


def _beside_the_course(case: Case) -> list[TaskKind]:
    """R8, R16, R17, R18, R29, R41: what an inspector has to see to, whatever the next step is."""
    tasks = [TaskKind.ANSWER_RECEIVED] if _answer_is_new(case) else []
    if case.status is Status.RUNNING or case.status is Status.AWAITING_CONTROL:
        if case.documentation_at is not None and not _decided_alone(case):
            tasks.append(TaskKind.DOCUMENTATION_RECEIVED)
        if case.bookings and _is_guessable(case):
            tasks.append(TaskKind.DAY_AMONG_FEW)
        if case.windows_at_risk:
            tasks.append(TaskKind.WINDOW_AT_RISK)
    if case.open_conflicts and case.ended_at is None:
        tasks.append(TaskKind.CONFLICT_TO_LOOK_INTO)
    return tasks


def _to_make_room(case: Case) -> Iterator[Pending]:
    """R7, R17: what found no day in the calendar, until the first of the windows ends, while it is yet to be held."""
    if case.status in (Status.RUNNING, Status.AWAITING_CONTROL, Status.DECLINED, Status.LAPSED):
        last_day = min(date.fromisoformat(one["last_day"]) for one in case.places_not_found.values())
        yield Pending(None, Party.INSPECTOR, end_of(last_day), (TaskKind.PLACE_NOT_FOUND,))


def _answer_is_new(case: Case) -> bool:
    """R7: after a no until something follows from it; after a yes until the course is under way."""
    match case.status:
        case Status.RUNNING:
            under_way = (case.guidance_offered_at, case.guidance_held_at, case.documentation_at, case.control_held_at)
            return not any(under_way)
        case Status.DECLINED | Status.LAPSED:
            after_no = (case.followed_by, case.new_inspection_day, case.investigation_outcome, case.order_requested_at)
            return not any(after_no)
        case _:
            return False


def _is_guessable(case: Case) -> bool:
    """R18: whether the day of a control that the company was not told of was drawn among few."""
    return any(one.get("among_few") and not one["announced"] for one in case.bookings.values())


def _decided_alone(case: Case) -> bool:
    """R20: the one control of a suspicion was held; of several places, or after a correction, more may be awaited."""
    return case.control_held_at is not None and case.kind != "spread" and not case.corrections


def _before_the_decision(case: Case) -> list[Pending]:
    if _decided_alone(case):
        return [Pending(Step.RECORD_RESULT, Party.INSPECTOR), *_extension(case)]
    if "compliance" not in case.deadlines:
        return [Pending(Step.SET_DEADLINE, Party.AUTHORITY), *_while_running(case)]
    return _while_running(case)


def _while_running(case: Case) -> list[Pending]:
    """What is due first comes first.

    R17: a control that waits for documentation comes after it, whatever its day. R12: guidance that was not offered in
    time comes after a control that waits for nothing more: then the time is over that guidance was for.
    """
    first = [*_extension(case), *_guidance_under_way(case)]
    then: tuple[Pending, ...] = ()
    if _control_waits_for_documentation(case):
        documentation = Pending(Step.SEND_DOCUMENTATION, Party.COMPANY, _deadline_end(case, "compliance"))
        first += (*_guidance_to_offer(case), documentation)
        then = () if case.control_day is None else (_control(case),)
    elif _guidance_is_overdue(case):
        first.append(_control(case))
        then = _guidance_to_offer(case)
    else:
        first += (*_guidance_to_offer(case), _control(case))
    if len(first) > 1:
        first.sort(key=lambda one: (one.due is None, one.due))
    return [*first, *then]


def _extension(case: Case) -> tuple[Pending, ...]:
    """R13: a request for a longer deadline waits for the inspector's answer."""
    if case.extension_requested_at is None:
        return ()
    due = _deadline_end(case, "compliance")
    return (Pending(Step.ANSWER_EXTENSION, Party.INSPECTOR, due, (TaskKind.ANSWER_EXTENSION,)),)


def _guidance_to_offer(case: Case) -> tuple[Pending, ...]:
    """R12: it is a task once its day has come, and is told to whoever leads the work once it is overdue."""
    if case.guidance_stands != GuidanceStands.NOT_OFFERED:
        return ()
    tasks: tuple[TaskKind, ...] = ()
    if _guidance_is_overdue(case):
        tasks = (TaskKind.GUIDANCE_OVERDUE, TaskKind.LOOK_INTO_GUIDANCE)
    elif case.guidance_fell_due_at is not None:
        tasks = (TaskKind.GUIDANCE_DUE,)
    return (Pending(Step.OFFER_GUIDANCE, Party.INSPECTOR, _deadline_end(case, "guidance"), tasks),)


def _guidance_is_overdue(case: Case) -> bool:
    """R12, R13: by the day that holds now; an extension moves it."""
    overdue, fell_due = case.guidance_overdue_at, case.guidance_fell_due_at
    return overdue is not None and fell_due is not None and overdue >= fell_due


def _guidance_under_way(case: Case) -> tuple[Pending, ...]:
    """R12: after it was offered."""
    match case.guidance_stands:
        case GuidanceStands.OFFERED:
            return (Pending(Step.ANSWER_GUIDANCE, Party.COMPANY, _deadline_end(case, "compliance")),)
        case GuidanceStands.ACCEPTED:
            return (Pending(Step.HOLD_GUIDANCE, Party.INSPECTOR, _deadline_end(case, "compliance")),)
        case _:
            return ()


def _control(case: Case) -> Pending:
    """R17: it is a task once a day is booked."""
    if case.control_day is None:
        return Pending(Step.HOLD_CONTROL, Party.INSPECTOR, _deadline_end(case, "control_window"))
    return Pending(Step.HOLD_CONTROL, Party.INSPECTOR, end_of(case.control_day), (TaskKind.CONTROL_TO_HOLD,))


def _control_waits_for_documentation(case: Case) -> bool:
    """R17: control takes place whether or not it came; a booking made after the deadline no longer waits for it."""
    if case.documentation_complete_at is not None:
        return False
    compliance = _deadline_end(case, "compliance")
    booked_after_deadline = (
        case.control_booked_at is not None and compliance is not None and case.control_booked_at >= compliance
    )
    return not booked_after_deadline


def _after_no(case: Case) -> Iterator[Pending]:
    """R7: an inspection resumes the investigation, and ends it; where the violation was found already, an order."""
    if _orders_are_awaited(case):
        yield _order_to_issue(case)
    if case.new_inspection_day is not None:  # also where an offer that follows was made before it was held
        hold = (TaskKind.INSPECTION_TO_HOLD,)
        yield Pending(Step.RESUME_INSPECTION, Party.INSPECTOR, end_of(case.new_inspection_day), hold)
    elif not _orders_are_awaited(case) and case.followed_by is None:
        if case.kind == "spread":
            yield Pending(Step.REQUEST_ORDER, Party.INSPECTOR)
        elif case.investigation_outcome is None:
            yield Pending(Step.RESUME_INSPECTION, Party.INSPECTOR)
        elif case.investigation_outcome == "spread_offer":
            yield Pending(Step.OFFER_SPREAD, Party.INSPECTOR)


def _after_fulfilment(case: Case) -> Iterator[Pending]:
    """R24: a follow-up, where the policy asks for one."""
    if case.follow_up_on is not None and case.follow_up_held_at is None:
        due = (TaskKind.FOLLOW_UP_DUE,) if case.follow_up_fell_due_at is not None else ()
        yield Pending(Step.HOLD_FOLLOW_UP, Party.INSPECTOR, end_of(case.follow_up_on), due)


def _after_breach(case: Case) -> Iterator[Pending]:
    """R22: the company is heard, an order is asked for at each unit, the order system issues it."""
    if _orders_are_awaited(case):
        yield _order_to_issue(case)
    if case.hearing_opened_at is not None and case.hearing_ended_at is None:
        step = None if case.followed_by is not None else Step.ANSWER_HEARING
        yield Pending(step, Party.COMPANY, _deadline_end(case, "hearing"), (TaskKind.HEARING_RUNNING,))
    elif case.followed_by is None and not _orders_are_awaited(case):
        request = (TaskKind.ORDER_TO_REQUEST,) if case.order_requested_at is None else ()
        yield Pending(Step.REQUEST_ORDER, Party.INSPECTOR, tasks=request)


def _orders_are_awaited(case: Case) -> bool:
    """R22: of those that were asked for, not all are issued."""
    return case.orders_issued < case.orders_requested


def _order_to_issue(case: Case) -> Pending:
    overdue = (TaskKind.ORDER_OVERDUE,) if case.order_overdue_at is not None else ()
    return Pending(Step.ISSUE_ORDER, Party.ORDER_SYSTEM, tasks=overdue)


def _deadline_end(case: Case, name: str) -> datetime | None:
    """The exclusive end of one of the case's deadlines."""
    deadline = case.deadlines.get(name)
    return None if deadline is None else datetime.fromisoformat(deadline["ends_at"])


_IN_THE_COURSE: Mapping[Status, Callable[[Case], Iterable[Pending]]] = {
    Status.OFFERED: _to_deliver,
    Status.DELIVERED: _to_answer,
    Status.RUNNING: _before_the_decision,
    Status.AWAITING_CONTROL: _before_the_decision,
    Status.DECLINED: _after_no,
    Status.LAPSED: _after_no,
    Status.FULFILLED: _after_fulfilment,
    Status.BREACHED: _after_breach,
}
"""What must happen next in the course of a case, by its status."""
