"""Which unit may be offered an agreement: known, of that legal entity, not in construction, not in quarantine (R8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.kernel.decider import Refused
from shared.policy.policy import Policy


@dataclass(frozen=True)
class Unit:
    """A production unit as the business register has it on the day of the offer."""

    p_number: str
    cvr: str
    industry: str


@dataclass(frozen=True)
class Quarantine:
    """A quarantine that stands when an offer is made or accepted."""

    because_of: UUID
    ends_at: datetime


def refuse_ineligible_unit(unit: Unit | None, p_number: str, cvr: str, policy: Policy) -> None:
    """R1, R8: the register knows it, as a unit of this legal entity, and not in an industry that is left out."""
    if unit is None:
        raise Refused("R1", "the register does not know the unit {p_number}", p_number=p_number)
    if unit.cvr != cvr:
        raise Refused("R1", "{p_number} belongs to {cvr}", p_number=p_number, cvr=unit.cvr)
    if unit.industry in policy.offer.excluded_industries:
        raise Refused("R8", "no agreements are offered in the industry {industry}", industry=unit.industry)


def refuse_in_quarantine(quarantines: Sequence[Quarantine], at: datetime) -> None:
    """R8: no new agreement while a quarantine stands."""
    for quarantine in quarantines:
        if quarantine.ends_at > at:
            raise Refused(
                "R8",
                "in quarantine until {until}, because of the breach of agreement {agreement}",
                until=quarantine.ends_at.isoformat(),
                agreement=quarantine.because_of,
            )
