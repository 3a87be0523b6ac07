"""Which cases a fact is about, and who may know of it; and a case's row while facts are folded into it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from services.reporting.cases import agreement_case, agreement_steps, orders_from_order_system, other_case
from services.reporting.cases.case import Case, Columns, changed, refuse_unknown
from services.reporting.cases.case_types import AUDIENCES, Audience, CaseType, Status
from services.reporting.cases.fold_rules import Rules
from services.reporting.cases.steps import Pending, next_of
from shared.contracts import offers, orders
from shared.eventstore.events import Event

_SUBJECTS = {
    CaseType.AGREEMENT: agreement_case,
    CaseType.ORDER: orders_from_order_system,
    CaseType.OTHER: other_case,
}
_PENDING: Mapping[CaseType, Callable[[Case], Sequence[Pending]]] = {
    CaseType.AGREEMENT: agreement_steps.pending,
    CaseType.ORDER: orders_from_order_system.pending,
    CaseType.OTHER: other_case.pending,
}
FOLLOWS_FROM: Mapping[type[Event], str] = {
    offers.OfferSent: "follows",
    orders.OrderIssued: "agreement_id",
    orders.OtherCaseOpened: "agreement_id",
    orders.OtherCaseAnnounced: "agreement_id",
    orders.OtherCaseClosed: "agreement_id",
}
"""The facts that open a case, or tell of one, with the field that names the agreement that it follows from."""


class Reached(NamedTuple):
    """A row of `case_history`: a status, when it held and when it was known."""

    audience: Audience
    case_id: UUID
    position: int
    status: Status
    effective_at: datetime
    recorded_at: datetime


def own_case(event: Event) -> UUID | None:
    """Returns the case that a fact is about; None if it is about no case."""
    name = _name_of_case(type(event))
    case_id: UUID | None = None if name is None else getattr(event, name)
    return case_id


def earlier_agreement(event: Event) -> UUID | None:
    """Returns the agreement that the order, case or offer in this fact follows from; None if there is none."""
    name = FOLLOWS_FROM.get(type(event))
    agreement_id: UUID | None = None if name is None else getattr(event, name)
    return agreement_id


def concerned(event: Event) -> Iterator[UUID]:
    """Yields the cases whose rows a fact changes: the agreement that its case follows from, and its own case."""
    return (case_id for case_id in (earlier_agreement(event), own_case(event)) if case_id is not None)


def rules_about(case_type: CaseType, event_type: type[Event]) -> Sequence[Callable[[Case, Any], Columns]]:
    """Returns the rules, in order, by which facts of a type change the row of a case of a type."""
    rules: Rules[Case, Columns] = _SUBJECTS[case_type].rules
    return rules.about(event_type)


@cache
def type_of_case(event_type: type[Event]) -> CaseType:
    """Returns the type of the case that facts of a type are about."""
    for case_type in (CaseType.ORDER, CaseType.OTHER):
        if rules_about(case_type, event_type):
            return case_type
    return CaseType.AGREEMENT


def audiences(event: Event) -> tuple[Audience, ...]:
    """R18: returns the audiences whose rows a fact changes: the authority's always, the company's if it may know."""
    return AUDIENCES if event.seen_by_company() else ("authority",)


def as_told(event: Event, audience: Audience, known: Case | None) -> Event:
    """R18: returns the fact as an audience may know it. `known` is the authority's row of the case, with this fact."""
    if audience == "authority":
        return event
    if type(event) is orders.OtherCaseClosed and known is not None and known.case_type is CaseType.OTHER:
        event = other_case.told_in_full(event, known)
    return event.as_company_sees()


class Draft:
    """A copy of a row into which many facts are folded, so that the row itself never changes.

    A fact that comes before the one that opens its case waits in a row of its own.
    """

    def __init__(self, case: Case) -> None:
        self.case = changed(case, {})
        self._columns = vars(self.case)
        self._subject = _SUBJECTS[case.case_type]
        self._pending: Sequence[Pending] | None = None

    def take(self, event: Event, at: datetime) -> Status | None:
        """Folds one more fact, of `at`; returns the status that it brings the case to, unless it is the current one.

        Raises UnknownColumn if a rule sets a column that no row has.
        """
        case, columns, before = self.case, self._columns, self.case.status
        self._pending = None
        for rule in self._subject.rules.about(type(event)):
            changes = rule(case, event)
            columns.update(changes)
            columns.update(self._subject.following(case, changes))
        refuse_unknown(columns)
        columns["visible_version"] += 1
        columns["updated_at"] = max(columns["updated_at"], at)
        reached = self._subject.reaches(event)
        return None if reached is before else reached

    def finished(self) -> Case:
        """Returns the row, with what must happen next.

        R26: that follows from all other columns, and only readers of rows ask for it, so it is set once at the end.
        """
        first = next_of(self.pending)
        if first is None:
            self._columns.update(next_step=None, next_by=None, next_due=None)
        else:
            self._columns.update(next_step=first.step, next_by=first.by, next_due=first.due)
        return self.case

    @property
    def pending(self) -> Sequence[Pending]:
        """Returns all that must still happen in the case, the first step first."""
        if self._pending is None:
            self._pending = _PENDING[self.case.case_type](self.case)
        return self._pending


@cache
def _name_of_case(event_type: type[Event]) -> str | None:
    """The field that names the case that facts of a type are about."""
    return next((name for name in ("case_id", "agreement_id") if name in event_type.model_fields), None)
