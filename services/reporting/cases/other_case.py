"""How a case of another system looks in the view (R26): inspections, investigations, other reactions."""

from collections.abc import Mapping, Sequence

from services.reporting.cases.case import Case, Columns
from services.reporting.cases.case_types import Status
from services.reporting.cases.fold_rules import Rules
from services.reporting.cases.problem_group import problem_group
from services.reporting.cases.steps import Party, Pending, Step
from services.reporting.cases.unknown_codes import unknown_in_case
from shared.contracts import orders
from shared.deadlines.copenhagen import start_of
from shared.eventstore.events import Event

rules = Rules[Case, Columns]()
_REACHES: Mapping[type[Event], Status] = {
    orders.OtherCaseOpened: Status.OPEN,
    orders.OtherCaseAnnounced: Status.OPEN,
    orders.OtherCaseClosed: Status.CLOSED,
}
"""It is opened and closed, and more we are not told."""


@rules.on
def _opened(case: Case, event: orders.OtherCaseOpened) -> Columns:
    opened = {"status": Status.OPEN, "opened_at": start_of(event.opened_on), "centre": event.centre}
    return opened | _about(event)


@rules.on
def _announced(case: Case, event: orders.OtherCaseAnnounced) -> Columns:
    """R18: for who did not know of it, it begins with the day on which it was told."""
    if case.status is not Status.UNKNOWN:
        return {}
    return {"status": Status.OPEN, "opened_at": start_of(event.announced_on)} | _about(event)


@rules.on
def _closed(case: Case, event: orders.OtherCaseClosed) -> Columns:
    """R18: the same; an entry that comes later never stands before one that was served."""
    closed: Columns = {"status": Status.CLOSED, "ended_at": start_of(event.closed_on)}
    if case.status is not Status.UNKNOWN or event.cvr is None:
        return closed
    return closed | {"opened_at": start_of(event.closed_on)} | _about(event)


def told_in_full(event: orders.OtherCaseClosed, case: Case) -> orders.OtherCaseClosed:
    """R18: returns the closing with what the case was.

    A closing of an earlier release lacks it; it is then filled in from the row, which the case's first fact opened.
    """
    if event.cvr is not None or case.cvr is None:
        return event
    return event.model_copy(
        update={
            "case_kind": case.kind,
            "cvr": case.cvr,
            "p_number": case.p_number,
            "topic": case.topic,
            "inspector": case.inspector,
            "agreement_id": case.agreement_id,
            "number": case.number,
        }
    )


def _about(event: orders.OtherCaseOpened | orders.OtherCaseAnnounced | orders.OtherCaseClosed) -> Columns:
    return {
        "kind": event.case_kind,
        "cvr": event.cvr,
        "p_number": event.p_number,
        "topic": event.topic,
        "problem_group": problem_group(event.topic),
        "inspector": event.inspector,
        "agreement_id": event.agreement_id,
        "number": event.number,
        "unknown_codes": {} if event.cvr is None else unknown_in_case(event.cvr, event.topic),
    }


def following(case: Case, changes: Columns) -> Columns:
    """Returns nothing, because each fact says itself what it changes."""
    return {}


def reaches(event: Event) -> Status | None:
    """Returns the status that a fact brings a case of another system to, if any."""
    return _REACHES.get(type(event))


def pending(case: Case) -> Sequence[Pending]:
    """R26: returns that the inspector must close an open case; other systems name no date for that."""
    return (Pending(Step.CLOSE_CASE, Party.INSPECTOR),) if case.status is Status.OPEN else ()
