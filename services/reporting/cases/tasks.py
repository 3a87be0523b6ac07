"""What an inspector has to do: tasks that a case's row calls for, opened and closed as facts come."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from services.reporting.cases.agreement_case import deadline_end, decided_alone, hearing_runs, is_left
from services.reporting.cases.case import Case, CaseType, Status
from shared.contracts.guidance import GuidanceStands
from shared.deadlines.copenhagen import end_of


class TaskKind(StrEnum):
    """Tasks, by the rule that asks for them."""

    OFFER_UNANSWERED = "offer-unanswered"
    """R5: ask whether the offer was received and understood."""
    ANSWER_RECEIVED = "answer-received"
    """R7, R29: act on the company's answer, or on its silence."""
    GUIDANCE_DUE = "guidance-due"
    """R12."""
    GUIDANCE_OVERDUE = "guidance-overdue"
    """R12."""
    LOOK_INTO_GUIDANCE = "look-into-guidance"
    """R12: it escalates: not the inspector's own, but for whoever leads the work."""
    DOCUMENTATION_RECEIVED = "documentation-received"
    """R16, R29: read it before the control."""
    CONTROL_TO_HOLD = "control-to-hold"
    """R17."""
    HEARING_RUNNING = "hearing-running"
    """R22."""
    ORDER_TO_REQUEST = "order-to-request"
    """R22."""
    MEND_DELIVERY = "mend-delivery"
    """R4: it did not arrive."""
    ANSWER_EXTENSION = "answer-extension"
    """R13."""
    INSPECTION_TO_HOLD = "inspection-to-hold"
    """R7: the new inspection after a no."""
    ORDER_OVERDUE = "order-overdue"
    """R22: asked for, and not issued."""
    CONFLICT_TO_LOOK_INTO = "conflict-to-look-into"
    """R8, R41: accepted before a breach became known, or beside an order or another agreement on the topic."""
    UNIT_CHANGED = "unit-changed"
    """R40: withdraw and offer anew, or carry over to the new owner."""
    FOLLOW_UP_DUE = "follow-up-due"
    """R24."""


class Task(NamedTuple):
    """The columns of the table `tasks`."""

    case_id: UUID
    kind: TaskKind
    number: int
    inspector: str | None
    due: datetime | None
    since: datetime
    closed_at: datetime | None = None


_NOTHING_TO_DO = (Status.UNKNOWN, Status.WITHDRAWN)
_UNDER_WAY = (Status.RUNNING, Status.AWAITING_CONTROL)
_NOT_ACCEPTED = (Status.DECLINED, Status.LAPSED)


def standing(case: Case) -> Mapping[TaskKind, datetime | None]:
    """The tasks that a case calls for now, each with its due time (exclusive end, None where nothing sets one)."""
    if case.case_type is not CaseType.AGREEMENT or case.status in _NOTHING_TO_DO:
        return {}
    return dict(_called_for(case))


def fold(tasks: Sequence[Task], case: Case, at: datetime) -> list[Task]:
    """The case's tasks after a fact at `at`: open ones follow the row, closed ones stay as they are."""
    wanted = dict(standing(case))
    after = []
    for task in tasks:
        if task.closed_at is not None:
            after.append(task)
        elif task.kind in wanted:
            after.append(_following(task, case, wanted.pop(task.kind)))
        else:
            after.append(task._replace(closed_at=at))
    for kind, due in wanted.items():
        number = 1 + sum(task.kind is kind for task in tasks)
        after.append(Task(case.case_id, kind, number, _whose(kind, case), due, at))
    return after


def _following(task: Task, case: Case, due: datetime | None) -> Task:
    """The same task where nothing of it changed, so that it need not be written again."""
    inspector = _whose(task.kind, case)
    return task if (task.inspector, task.due) == (inspector, due) else task._replace(inspector=inspector, due=due)


def _whose(kind: TaskKind, case: Case) -> str | None:
    return None if kind is TaskKind.LOOK_INTO_GUIDANCE else case.inspector


def _called_for(case: Case) -> Iterator[tuple[TaskKind, datetime | None]]:
    if case.undelivered and case.status is Status.OFFERED:
        yield TaskKind.MEND_DELIVERY, None
    if case.halfway_at is not None and case.understanding_asked_at is None and case.status is Status.DELIVERED:
        yield TaskKind.OFFER_UNANSWERED, deadline_end(case, "response")
    if _answer_is_new(case):
        yield TaskKind.ANSWER_RECEIVED, None
    if case.status in _UNDER_WAY and not decided_alone(case):
        yield from _while_running(case)
    if case.extension_requested_at is not None and case.status in _UNDER_WAY:
        yield TaskKind.ANSWER_EXTENSION, deadline_end(case, "compliance")
    if case.open_conflicts and case.ended_at is None:
        yield TaskKind.CONFLICT_TO_LOOK_INTO, None
    if case.changed_units and is_left(case):
        yield TaskKind.UNIT_CHANGED, None
    yield from _after_the_end(case)


def _after_the_end(case: Case) -> Iterator[tuple[TaskKind, datetime | None]]:
    if case.new_inspection_day is not None:
        yield TaskKind.INSPECTION_TO_HOLD, end_of(case.new_inspection_day)
    if case.order_overdue_at is not None:
        yield TaskKind.ORDER_OVERDUE, None
    if hearing_runs(case):
        yield TaskKind.HEARING_RUNNING, deadline_end(case, "hearing")
    if case.status is Status.BREACHED and not hearing_runs(case) and _order_is_missing(case):
        yield TaskKind.ORDER_TO_REQUEST, None
    if case.follow_up_fell_due_at is not None and case.follow_up_held_at is None:
        yield TaskKind.FOLLOW_UP_DUE, None if case.follow_up_on is None else end_of(case.follow_up_on)


def _while_running(case: Case) -> Iterator[tuple[TaskKind, datetime | None]]:
    if case.guidance_stands == GuidanceStands.NOT_OFFERED and case.guidance_fell_due_at is not None:
        overdue = case.guidance_overdue_at is not None and case.guidance_overdue_at >= case.guidance_fell_due_at
        due = deadline_end(case, "guidance")
        yield (TaskKind.GUIDANCE_OVERDUE if overdue else TaskKind.GUIDANCE_DUE), due
        if overdue:
            yield TaskKind.LOOK_INTO_GUIDANCE, due
    if case.documentation_at is not None:
        yield TaskKind.DOCUMENTATION_RECEIVED, None
    if case.control_day is not None:
        yield TaskKind.CONTROL_TO_HOLD, end_of(case.control_day)


def _answer_is_new(case: Case) -> bool:
    """R7: after a no until something follows from it; after a yes until the course is under way."""
    if case.status in _NOT_ACCEPTED:
        after_no = (case.followed_by, case.new_inspection_day, case.investigation_outcome, case.order_requested_at)
        return not any(after_no)
    under_way = (case.guidance_offered_at, case.guidance_held_at, case.documentation_at, case.control_held_at)
    return case.status is Status.RUNNING and not any(under_way)


def _order_is_missing(case: Case) -> bool:
    return case.order_requested_at is None and case.followed_by is None
