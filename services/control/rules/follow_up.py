"""A year after fulfilment: are the measures still in use, and did they spread (R24, R35, R39)?"""

from dataclasses import dataclass
from datetime import datetime

from services.control.rules.measures_beyond_agreement import as_recorded, refuse_faulty_spread
from services.control.rules.measures_in_use import refuse_faulty_observations, refuse_unobserved
from services.control.rules.phases import Kept
from services.control.rules.plausible_times import refuse_impossible_time
from shared.contracts.control import FollowUpFellDue, FollowUpHeld, FollowUpReport, SpreadFurther
from shared.deadlines.copenhagen import start_of
from shared.eventstore.decider import TimerDue, every_fault
from shared.eventstore.errors import Refused


@dataclass(frozen=True)
class HoldFollowUp:
    """What the inspector saw or heard at the follow-up."""

    at: datetime
    inspector: str
    held_at: datetime | None
    told: FollowUpReport
    spread: SpreadFurther


def fall_due(kept: Kept, timer: TimerDue) -> FollowUpFellDue:
    """R24: records that the follow-up is due, which gives the inspector a task."""
    return FollowUpFellDue(agreement_id=kept.fulfilled.agreement_id, at=timer.at)


def hold(kept: Kept, command: HoldFollowUp) -> FollowUpHeld:
    """R24, R35: records the follow-up with the use of every measure that the company documented.

    Refuses a second follow-up, one before its day, and any if none is planned.
    """
    due = kept.fulfilled.follow_up_on
    held_at = command.held_at or command.at
    if due is None:
        raise Refused("R24", "no follow-up is held")
    if kept.followed_up:
        raise Refused("R24", "the follow-up was held already")
    with every_fault() as check:
        if held_at < start_of(due):
            check.note(Refused("R24", "the follow-up is held from {due} on", due=due))
        check(refuse_impossible_time, "R24", held_at, now=command.at, after=kept.fulfilled.fulfilled_at)
        check(refuse_faulty_observations, "R24", kept.course.measures, command.told.measures)
        check(refuse_unobserved, "R24", kept.course.measures, command.told.measures)
        check(refuse_faulty_spread, kept.course, command.spread)
    return FollowUpHeld(
        agreement_id=kept.fulfilled.agreement_id,
        held_at=held_at,
        inspector=command.inspector,
        **dict(command.told),
        **dict(as_recorded(command.spread)),
    )
