"""Effective time: from when on a fact held, which may be long before it was recorded (R26)."""

from datetime import date, datetime

from services.reporting.cases.case import Case
from shared.contracts.control import DecisionRevoked
from shared.deadlines.copenhagen import start_of
from shared.eventstore.events import OCCURRED, Event


def effective_from(event: Event, occurred_at: datetime, case: Case) -> datetime:
    """Returns from when a fact held: the time that its type names, a day from its beginning.

    `case` is the row before the fact. A fact that leaves the time open held when it occurred. If a fact of an earlier
    release revokes a decision, the time of that decision is read from the row, so that it counts as never made (R30).
    """
    told: date | datetime | None = occurred_at if event.held == OCCURRED else getattr(event, event.held)
    if told is None and isinstance(event, DecisionRevoked):
        told = case.breached_at or case.fulfilled_at
    if told is None:
        return occurred_at
    return told if isinstance(told, datetime) else start_of(told)
