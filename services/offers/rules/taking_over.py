"""A case that is history goes on here, from a day on (R28, R30)."""

from dataclasses import dataclass
from datetime import date, datetime

from services.offers.rules.phases import Ended, Open, Running
from shared.contracts.offers import CaseTakenOver
from shared.deadlines.copenhagen import local_day, start_of
from shared.eventstore.decider import every_fault
from shared.eventstore.errors import Refused


@dataclass(frozen=True)
class TakeOver:
    """Somebody of the authority takes over a case that was imported or replayed."""

    at: datetime
    by: str
    from_day: date
    reason: str
    is_live: bool
    """Whether the case is live already."""


def take_over(state: Open | Running | Ended, command: TakeOver) -> CaseTakenOver:
    """R28, R30: deadlines fall due from the beginning of the day on; what fell due before is neither fired nor told."""
    with every_fault() as check:
        if command.is_live:
            check.note(Refused("R30", "the case is live already: there is nothing to take over"))
        if command.from_day > local_day(command.at):
            why = "a case is taken over from today or an earlier day on, not from {from_day}"
            check.note(Refused("R30", why, from_day=command.from_day))
    return CaseTakenOver(
        agreement_id=state.sent.agreement_id,
        live_from=start_of(command.from_day),
        taken_over_at=command.at,
        taken_over_by=command.by,
        reason=command.reason,
    )
