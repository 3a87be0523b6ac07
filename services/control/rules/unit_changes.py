"""A unit of a running agreement gets another legal entity, or ceases: a fact of the course, once per change (R40)."""

from dataclasses import dataclass
from datetime import datetime

from services.control.rules.phases import Running
from shared.contracts.control import AgreementUnitChanged
from shared.contracts.offers import UnitChangeNoted


@dataclass(frozen=True)
class NoteUnitChange:
    """Reaction: offers, which follows the register, tells what became of a unit."""

    at: datetime
    fact: UnitChangeNoted


def note(course: Running, command: NoteUnitChange) -> tuple[AgreementUnitChanged, ...]:
    """R40: once per change; by the day from which it holds."""
    fact = command.fact
    same_day = [
        change.cvr
        for change in course.unit_changes
        if (change.p_number, change.holds_from) == (fact.p_number, fact.holds_from)
    ]
    if fact.cvr in same_day[-1:]:
        return ()
    return (
        AgreementUnitChanged(
            agreement_id=fact.agreement_id,
            p_number=fact.p_number,
            holds_from=fact.holds_from,
            noted_at=command.at,
            ceased=fact.ceased,
            settled=fact.settled,
            cvr=fact.cvr,
        ),
    )
