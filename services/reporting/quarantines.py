"""Which units or legal entities get no new agreement for a while (R22)."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from shared.contracts.offers import QuarantineEnded, QuarantineImposed

WHOLE_ENTITY = ""
"""In place of a P-number where every unit of the legal entity is in quarantine."""


@dataclass(frozen=True, slots=True)
class Quarantine:
    """The columns of the table `quarantines`."""

    agreement_id: UUID
    p_number: str
    cvr: str
    imposed_at: datetime | None = None
    ends_at: datetime | None = None
    ended_at: datetime | None = None
    policy: str | None = None


def fold(row: Quarantine | None, event: QuarantineImposed | QuarantineEnded) -> Quarantine:
    """The quarantine after one more fact about it."""
    if row is None:
        row = Quarantine(event.agreement_id, event.p_number or WHOLE_ENTITY, event.cvr)
    match event:
        case QuarantineImposed():
            # R30: one that was revoked with its breach is imposed anew where the breach is another.
            return replace(row, imposed_at=event.imposed_at, ends_at=event.ends_at, ended_at=None, policy=event.policy)
        case QuarantineEnded():
            return replace(row, ended_at=event.ended_at)
