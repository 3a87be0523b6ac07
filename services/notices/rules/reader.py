"""Somebody at the authority whose matters are told together, in a digest (R29)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never
from uuid import NAMESPACE_OID, UUID, uuid5

from services.notices.rules.choices import AT_THE_AUTHORITY, refuse_unfit
from services.notices.rules.moments import next_digest
from services.notices.rules.tries import pause_after
from shared.contracts.notices import (
    DigestBegun,
    DigestChosen,
    DigestEntryAdded,
    DigestFailed,
    DigestReturned,
    DigestRhythm,
    DigestSent,
    Occasion,
    TryFailure,
)
from shared.eventstore.decider import Decider, TimerDue
from shared.eventstore.events import Event
from shared.policy.policy import Policy


class ReaderTimer(StrEnum):
    """What falls due on a reader."""

    DIGEST = "digest"
    SEND = "send"


_REPORTED_OF = 100
"""Digests of which a report still counts: those of some months."""
DIGEST, SEND = ReaderTimer.DIGEST, ReaderTimer.SEND


@dataclass(frozen=True)
class NoEntries:
    """Nothing was ever put into a digest of this person."""


@dataclass(frozen=True)
class Reader:
    """A person with what waits for the next digest."""

    person_id: str
    entries: Mapping[UUID, UUID] = field(default_factory=dict)
    """The agreement of each matter that waits, by the matter."""
    digest_at: datetime | None = None
    """When the next digest is begun; None while nothing waits."""
    begun: DigestBegun | None = None
    """The digest that is being sent."""
    sending: Mapping[UUID, UUID] = field(default_factory=dict)
    """The agreement of each matter that it tells, by the matter."""
    tries: int = 0
    """How many tries to send it have failed."""
    rhythm: DigestRhythm = DigestRhythm.DAILY
    unwanted: frozenset[Occasion] = frozenset()
    """What the person chose not to be told of."""
    sent: tuple[str, ...] = ()
    """Message-IDs of the last digests."""
    returned: frozenset[str] = frozenset()
    """Those of which a report said that they were not delivered."""


State = NoEntries | Reader


@dataclass(frozen=True)
class AddEntries:
    """Matters of one case are to be told in the next digest."""

    at: datetime
    policy: Policy
    person_id: str
    agreement_id: UUID
    matters: Sequence[UUID]
    latest_at: datetime
    """Exclusive: from then on one of them is pointless."""


@dataclass(frozen=True)
class ChooseDigest:
    """R29: somebody chooses how often the digest comes, and what not to be told of."""

    at: datetime
    person_id: str
    rhythm: DigestRhythm
    unwanted: tuple[Occasion, ...]


@dataclass(frozen=True)
class RecordDigest:
    """The digest that was begun was sent, or nothing was left to tell."""

    at: datetime
    message_id: str | None
    in_doubt: bool = False
    """Whether it is not known if it went out."""


@dataclass(frozen=True)
class RecordFailure:
    """The digest that was begun could not be sent."""

    at: datetime
    policy: Policy
    failure: TryFailure


@dataclass(frozen=True)
class NoteReturnedDigest:
    """R4: a report says that a digest was not delivered."""

    at: datetime
    message_id: str
    status: str


Command = AddEntries | ChooseDigest | RecordDigest | RecordFailure | NoteReturnedDigest | TimerDue


def reader_stream(person_id: str) -> UUID:
    """Returns the stream of a person's digests."""
    return uuid5(NAMESPACE_OID, f"reader/{person_id}")


def digest_id(person_id: str, matters: Collection[UUID]) -> UUID:
    """R29: returns what the Message-ID of a digest is made from: tried again with the same matters, it is the same."""
    return uuid5(reader_stream(person_id), "/".join(sorted(map(str, matters))))


def decide(state: State, command: Command) -> Sequence[Event]:
    """Decides what waits and what is sent. Refuses only what somebody chooses."""
    match command:
        case AddEntries():
            return _add(state, command)
        case ChooseDigest():
            return _choose(state, command)
        case RecordDigest():
            return _sent(state, command)
        case RecordFailure():
            return _failed(state, command)
        case NoteReturnedDigest():
            return _returned(state, command)
        case TimerDue():
            return _begin(state, command)
        case _:
            assert_never(command)


def _add(state: State, command: AddEntries) -> Sequence[Event]:
    """R29: the first entry says when the digest is sent; later ones wait for the same, or bring it forward.

    What was decided before a digest was begun, and recorded after it, waits for the one after it.
    """
    reader = state if isinstance(state, Reader) else Reader(command.person_id)
    at = command.at if reader.begun is None else max(command.at, reader.begun.begun_at)
    digest_at = next_digest(at, command.policy, reader.rhythm)
    if digest_at >= command.latest_at:
        digest_at = next_digest(at, command.policy)
    if reader.digest_at is not None:
        digest_at = min(digest_at, reader.digest_at)
    return [
        DigestEntryAdded(
            person_id=command.person_id,
            agreement_id=command.agreement_id,
            matter_id=matter_id,
            added_at=command.at,
            digest_at=digest_at,
        )
        for matter_id in command.matters
        if matter_id not in reader.entries and matter_id not in reader.sending
    ]


