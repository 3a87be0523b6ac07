"""A year after fulfilment: are the measures still in use, and did they spread (R24, R35, R39)?"""

from dataclasses import dataclass
from datetime import datetime

from services.control.measures_in_use import refuse_faulty_observations
from services.control.phases import Kept
from shared.contracts.control import FollowUpFellDue, FollowUpHeld
from shared.contracts.vocabulary import ContactForm, MeasureObservation
from shared.deadlines.copenhagen import start_of
from shared.kernel.decider import Refused, TimerDue


@dataclass(frozen=True)
class HoldFollowUp:
    """What the inspector saw or was told."""

    at: datetime
    inspector: str
    form: ContactForm
    measures: tuple[MeasureObservation, ...]
    spread_further: bool | None
    minutes_spent: int | None


def fall_due(course: Kept, timer: TimerDue) -> FollowUpFellDue:
    """R24: a task for the inspector."""
    return FollowUpFellDue(agreement_id=course.started.agreement_id, at=timer.at)


def hold(course: Kept, command: HoldFollowUp) -> FollowUpHeld:
    """R24, R35: once, when its time has come, on measures that the company documented."""
    due = course.fulfilled.follow_up_on
    if due is None:
        raise Refused("R24", "no follow-up is held")
    if command.at < start_of(due):
        raise Refused("R24", "the follow-up is held from {due} on", due=due)
    if course.followed_up:
        raise Refused("R24", "the follow-up was held already")
    refuse_faulty_observations(course.measures, command.measures)
    return FollowUpHeld(
        agreement_id=course.started.agreement_id,
        held_at=command.at,
        inspector=command.inspector,
        form=command.form,
        measures=command.measures,
        spread_further=command.spread_further,
        minutes_spent=command.minutes_spent,
    )
