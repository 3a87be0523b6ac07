"""Effective time: from when on a fact held, which may be long before it was recorded (R26)."""

from datetime import datetime

from services.reporting.cases.case import Case
from shared.contracts.control import DecisionRevoked
from shared.deadlines.effective_time import held_from
from shared.eventstore.events import Event


def effective_from(event: Event, occurred_at: datetime, case: Case) -> datetime:
    """Returns from when a fact held: the time that its type names, a day from its beginning.

    `case` is the row before the fact. A fact that leaves the time open held when it occurred. If a fact of an earlier
    release revokes a decision, the time of that decision is read from the row, so that it counts as never made (R30).
    """
    told = held_from(event, occurred_at)
    if told is None and isinstance(event, DecisionRevoked):
        told = case.breached_at or case.fulfilled_at
    return told or occurred_at
