"""Which units or legal entities get no new agreement for a while (R22)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.reporting.cases.fold_rules import Rules
from shared.contracts.offers import QuarantineEnded, QuarantineImposed

WHOLE_ENTITY = ""
"""In place of a P-number where every unit of the legal entity is in quarantine."""


class Quarantine(NamedTuple):
    """The columns of the table `quarantines`."""

    agreement_id: UUID
    p_number: str
    cvr: str
    imposed_at: datetime | None = None
    ends_at: datetime | None = None
    ended_at: datetime | None = None
    policy: str | None = None


Quarantines = Mapping[str, Quarantine]
"""The quarantines of one breached agreement, by P-number."""
rules = Rules[Quarantines, Quarantines]()


@rules.on
def _imposed(rows: Quarantines, event: QuarantineImposed) -> Quarantines:
    """R22, R30: one that was revoked with its breach is imposed anew where the breach is another."""
    return _changed(rows, event, imposed_at=event.imposed_at, ends_at=event.ends_at, ended_at=None, policy=event.policy)


@rules.on
def _ended(rows: Quarantines, event: QuarantineEnded) -> Quarantines:
    """R22: the quarantine is over."""
    return _changed(rows, event, ended_at=event.ended_at)


def _changed(rows: Quarantines, event: QuarantineImposed | QuarantineEnded, **columns: Any) -> Quarantines:
    p_number = event.p_number or WHOLE_ENTITY
    row = rows.get(p_number) or Quarantine(event.agreement_id, p_number, event.cvr)
    return {**rows, p_number: row._replace(**columns)}
