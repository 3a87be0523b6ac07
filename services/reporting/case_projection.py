"""Fold a fact into the rows of the cases that it is about, per audience."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.reporting import agreement_case, order_case, other_case
from services.reporting.case import AUDIENCES, Audience, Case, CaseType, Status, changed
from shared.contracts import offers, orders
from shared.kernel.events import Event
from shared.kernel.received import Received

_ORDER_FACTS = (
    orders.OrderIssued,
    orders.OrderDeadlineMoved,
    orders.OrderAppealed,
    orders.OrderCompliedWith,
    orders.OrderRevoked,
    orders.OrderTimeRecorded,
)
_OTHER_FACTS = (orders.OtherCaseOpened, orders.OtherCaseClosed)


@dataclass(frozen=True, slots=True)
class Reached:
    """A row of `case_history`: a status, when it held and when it was known."""

    audience: Audience
    case_id: UUID
    position: int
    status: Status
    effective_at: datetime
    recorded_at: datetime


def own_case(event: Event) -> UUID | None:
    """The case that a fact is about."""
    case_id: UUID | None = getattr(event, "case_id", None) or getattr(event, "agreement_id", None)
    return case_id


def concerned(event: Event) -> Iterator[tuple[UUID, CaseType]]:
    """The cases whose rows a fact changes: its own, and the agreement that an order, case or offer follows from."""
    match event:
        case orders.OrderIssued() | orders.OtherCaseOpened() if event.agreement_id is not None:
            yield event.agreement_id, CaseType.AGREEMENT
        case offers.OfferSent(follows=UUID() as earlier):
            yield earlier, CaseType.AGREEMENT
    case_id = own_case(event)
    if case_id is not None:
        yield case_id, _type_of(event)


def audiences(event: Event) -> tuple[Audience, ...]:
    """R18: the authority's row takes every fact, the company's only what the company may know of."""
    return AUDIENCES if event.seen_by_company() else ("authority",)


def fold(case: Case | None, audience: Audience, case_id: UUID, case_type: CaseType, fact: Received) -> Case:
    """The row after one more fact. A fact that comes before the one that opens its case waits in a row of its own."""
    event, at = fact.event, fact.message.occurred_at
    if case is None:
        case = Case(audience=audience, case_id=case_id, case_type=case_type, opened_at=at, updated_at=at)
    if event is None:
        return case
    return _settled(_SUBJECTS[case.case_type].fold(case, event), at)


def reached(before: Case | None, after: Case, position: int, fact: Received) -> Reached | None:
    """The status that a fact brought a case to. Known late, it still gets its own effective time."""
    if fact.event is None or own_case(fact.event) != after.case_id:
        return None
    status = _SUBJECTS[after.case_type].reaches(fact.event)
    if status is None or (before is not None and before.status is status):
        return None
    message = fact.message
    return Reached(after.audience, after.case_id, position, status, message.occurred_at, message.recorded_at)


def _settled(case: Case, at: datetime) -> Case:
    """With the columns that follow from the others; in one copy, for copying a row is what folding costs."""
    following = _SUBJECTS[case.case_type].next_step(case)
    is_agreement = case.case_type is CaseType.AGREEMENT
    return changed(
        case,
        status=agreement_case.status(case) if is_agreement else case.status,
        ended_at=agreement_case.ended_at(case) if is_agreement else case.ended_at,
        next_step=None if following is None else following.step,
        next_by=None if following is None else following.by,
        next_due=None if following is None else following.due,
        visible_version=case.visible_version + 1,
        updated_at=max(case.updated_at, at),
    )


def _type_of(event: Event) -> CaseType:
    if isinstance(event, _ORDER_FACTS):
        return CaseType.ORDER
    return CaseType.OTHER if isinstance(event, _OTHER_FACTS) else CaseType.AGREEMENT


_SUBJECTS = {
    CaseType.AGREEMENT: agreement_case,
    CaseType.ORDER: order_case,
    CaseType.OTHER: other_case,
}
