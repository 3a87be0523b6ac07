"""The decider of a person: one stream for each, named after the pseudonymous id that tokens carry (R42)."""

from collections.abc import Sequence
from typing import assert_never
from uuid import NAMESPACE_OID, UUID, uuid5

from services.control.people.rules.absences import NoteAway, WithdrawAway, note_away, withdraw_away
from services.control.people.rules.listing import ListPerson, NoteLeaving, list_person, note_leaving
from services.control.people.rules.phases import Gone, Listed, State, Unlisted, evolve
from services.control.people.rules.stand_ins import NameStandIn, WithdrawStandIn, name_stand_in, withdraw_stand_in
from shared.eventstore.decider import Decider, TimerDue
from shared.eventstore.events import Event

Command = ListPerson | NoteLeaving | NoteAway | WithdrawAway | NameStandIn | WithdrawStandIn | TimerDue
IN_DIRECTORY = "person/"
"""What the names of all people begin with in the index of the directory."""


def person_stream(person_id: str) -> UUID:
    """Returns the stream in which everything about a person is recorded."""
    return uuid5(NAMESPACE_OID, f"person/{person_id}")


def decide(state: State, command: Command) -> Sequence[Event]:
    """Returns the facts that follow from a command; on a person nothing falls due."""
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
        case TimerDue():
            return ()
        case _:
            assert_never(command)


def reservations(state: State) -> frozenset[str]:
    """R42: returns the name by which the directory finds a person, also one who has left but is named in cases."""
    match state:
        case Unlisted():
            return frozenset()
        case Listed():
            return frozenset({f"{IN_DIRECTORY}{state.person_id}"})
        case Gone():
            return frozenset({f"{IN_DIRECTORY}{state.before.person_id}"})


PERSON: Decider[State, Command] = Decider(
    name="person", initial=Unlisted(), decide=decide, evolve=evolve, reservations=reservations
)
