"""The known changes of a unit, and when the offers and agreements there learn of them (R40)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import assert_never
from uuid import NAMESPACE_OID, UUID, uuid5

from shared.contracts.offers import UnitChangeLearned, UnitChangeReachedCases
from shared.deadlines.copenhagen import start_of
from shared.eventstore.decider import Decider, TimerDue
from shared.eventstore.events import Event

LOOKS_AGAIN_AFTER = timedelta(minutes=10)
"""Time after which cases learn of a change again, so that what was decided before it and recorded after it is found.

It is longer than any request takes.
"""


class UnitTimer(StrEnum):
    """What falls due at a unit."""

    TELL_CASES = "tell-cases"


TELL_CASES = UnitTimer.TELL_CASES


@dataclass(frozen=True)
class LearnChange:
    """The register says that a unit has another legal entity from a day on, or none."""

    at: datetime
    p_number: str
    holds_from: date
    cvr: str | None


Command = LearnChange | TimerDue


@dataclass(frozen=True)
class Watched:
    """A unit of which a change is known."""

    p_number: str | None = None
    learned: tuple[UnitChangeLearned, ...] = ()
    """The newest report about each day."""
    tells_at: tuple[datetime, ...] = ()
    """The times at which its cases are still to learn of a change."""


def unit_stream(p_number: str) -> UUID:
    """Returns the id of the stream in which the changes of a unit are recorded."""
    return uuid5(NAMESPACE_OID, f"changes of unit/{p_number}")


def decide(state: Watched, command: Command) -> Sequence[Event]:
    """R40: records a new change of a unit, and on its day that it has reached the cases.

    A change that the register reports again is no change.
    """
    match command:
        case LearnChange():
            known = {(one.holds_from, one.cvr) for one in state.learned}
            if (command.holds_from, command.cvr) in known:
                return ()
            return (
                UnitChangeLearned(
                    p_number=command.p_number,
                    holds_from=command.holds_from,
                    cvr=command.cvr,
                    learned_at=command.at,
                ),
            )
        case TimerDue():
            if state.p_number is None or timers(state).get(command.name) != command.due:
                return ()
            return (UnitChangeReachedCases(p_number=state.p_number, reached_at=command.at),)
        case _:
            assert_never(command)


def evolve(state: Watched, event: Event) -> Watched:
    """Returns the schedule with the times of a newly learned change added, or with past times removed.

    Cases learn of a change on its day, or at once where that is over; and once more a little later.
    """
    match event:
        case UnitChangeLearned():
            others = tuple(one for one in state.learned if one.holds_from != event.holds_from)
            first = max(start_of(event.holds_from), event.learned_at)
            tells_at = {*state.tells_at, first, first + LOOKS_AGAIN_AFTER}
            return Watched(event.p_number, (*others, event), tuple(sorted(tells_at)))
        case UnitChangeReachedCases():
            ahead = tuple(at for at in state.tells_at if at > event.reached_at)
            return Watched(state.p_number, state.learned, ahead)
        case _:
            return state


def timers(state: Watched) -> dict[str, datetime]:
    """R40: returns the next time at which cases learn of a change, whether or not somebody opens them."""
    return {TELL_CASES: state.tells_at[0]} if state.tells_at else {}


def concerns(state: Watched) -> dict[str, str]:
    """Returns the id of the unit."""
    return {} if state.p_number is None else {"pnumber": state.p_number}


UNIT: Decider[Watched, Command] = Decider(
    name="unit", initial=Watched(), decide=decide, evolve=evolve, timers=timers, concerns=concerns
)
