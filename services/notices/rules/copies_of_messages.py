"""Says which messages told of a case or went to a person, so that copies of them can be erased (R31)."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from uuid import UUID

from services.notices.rules.message import message_id
from services.notices.rules.occasion import COMPANY
from shared.contracts.notices import (
    AgreementFollowed,
    DigestBegun,
    DigestSent,
    MatterRaised,
    NoticeQueued,
    NoticeSent,
    ResponsibleNoted,
)
from shared.eventstore.events import Event


def of_case(events: Sequence[Event], key: bytes) -> set[str]:
    """R31: returns the Message-IDs of all that told of a case. `key` is the key of Message-IDs.

    A process can end between sending and recording: the message of each matter counts, whether it was sent or not.
    """
    return set(_single(events, key)) | {event.message_id for event in events if isinstance(event, NoticeSent)}


def of_person(events: Sequence[Event], person: str, key: bytes) -> set[str]:
    """R31: returns the Message-IDs of what a case told a person, or of what names the person.

    Messages name the inspector who is responsible. One of which nothing is recorded may have gone to any contact.
    """
    if person in responsible(events):
        return set(_single(events, key))
    sent = [event for event in events if isinstance(event, NoticeSent)]
    recorded = {event.matter_id for event in sent}
    went = {event.message_id for event in sent if person in (str(event.contact_id), event.person)}
    unknown = (
        event
        for event in events
        if isinstance(event, MatterRaised) and event.recipient in COMPANY and event.matter_id not in recorded
    )
    return went | set(_single(unknown, key))


def digests_of_case(events: Sequence[Event], case: Sequence[Event], key: bytes) -> set[str]:
    """R31: returns the Message-IDs of a person's digests that told of a case. `events` are those of the person."""
    matters = {event.matter_id for event in case if isinstance(event, MatterRaised)}
    return {name for name, told in _digests(events, key) if not matters.isdisjoint(told)}


def digests_of_person(events: Sequence[Event], key: bytes) -> set[str]:
    """R31: returns the Message-IDs of all digests of a person, whether it is recorded that they went or not."""
    return {name for name, _ in _digests(events, key)}


def readers(case: Sequence[Event]) -> set[str]:
    """R29: returns the ids of all who were told of a case in digests."""
    return {event.person for event in case if isinstance(event, NoticeQueued)}


def responsible(case: Sequence[Event]) -> set[str]:
    """R15: returns the ids of all who ever were responsible for a case."""
    return {event.inspector for event in case if isinstance(event, AgreementFollowed | ResponsibleNoted)}


def _single(events: Iterable[Event], key: bytes) -> Iterator[str]:
    matters: set[UUID] = {event.matter_id for event in events if isinstance(event, MatterRaised)}
    return (message_id(key, matter, 0) for matter in matters)


def _digests(events: Sequence[Event], key: bytes) -> Iterator[tuple[str, Collection[UUID]]]:
    for event in events:
        if isinstance(event, DigestBegun):
            yield message_id(key, event.digest_id, 0), event.matters
        elif isinstance(event, DigestSent) and event.message_id is not None:
            yield event.message_id, event.matters
