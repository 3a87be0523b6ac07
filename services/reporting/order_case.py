"""How an order looks in the view (R25): issued, moved, appealed, complied with, revoked."""

from datetime import datetime

from services.reporting.case import Case, Next, Party, Status, Step, changed
from services.reporting.problem_group import problem_group
from services.reporting.time_spent import spent
from services.reporting.unknown_codes import unknown_in_case
from shared.contracts import orders
from shared.deadlines.copenhagen import end_of, start_of
from shared.kernel.events import Event


def fold(case: Case, event: Event) -> Case:
    """The order after one more fact; facts of one order come in order, for one system says them all."""
    match event:
        case orders.OrderIssued():
            return changed(
                case,
                status=Status.ISSUED,
                opened_at=start_of(event.issued_on),
                kind=event.order_kind,
                cvr=event.cvr,
                p_number=event.p_number,
                topic=event.topic,
                problem_group=problem_group(event.topic),
                inspector=event.inspector,
                agreement_id=event.agreement_id,
                unknown_codes=unknown_in_case(event.cvr, event.topic),
                order_deadline=event.deadline,
            )
        case orders.OrderDeadlineMoved():
            return changed(case, order_deadline=event.deadline)
        case orders.OrderAppealed():
            return changed(
                case, status=Status.APPEALED, appealed_at=start_of(event.appealed_on), suspended=event.suspends
            )
        case orders.OrderTimeRecorded():
            return spent(case, event.phase, event.minutes)
        case orders.OrderCompliedWith():
            return _ended(case, Status.COMPLIED_WITH, start_of(event.complied_on))
        case orders.OrderRevoked():
            return _ended(case, Status.REVOKED, start_of(event.revoked_on))
    return case


def reaches(event: Event) -> Status | None:
    """The status that a fact brings an order to, if it brings it anywhere."""
    match event:
        case orders.OrderIssued():
            return Status.ISSUED
        case orders.OrderAppealed():
            return Status.APPEALED
        case orders.OrderCompliedWith():
            return Status.COMPLIED_WITH
        case orders.OrderRevoked():
            return Status.REVOKED
    return None


def next_step(case: Case) -> Next | None:
    """R25: the company complies by the deadline, unless an appeal suspends the order."""
    if case.status not in (Status.ISSUED, Status.APPEALED):
        return None
    if case.suspended:
        return Next(Step.DECIDE_APPEAL, Party.AUTHORITY)
    due = None if case.order_deadline is None else end_of(case.order_deadline)
    return Next(Step.COMPLY_WITH_ORDER, Party.COMPANY, due)


def _ended(case: Case, status: Status, at: datetime) -> Case:
    return changed(case, status=status, ended_at=at, suspended=False)
