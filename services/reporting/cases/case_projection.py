"""Which cases a fact is about, and who may know of it; and a case's row while facts are folded into it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from services.reporting.cases import agreement_case, agreement_steps, orders_from_order_system, other_case
from services.reporting.cases.case import Case, Columns, changed, refuse_unknown
from services.reporting.cases.case_types import Audience, CaseType, Status
from services.reporting.cases.fold_rules import Rules
from services.reporting.cases.steps import Pending, next_of
from shared.contracts import offers, orders
from shared.eventstore.events import Event, Origin

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


class Understood(NamedTuple):
    """What today's classes understand of a fact; nothing, if they do not know its type."""

    case_id: UUID | None = None
    """The case that the fact is about; None if it is about no case."""
    seen_by_company: bool = False
    """R18: whether the company may know of the fact."""
    follows: UUID | None = None
    """The agreement that the order, case or offer in the fact follows from; None if there is none."""


def understood(event: Event) -> Understood:
    """R18: returns which cases a fact is about, and whether the company may know of it."""
    own, earlier = _fields_with_cases(type(event))
    return Understood(
        None if own is None else getattr(event, own),
        event.seen_by_company(),
        None if earlier is None else getattr(event, earlier),
    )


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

    def reached_by(self, event: Event) -> Status | None:
        """Returns the status that a fact would bring the case to; None if it leaves the case where it stands."""
        reached = self._subject.reaches(event)
        return None if reached is self.case.status else reached

    def take(self, event: Event, at: datetime, origin: Origin = Origin.LIVE) -> None:
        """Folds one more fact, of `at`. Raises UnknownColumn if a rule sets a column that no row has.

        `origin` is that of a fact of the case itself: what is not live makes the case history.
        """
        case, columns = self.case, self._columns
        self._pending = None
        if origin is not Origin.LIVE:
            columns["origin"] = origin
        for rule in self._subject.rules.about(type(event)):
            changes = rule(case, event)
            columns.update(changes)
            columns.update(self._subject.following(case, changes))
        refuse_unknown(columns)
        columns["visible_version"] += 1
        if at > columns["updated_at"]:
            columns["updated_at"] = at

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
def _fields_with_cases(event_type: type[Event]) -> tuple[str | None, str | None]:
    """The fields that name the case that facts of a type are about, and the agreement that this case follows from."""
    own = next((name for name in ("case_id", "agreement_id") if name in event_type.model_fields), None)
    return own, FOLLOWS_FROM.get(event_type)
