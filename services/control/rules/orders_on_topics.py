"""Orders that are in force, as the order system reports them, with the topic and unit of possible conflicts (R41)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import assert_never
from uuid import NAMESPACE_OID, UUID, uuid5

from shared.contracts.control import StandingOrderEnded, StandingOrderNoted
from shared.eventstore.decider import Decider, TimerDue
from shared.eventstore.events import Event


@dataclass(frozen=True)
class NoteOrder:
    """Reaction: the order system has issued an order."""

    at: datetime
    order_case_id: UUID
    cvr: str
    p_number: str
    topic: str
    issued_on: date


@dataclass(frozen=True)
class NoteOrderEnded:
    """Reaction: the order was revoked, or complied with."""

    at: datetime
    order_case_id: UUID
    on: date


Command = NoteOrder | NoteOrderEnded | TimerDue


@dataclass(frozen=True)
class Unheard:
    """Nothing is known of the order."""


@dataclass(frozen=True)
class Standing:
    """The order is in force: issued, neither revoked nor complied with; appeals and moved deadlines change nothing."""

    noted: StandingOrderNoted


@dataclass(frozen=True)
class Over:
    """The order was revoked or complied with, perhaps before any other fact about it was received."""


State = Unheard | Standing | Over


def order_stream(order_case_id: UUID) -> UUID:
    """Returns the stream in which an order on a topic is recorded."""
    return uuid5(NAMESPACE_OID, f"standing order/{order_case_id}")


def stands(p_number: str, topic: str, order_case_id: UUID) -> str:
    """Returns the name that an order reserves while it is in force."""
    return f"{stands_at(p_number, topic)}{order_case_id}"


def stands_at(p_number: str, topic: str) -> str:
    """Returns the prefix of the names of all orders in force at a unit on a topic, and of no other names."""
    return f"standing-order/{p_number}/{topic}/"


def decide(state: State, command: Command) -> Sequence[Event]:
    """R41: records that an order is in force, or has ended.

    Duplicates change nothing. An order that has ended stays ended, whatever is received later.
    """
    match command:
        case NoteOrder():
            noted = StandingOrderNoted(
                order_case_id=command.order_case_id,
                cvr=command.cvr,
                p_number=command.p_number,
                topic=command.topic,
                issued_on=command.issued_on,
                noted_at=command.at,
            )
            return (noted,) if isinstance(state, Unheard) else ()
        case NoteOrderEnded():
            if isinstance(state, Over):
                return ()
            return (StandingOrderEnded(order_case_id=command.order_case_id, ended_on=command.on, noted_at=command.at),)
        case TimerDue():
            return ()
        case _:
            assert_never(command)


def evolve(state: State, event: Event) -> State:
    """Returns the next phase; other facts leave it unchanged."""
    match event:
        case StandingOrderNoted():
            return Standing(event)
        case StandingOrderEnded():
            return Over()
        case _:
            return state


def reservations(state: State) -> frozenset[str]:
    """R41: returns the name under which an order in force at a unit on a topic is found; none for other orders."""
    match state:
        case Standing(noted=noted):
            return frozenset({stands(noted.p_number, noted.topic, noted.order_case_id)})
        case Unheard() | Over():
            return frozenset()
        case _:
            assert_never(state)


ORDER: Decider[State, Command] = Decider(
    name="standing-order", initial=Unheard(), decide=decide, evolve=evolve, reservations=reservations
)
