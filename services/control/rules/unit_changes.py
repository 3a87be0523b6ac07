"""A unit gets another legal entity, or ceases, while something is left to do there: a fact of the course (R40)."""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from services.control.rules.phases import AfterNo, Broken, Kept, Running, State
from shared.contracts.control import AgreementUnitChanged
from shared.contracts.offers import UnitChangeNoted
from shared.contracts.vocabulary import AgreementKind


@dataclass(frozen=True)
class NoteUnitChange:
    """Reaction: offers, which follows the register, reports a change of a unit."""

    at: datetime
    fact: UnitChangeNoted


def note(state: State, command: NoteUnitChange) -> tuple[AgreementUnitChanged, ...]:
    """R40: records a change of a unit, unless it is known already for the day from which it holds.

    Records nothing if nothing is left to do in the case.
    """
    match state:
        case Running() | AfterNo():
            known = state.unit_changes
        case Kept(course=course) | Broken(course=course):
            known = course.unit_changes
        case _:
            return ()
    if not is_left(state):
        return ()
    fact = command.fact
    same_day = [
        change.cvr for change in known if (change.p_number, change.holds_from) == (fact.p_number, fact.holds_from)
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


def is_left(state: Running | Kept | Broken | AfterNo) -> bool:
    """R7, R22, R24: returns whether a control, an inspection, an order or a follow-up is still to come."""
    match state:
        case Running():
            return True
        case AfterNo():
            return state.noted.kind is AgreementKind.SUSPICION and state.concluded is None
        case Kept():
            return state.fulfilled.follow_up_on is not None and not state.followed_up
        case Broken():
            return not state.orders
        case _:
            assert_never(state)
