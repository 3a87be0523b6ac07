"""Fold facts into one row, the way reporting does."""

from collections.abc import Sequence
from uuid import UUID

from services.reporting.cases.case import Case
from services.reporting.cases.case_types import Audience
from services.reporting.projection.fact import numbered
from services.reporting.projection.fold_batch import Rows, fold_batch
from shared.eventstore.events import Event
from tests.reporting_facts import AGREEMENT, Feed


def rows_after(*events: Event) -> Rows:
    """All rows after these facts."""
    return fold_batch(Rows(), numbered(Feed().receive(*events), 1))


def case_after(*events: Event, audience: Audience = "authority", case_id: UUID = AGREEMENT) -> Case:
    """One audience's row of a case after these facts."""
    return rows_after(*events).cases[audience, case_id]


def next_after(*events: Event, audience: Audience = "authority") -> tuple[str | None, str | None, str | None]:
    """What must happen next: step, by whom, and the last day on which it is in time."""
    case = case_after(*events, audience=audience)
    due = None if case.next_due is None else case.next_due.isoformat()
    return case.next_step, case.next_by, due


def statuses(events: Sequence[Event], audience: Audience = "authority") -> list[str]:
    """The statuses that a case went through."""
    return [row.status for row in rows_after(*events).history if row.audience == audience]
