"""A centre: when it is closed beside the public holidays, when its windows are looked at, its feed (R17, R42)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import assert_never
from uuid import NAMESPACE_OID, UUID, uuid5

from services.control.people.rules.calendar_feeds import (
    OpenCentreFeed,
    WithdrawCentreFeed,
    feed_name_of_centre,
    open_centre_feed,
    withdraw_centre_feed,
)
from shared.contracts.people import (
    CentreCalendarFeedOpened,
    CentreCalendarFeedWithdrawn,
    CentreHolidaysSet,
    CentreVisitsReplanned,
    NextLookSet,
)
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
    LOOK_THROUGH_WINDOWS = "look-through-windows"


REPLAN_VISITS = CentreTimer.REPLAN_VISITS
LOOK_THROUGH_WINDOWS = CentreTimer.LOOK_THROUGH_WINDOWS


@dataclass(frozen=True)
class NoteCentreReplanned:
    """The timer after a change of the holidays, once the visits of the centre's people have been looked through."""

    at: datetime
    changed_at: datetime
    moved: int
    not_found: int


@dataclass(frozen=True)
class BeginLooks:
    """R17: an agreement was accepted, so that there are windows to look through from now on."""

    at: datetime
    centre: Centre
    first_at: datetime


@dataclass(frozen=True)
class NoteLook:
    """R17: the windows of the centre were looked through."""

    at: datetime
    centre: Centre
    windows: int
    at_risk: int
    next_at: datetime | None
    """None if there was nothing to look at."""


Command = SetHolidays | NoteCentreReplanned | BeginLooks | NoteLook | OpenCentreFeed | WithdrawCentreFeed | TimerDue


@dataclass(frozen=True)
class Holidays:
    """The holidays of a centre, in order, and the next look at its windows."""

    days: tuple[date, ...] = ()
    centre: Centre | None = None
    """None until holidays were set for the first time."""
    changed_at: datetime | None = None
    """R17: the latest change after which the visits were not looked through yet."""
    look: NextLookSet | None = None
    """R17: as it was set last; None if no look was ever begun."""
    feed: CentreCalendarFeedOpened | None = None
    """R17: the secret address of the visits of its people; None if there is none."""


def centre_stream(centre: Centre) -> UUID:
    """Returns the stream in which the holidays of a centre are recorded."""
    return uuid5(NAMESPACE_OID, f"centre/{centre}")


def decide(state: Holidays, command: Command) -> Sequence[Event]:
    """R42: records a centre's holidays; the same days again change nothing, and a day named twice counts once.

    R17: records that the visits were looked through, unless the holidays have changed again meanwhile.
    R17: records the looks at its windows. One that stands is not begun again.
    """
    match command:
        case SetHolidays():
            days = tuple(sorted(set(command.days)))
            if days == state.days:
                return ()
            return (CentreHolidaysSet(centre=command.centre, days=days, set_at=command.at, set_by=command.by),)
        case NoteCentreReplanned():
            return _note_replanned(state, command)
        case BeginLooks():
            if state.look is not None and state.look.next_look_at is not None:
                return ()
            return (NextLookSet(centre=command.centre, set_at=command.at, next_look_at=command.first_at),)
        case NoteLook():
            return (
                NextLookSet(
                    centre=command.centre,
                    set_at=command.at,
                    next_look_at=command.next_at,
                    windows=command.windows,
                    at_risk=command.at_risk,
                ),
            )
        case OpenCentreFeed():
            return open_centre_feed(command)
        case WithdrawCentreFeed():
            return withdraw_centre_feed(state.feed, command)
        case TimerDue():
            return ()  # A look falls due as NoteLook, with what was found.
        case _:
            assert_never(command)


def _note_replanned(state: Holidays, command: NoteCentreReplanned) -> Sequence[Event]:
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


def evolve(state: Holidays, event: Event) -> Holidays:
    """Returns the holidays, the next look and the feed after a fact; other facts leave them as they are."""
    match event:
        case CentreHolidaysSet():
            return replace(state, days=event.days, centre=event.centre, changed_at=event.set_at)
        case CentreVisitsReplanned() if event.changed_at == state.changed_at:
            return replace(state, changed_at=None)
        case NextLookSet():
            return replace(state, look=event)
        case CentreCalendarFeedOpened():
            return replace(state, feed=event)
        case CentreCalendarFeedWithdrawn():
            return replace(state, feed=None)
        case _:
            return state


def timers(state: Holidays) -> dict[str, datetime]:
    """R17: visits are looked through at once after the holidays have changed, and windows when the next look is due."""
    wanted: dict[str, datetime] = {} if state.changed_at is None else {REPLAN_VISITS: state.changed_at}
    if state.look is None or state.look.next_look_at is None:
        return wanted
    return wanted | {LOOK_THROUGH_WINDOWS: state.look.next_look_at}


def reservations(state: Holidays) -> frozenset[str]:
    """R17: returns the name by which the calendar feed of the centre is found."""
    return frozenset() if state.feed is None else frozenset({feed_name_of_centre(state.feed.token_hash)})


CENTRE: Decider[Holidays, Command] = Decider(
    name="centre", initial=Holidays(), decide=decide, evolve=evolve, timers=timers, reservations=reservations
)