def _begin(state: State, command: TimerDue) -> Sequence[Event]:
    """R29: what a digest tells is recorded before it is sent, so that what comes meanwhile is not told with it."""
    if isinstance(state, NoEntries) or state.begun is not None:
        return ()  # RecordDigest or RecordFailure is decided instead, once it was tried
    return (
        DigestBegun(
            person_id=state.person_id,
            digest_id=digest_id(state.person_id, state.entries),
            matters=tuple(state.entries),
            begun_at=command.at,
        ),
    )


def _choose(state: State, command: ChooseDigest) -> Sequence[Event]:
    refuse_unfit(command.unwanted, AT_THE_AUTHORITY)
    reader = state if isinstance(state, Reader) else Reader(command.person_id)
    if reader.rhythm is command.rhythm and reader.unwanted == {*command.unwanted}:
        return ()
    return (
        DigestChosen(
            person_id=command.person_id, rhythm=command.rhythm, unwanted=command.unwanted, chosen_at=command.at
        ),
    )


def _sent(state: State, command: RecordDigest) -> Sequence[Event]:
    if isinstance(state, NoEntries) or state.begun is None:
        return ()
    return (
        DigestSent(
            person_id=state.person_id,
            message_id=command.message_id,
            matters=tuple(state.sending),
            sent_at=command.at,
            in_doubt=command.in_doubt,
        ),
    )


def _failed(state: State, command: RecordFailure) -> Sequence[Event]:
    """R29: what the digest would have told waits again, with what came meanwhile."""
    if isinstance(state, NoEntries) or state.begun is None:
        return ()
    tries = state.tries + 1
    return (
        DigestFailed(
            person_id=state.person_id,
            failure=command.failure,
            tries=tries,
            again_at=command.at + pause_after(tries, command.policy),
            failed_at=command.at,
        ),
    )


def _returned(state: State, command: NoteReturnedDigest) -> Sequence[Event]:
    if isinstance(state, NoEntries) or command.message_id not in {*state.sent} - state.returned:
        return ()
    return (
        DigestReturned(
            person_id=state.person_id,
            message_id=command.message_id,
            status=command.status,
            returned_at=command.at,
        ),
    )


def evolve(state: State, event: Event) -> State:
    """Returns the state after a fact; one that does not fit leaves it unchanged."""
    match state, event:
        case NoEntries(), DigestEntryAdded() | DigestChosen():
            return evolve(Reader(event.person_id), event)
        case Reader(), DigestEntryAdded():
            entries = {**state.entries, event.matter_id: event.agreement_id}
            return replace(state, entries=entries, digest_at=event.digest_at)
        case Reader(), DigestSent():
            return _after_sent(state, event)
        case Reader(), DigestChosen():
            return replace(state, rhythm=event.rhythm, unwanted=frozenset(event.unwanted))
        case Reader(), DigestReturned():
            return replace(state, returned=state.returned | {event.message_id})
        case Reader(), DigestBegun():
            sending = {matter: case for matter, case in state.entries.items() if matter in event.matters}
            return replace(state, entries={}, digest_at=None, begun=event, sending=sending)
        case Reader(), DigestFailed():
            entries = {**state.sending, **state.entries}
            return replace(state, entries=entries, digest_at=event.again_at, tries=event.tries, begun=None, sending={})
        case _:
            return state


def _after_sent(state: Reader, event: DigestSent) -> Reader:
    """Earlier releases began no digest: what came while it was sent was told at once, in another."""
    left = {matter: case for matter, case in state.entries.items() if matter not in event.matters}
    digest_at = event.sent_at if left and state.begun is None else state.digest_at
    sent = state.sent if event.message_id is None else (*state.sent, event.message_id)[-_REPORTED_OF:]
    return replace(
        state, entries=left, digest_at=digest_at if left else None, begun=None, sending={}, tries=0, sent=sent
    )


def timers(state: State) -> dict[str, datetime]:
    """R29: returns when the next digest is begun; one that was begun is sent before."""
    if isinstance(state, Reader) and state.begun is not None:
        return {SEND: state.begun.begun_at}
    return {} if isinstance(state, NoEntries) or state.digest_at is None else {DIGEST: state.digest_at}


def person(state: State) -> str | None:
    """R42: returns who reads the digests, and alone may choose."""
    return None if isinstance(state, NoEntries) else state.person_id


READER: Decider[State, Command] = Decider(
    name="reader",
    initial=NoEntries(),
    decide=decide,
    evolve=evolve,
    timers=timers,
    responsible=person,
)
