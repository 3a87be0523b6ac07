"""Time that inspectors spent on a case, by phase: recorded, and corrected by a new fact (R30, R37)."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from services.offers.rules.phases import Ended, Open, Running
from shared.contracts.offers import SpentTime, TimeCorrected, TimeSpent
from shared.deadlines.copenhagen import local_day
from shared.eventstore.decider import every_fault
from shared.eventstore.errors import Refused


@dataclass(frozen=True)
class SpendTime:
    """An inspector reports time that was spent (R37)."""

    at: datetime
    entry_id: UUID
    inspector: str
    on_day: date
    told: SpentTime


@dataclass(frozen=True)
class CorrectTime:
    """Corrects time that was recorded wrongly (R30)."""

    at: datetime
    entry_id: UUID
    by: str
    on_day: date | None
    """The right day; None leaves the day as it was recorded."""
    told: SpentTime
    reason: str


def spend_time(state: Open | Running | Ended, command: SpendTime) -> TimeSpent:
    """R37: records the time that an inspector spent; refuses a day that has not come yet."""
    refuse_yet_to_come(command.on_day, command.at)
    return TimeSpent(
        agreement_id=state.sent.agreement_id,
        inspector=command.inspector,
        on_day=command.on_day,
        entry_id=command.entry_id,
        **dict(command.told),
    )


def correct_time(state: Open | Running | Ended, command: CorrectTime) -> TimeCorrected:
    """R30: corrects recorded time; the history keeps what was recorded before."""
    before = state.about.time.get(command.entry_id)
    if before is None:
        raise Refused("R30", "no time is known that was recorded as {entry_id}", entry_id=command.entry_id)
    after = replace(before, on_day=command.on_day or before.on_day, **dict(command.told))
    with every_fault() as check:
        with check:
            if after == before:
                raise Refused("R30", "that is what was recorded")
        check(refuse_yet_to_come, after.on_day, command.at)
    return TimeCorrected(
        agreement_id=state.sent.agreement_id,
        entry_id=command.entry_id,
        inspector=after.inspector,
        on_day=after.on_day,
        previous_phase=before.phase,
        previous_minutes=before.minutes,
        corrected_at=command.at,
        corrected_by=command.by,
        reason=command.reason,
        **dict(command.told),
    )


def refuse_yet_to_come(day: date, at: datetime) -> None:
    """R37: refuses a day that has not come yet: time is recorded once it was spent."""
    if day > local_day(at):
        raise Refused("R37", "{day} has not come yet", day=day)
