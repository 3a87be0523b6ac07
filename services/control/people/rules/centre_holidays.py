"""The days on which a centre is closed beside the public holidays (R42)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import assert_never
from uuid import NAMESPACE_OID, UUID, uuid5

from shared.contracts.people import CentreHolidaysSet, CentreVisitsReplanned
from shared.contracts.vocabulary import Centre
from shared.eventstore.decider import Decider, TimerDue
from shared.eventstore.events import Event


@dataclass(frozen=True)
class SetHolidays:
    """Says all holidays of a centre anew."""

    at: datetime
    by: str
    centre: Centre
    days: tuple[date, ...]


class CentreTimer(StrEnum):
    """What falls due on a centre."""

    REPLAN_VISITS = "replan-visits"


REPLAN_VISITS = CentreTimer.REPLAN_VISITS


@dataclass(frozen=True)
class NoteCentreReplanned:
    """The timer after a change of the holidays, once the visits of the centre's people have been looked through."""

    at: datetime
    changed_at: datetime
    moved: int
    not_found: int


Command = SetHolidays | NoteCentreReplanned | TimerDue


@dataclass(frozen=True)
class Holidays:
    """The holidays of a centre, in order."""

    days: tuple[date, ...] = ()
    centre: Centre | None = None
    """None until holidays were set for the first time."""
    changed_at: datetime | None = None
    """R17: the latest change after which the visits were not looked through yet."""


def centre_stream(centre: Centre) -> UUID:
    """Returns the stream in which the holidays of a centre are recorded."""
    return uuid5(NAMESPACE_OID, f"centre/{centre}")


def decide(state: Holidays, command: Command) -> Sequence[Event]:
    """R42: records a centre's holidays; the same days again change nothing, and a day named twice counts once.

    R17: records that the visits were looked through, unless the holidays have changed again meanwhile.
    """
    match command:
        case SetHolidays():
            days = tuple(sorted(set(command.days)))
            if days == state.days:
                return ()
            return (CentreHolidaysSet(centre=command.centre, days=days, set_at=command.at, set_by=command.by),)
        case NoteCentreReplanned():
            if state.centre is None or state.changed_at != command.changed_at:
                return ()
            return (
                CentreVisitsReplanned(
                    centre=state.centre,
                    changed_at=command.changed_at,
                    replanned_at=command.at,
                    moved=command.moved,
                    not_found=command.not_found,
                ),
            )
        case TimerDue():
            return ()
        case _:
            assert_never(command)


def evolve(state: Holidays, event: Event) -> Holidays:
    """Returns the holidays after a fact; other facts leave them as they are."""
    match event:
        case CentreHolidaysSet():
            return Holidays(event.days, event.centre, event.set_at)
        case CentreVisitsReplanned() if event.changed_at == state.changed_at:
            return replace(state, changed_at=None)
        case _:
            return state


def timers(state: Holidays) -> dict[str, datetime]:
    """R17: returns when the visits of a centre's people are looked through: at once after its holidays have changed."""
    return {} if state.changed_at is None else {REPLAN_VISITS: state.changed_at}


CENTRE: Decider[Holidays, Command] = Decider(
    name="centre", initial=Holidays(), decide=decide, evolve=evolve, timers=timers
)
