"""Which units an agreement may include: those of the company that are free, not in construction or quarantine (R8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.offers.rules.quarantine import stands
from shared.eventstore.decider import every_fault
from shared.eventstore.errors import Refused
from shared.policy.policy import Policy


@dataclass(frozen=True)
class Unit:
    """A production unit as the business register has it on the day of the offer."""

    p_number: str
    cvr: str | None
    """None where the unit has ceased by then (R40)."""
    industry: str | None
    name: str | None = None
    """Name for the letter; None if the register has not reported the unit since names are stored here."""


@dataclass(frozen=True)
class Quarantine:
    """A quarantine that holds when an offer is made or accepted."""

    because_of: UUID | None
    """The breached agreement; None if the asker is a company that it does not belong to."""
    ends_at: datetime
    of_former_owner: bool = False
    """R40: whether the unit breached under another legal entity; it keeps the quarantine."""


def refuse_ineligible_unit(unit: Unit | None, p_number: str, cvr: str, policy: Policy, rule: str = "R1") -> None:
    """R1, R8, R10, R40: refuses a unit that is unknown, ceased, foreign, or in an excluded industry.

    The register says which legal entity the unit belongs to.
    """
    if unit is None:
        raise Refused(rule, "the register does not know the unit {p_number}", p_number=p_number)
    if unit.cvr is None:
        raise Refused("R40", "the unit {p_number} has ceased", p_number=p_number)
    with every_fault() as check:
        with check:
            if unit.cvr != cvr:
                raise Refused(rule, "{p_number} does not belong to {cvr}", p_number=p_number, cvr=cvr)
        with check:
            if unit.industry in policy.offer.excluded_industries:
                raise Refused("R8", "no agreements are offered in the industry {industry}", industry=unit.industry)


def is_of(unit: Unit | None, cvr: str) -> bool:
    """R8: returns whether a unit belongs to the legal entity; of a foreign one a company learns nothing else."""
    return unit is not None and unit.cvr == cvr


def refuse_taken(slot: int | None, p_number: str, topic: str) -> int:
    """R8: returns the free slot; refuses a topic that has an open offer or agreement at the unit already."""
    if slot is None:
        raise Refused(
            "R8", "{p_number} already has an open offer or agreement on topic {topic}", p_number=p_number, topic=topic
        )
    return slot


def refuse_in_quarantine(quarantines: Sequence[Quarantine], p_number: str, at: datetime) -> None:
    """R8, R40: refuses a unit in quarantine; names the breached agreement unless it is another company's."""
    standing = [one for one in quarantines if stands(one.ends_at, at)]
    if not standing:
        return
    last = max(standing, key=lambda one: one.ends_at)
    own = next((one.because_of for one in standing if one.because_of is not None), None)
    values = {"p_number": p_number, "until": last.ends_at.isoformat(), "agreement": own}
    if own is not None:
        raise Refused(
            "R8", "{p_number} is in quarantine until {until}, because of the breach of agreement {agreement}", **values
        )
    if any(one.of_former_owner for one in standing):
        raise Refused(
            "R8",
            "{p_number} is in quarantine until {until}, because of a breach under another legal entity: a unit keeps "
            "its quarantine when it moves",
            **values,
        )
    raise Refused("R8", "{p_number} is in quarantine until {until}", **values)
