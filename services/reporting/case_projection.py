"""Fold a fact into the rows of the cases that it is about, per audience."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from services.reporting import agreement_case, order_case, other_case
from services.reporting.case import AUDIENCES, Audience, Case, CaseType, Status, changed
from shared.contracts import offers, orders
from shared.kernel.cloudevents import Message
from shared.kernel.events import Event

_SUBJECTS = {
    CaseType.AGREEMENT: agreement_case,
    CaseType.ORDER: order_case,
    CaseType.OTHER: other_case,
}
_EARLIER_AGREEMENT: Mapping[type[Event], str] = {
    offers.OfferSent: "follows",
    orders.OrderIssued: "agreement_id",
    orders.OtherCaseOpened: "agreement_id",
}
"""The facts that open a case, with the field that names the agreement that it follows from."""


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
    name = _name_of_case(type(event))
    case_id: UUID | None = None if name is None else getattr(event, name)
    return case_id


def concerned(event: Event) -> Iterator[tuple[UUID, CaseType]]:
    """The cases whose rows a fact changes: its own, and the agreement that an order, case or offer follows from."""
    event_type = type(event)
    named = _EARLIER_AGREEMENT.get(event_type)
    earlier = None if named is None else getattr(event, named)
    if earlier is not None:
        yield earlier, CaseType.AGREEMENT
    case_id = own_case(event)
    if case_id is not None:
        yield case_id, _type_of_case(event_type)


def audiences(event: Event) -> tuple[Audience, ...]:
    """R18: the authority's row takes every fact, the company's only what the company may know of."""
    return AUDIENCES if event.seen_by_company() else ("authority",)


def fold(case: Case, event: Event, at: datetime) -> Case:
    """The row after one more fact at `at`, all but its next step (see `with_next_step`).

    A fact that comes before the one that opens its case waits in a row of its own.
    """
    after = _SUBJECTS[case.case_type].fold(case, event)
    if after.case_type is CaseType.AGREEMENT:
        stands = {"status": agreement_case.status(after), "ended_at": agreement_case.ended_at(after)}
    else:
        stands = {}
    return changed(after, visible_version=case.visible_version + 1, updated_at=max(case.updated_at, at), **stands)


def with_next_step(case: Case) -> Case:
    """R26: what must happen next follows from all else, and is read from the rows only: once after many facts."""
    following = _SUBJECTS[case.case_type].next_step(case)
    step, by, due = (None, None, None) if following is None else (following.step, following.by, following.due)
    if (step, by, due) == (case.next_step, case.next_by, case.next_due):
        return case
    return changed(case, next_step=step, next_by=by, next_due=due)


def reached(before: Case, after: Case, position: int, event: Event, message: Message) -> Reached | None:
    """The status that a fact brought a case to. Known late, it still gets its own effective time."""
    status = _SUBJECTS[after.case_type].reaches(event)
    if status is None or status is before.status or own_case(event) != after.case_id:
        return None
    return Reached(after.audience, after.case_id, position, status, message.occurred_at, message.recorded_at)


@cache
def _name_of_case(event_type: type[Event]) -> str | None:
    """The field that names the case that facts of a type are about."""
    return next((name for name in ("case_id", "agreement_id") if name in event_type.model_fields), None)


@cache
def _type_of_case(event_type: type[Event]) -> CaseType:
    for case_type in (CaseType.ORDER, CaseType.OTHER):
        if event_type in _SUBJECTS[case_type].fold:
            return case_type
    return CaseType.AGREEMENT
