"""The decider of a person: one stream for each, named after the pseudonymous id that tokens carry (R42)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never
from uuid import NAMESPACE_OID, UUID, uuid5

from services.control.people.rules.absences import NoteAway, WithdrawAway, note_away, withdraw_away
from services.control.people.rules.calendar_feeds import OpenFeed, WithdrawFeed, feed_names, open_feed, withdraw_feed
from services.control.people.rules.listing import ListPerson, NoteLeaving, list_person, note_leaving
from services.control.people.rules.phases import Gone, State, Unlisted, evolve
from services.control.people.rules.stand_ins import NameStandIn, WithdrawStandIn, name_stand_in, withdraw_stand_in
from shared.contracts.people import VisitsReplanned
from shared.eventstore.decider import Decider, TimerDue
from shared.eventstore.events import Event


class PersonTimer(StrEnum):
    """What falls due on a person."""

    REPLAN_VISITS = "replan-visits"


REPLAN_VISITS = PersonTimer.REPLAN_VISITS


@dataclass(frozen=True)
class NoteReplanned:
    """The timer after a change of the calendar, once the visits in it have been looked through."""

    at: datetime
    changed_at: datetime
    moved: int
    not_found: int


Command = (
    ListPerson
    | NoteLeaving
    | NoteAway
    | WithdrawAway
    | NameStandIn
    | WithdrawStandIn
    | OpenFeed
    | WithdrawFeed
    | NoteReplanned
    | TimerDue
)
IN_DIRECTORY = "person/"
"""What the names of all people begin with in the index of the directory."""


def person_stream(person_id: str) -> UUID:
    """Returns the stream in which everything about a person is recorded."""
    return uuid5(NAMESPACE_OID, f"person/{person_id}")


def decide(state: State, command: Command) -> Sequence[Event]:
    """Returns the facts that follow from a command; what falls due comes as NoteReplanned."""
    match command:
        case ListPerson():
            return list_person(state, command)
        case NoteLeaving():
            return note_leaving(state, command)
        case NoteAway():
            return note_away(state, command)
        case WithdrawAway():
            return withdraw_away(state, command)
        case NameStandIn():
            return name_stand_in(state, command)
        case WithdrawStandIn():
            return withdraw_stand_in(state, command)
        case OpenFeed():
            return open_feed(state, command)
        case WithdrawFeed():
            return withdraw_feed(state, command)
        case NoteReplanned():
            return note_replanned(state, command)
        case TimerDue():
            return ()
        case _:
            assert_never(command)


def note_replanned(state: State, command: NoteReplanned) -> Sequence[Event]:
    """R17: records that the visits were looked through; nothing if the calendar has changed again meanwhile."""
    if isinstance(state, Unlisted) or state.calendar_changed_at != command.changed_at:
        return ()
    listed = state.before if isinstance(state, Gone) else state
    return (
        VisitsReplanned(
            person_id=listed.person_id,
            changed_at=command.changed_at,
            replanned_at=command.at,
            moved=command.moved,
            not_found=command.not_found,
        ),
    )


def timers(state: State) -> dict[str, datetime]:
    """R17: returns when the visits of a person are looked through: at once after the calendar has changed."""
    if isinstance(state, Unlisted) or state.calendar_changed_at is None:
        return {}
    return {REPLAN_VISITS: state.calendar_changed_at}


def reservations(state: State) -> frozenset[str]:
    """R42: returns the name by which the directory finds a person, also one who has left but is named in cases.

    R17: also the name by which the person's calendar feed is found.
    """
    if isinstance(state, Unlisted):
        return frozenset()
    return feed_names(state) | {f"{IN_DIRECTORY}{state.person_id}"}


PERSON: Decider[State, Command] = Decider(
    name="person", initial=Unlisted(), decide=decide, evolve=evolve, timers=timers, reservations=reservations
)
