"""The days on which a centre is closed beside the public holidays (R42)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import assert_never
from uuid import NAMESPACE_OID, UUID, uuid5

from shared.contracts.people import CentreHolidaysSet
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


Command = SetHolidays | TimerDue


@dataclass(frozen=True)
class Holidays:
    """The holidays of a centre, in order."""

    days: tuple[date, ...] = ()


def centre_stream(centre: Centre) -> UUID:
    """Returns the stream in which the holidays of a centre are recorded."""
    return uuid5(NAMESPACE_OID, f"centre/{centre}")


def decide(state: Holidays, command: Command) -> Sequence[Event]:
    """R42: records a centre's holidays; the same days again change nothing, and a day named twice counts once."""
    match command:
        case SetHolidays():
            days = tuple(sorted(set(command.days)))
            if days == state.days:
                return ()
            return (CentreHolidaysSet(centre=command.centre, days=days, set_at=command.at, set_by=command.by),)
        case TimerDue():
            return ()
        case _:
            assert_never(command)


def evolve(state: Holidays, event: Event) -> Holidays:
    """Returns the holidays after a fact; other facts leave them as they are."""
    return Holidays(event.days) if isinstance(event, CentreHolidaysSet) else state


CENTRE: Decider[Holidays, Command] = Decider(name="centre", initial=Holidays(), decide=decide, evolve=evolve)
