"""What the notices of one agreement stand at, and how facts change it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from shared.contracts.notices import (
    AgreementFollowed,
    MatterEnded,
    MatterRaised,
    MatterReopened,
    NoticeFailed,
    NoticePostponed,
    NoticeQueued,
    NoticeReturned,
    NoticesChosen,
    NoticeSent,
    NoticesTakenOver,
    Occasion,
    Recipient,
    ResponsibleNoted,
    Untold,
)
from shared.eventstore.events import Event


@dataclass(frozen=True)
class Matter:
    """Somebody is to be told of something, and has not been."""

    raised: MatterRaised
    next_at: datetime | None
    """When it is told, or tried again; None while it waits for a digest."""
    tried_from: datetime
    """From when on it is tried for as long as the policy says."""
    tries: int = 0
    """How many tries have failed."""


@dataclass(frozen=True)
class Unfollowed:
    """No agreement was offered, as far as this service knows."""


@dataclass(frozen=True)
class Followed:
    """An agreement whose people are told."""

    followed: AgreementFollowed
    inspector: str
    """R15: who is responsible now."""
    open: Mapping[UUID, Matter] = field(default_factory=dict)
    """The matters that are not told yet, by id."""
    given_up: Mapping[UUID, Matter] = field(default_factory=dict)
    """The matters of which nobody could be told, by id."""
    raised: frozenset[UUID] = frozenset()
    """Every matter that ever was: each is told at most once."""
    occasions: frozenset[Occasion] = frozenset()
    """The occasions that there have been."""
    unreachable: frozenset[Recipient] = frozenset()
    """R34: the roles of which the inspector has been told that nobody can be reached; a new contact ends it."""
    unwanted: Mapping[Recipient, frozenset[Occasion]] = field(default_factory=dict)
    """R34: what contacts of the company are not told of, by their role."""
    sent: Mapping[str, MatterRaised] = field(default_factory=dict)
    """The matters of the messages that were sent, by Message-ID: a report may say that one was not delivered."""
    returned: frozenset[str] = frozenset()
    """The messages of which a report said that."""


State = Unfollowed | Followed
GIVEN_UP = frozenset({Untold.NO_ADDRESS, Untold.UNDELIVERABLE})
"""R4, R34: why nobody could be told: there was no address, or none that worked."""
CHANGES_NOTHING: frozenset[type[Event]] = frozenset({NoticesTakenOver})


def evolve(state: State, event: Event) -> State:
    """Returns the state after a fact; one about a matter that is not open changes nothing of it."""
    match state, event:
        case _, AgreementFollowed():
            return Followed(event, event.inspector)
        case Unfollowed(), _:
            return state
        case Followed(), ResponsibleNoted():
            return replace(state, inspector=event.inspector)
        case Followed(), MatterRaised():
            return _raised(state, event)
        case Followed(), MatterEnded():
            return _ended(state, event)
        case Followed(), MatterReopened():
            return _reopened(state, event)
        case Followed(), NoticeSent():
            return _sent(state, event)
        case Followed(), NoticeReturned():
            return replace(state, returned=state.returned | {event.message_id})
        case Followed(), NoticesChosen():
            return replace(state, unwanted={**state.unwanted, Recipient(event.role.value): frozenset(event.unwanted)})
        case Followed(), NoticePostponed() | NoticeFailed() | NoticeQueued():
            return _changed(state, event)
        case _:
            return state


def _raised(state: Followed, event: MatterRaised) -> Followed:
    unreachable = state.unreachable
    if event.occasion is Occasion.CONTACT_LACKS_ADDRESS:
        unreachable |= {Recipient(event.about)}
    if event.occasion is Occasion.CONTACT_NAMED:
        unreachable -= {event.recipient}
    return replace(
        state,
        open={**state.open, event.matter_id: Matter(event, event.due_at, event.due_at)},
        raised=state.raised | {event.matter_id},
        occasions=state.occasions | {event.occasion},
        unreachable=unreachable,
    )


def _ended(state: Followed, event: MatterEnded) -> Followed:
    matter = state.open.get(event.matter_id)
    if matter is None or event.why not in GIVEN_UP:
        return _without(state, event.matter_id)
    return replace(_without(state, event.matter_id), given_up={**state.given_up, event.matter_id: matter})


def _reopened(state: Followed, event: MatterReopened) -> Followed:
    matter = state.given_up.get(event.matter_id)
    if matter is None:
        return state
    opened = replace(matter, next_at=event.due_at, tried_from=event.due_at)
    left = {name: one for name, one in state.given_up.items() if name != event.matter_id}
    return replace(state, open={**state.open, event.matter_id: opened}, given_up=left)


def _sent(state: Followed, event: NoticeSent) -> Followed:
    matter = state.open.get(event.matter_id)
    if matter is None:
        return state
    return replace(_without(state, event.matter_id), sent={**state.sent, event.message_id: matter.raised})


def _changed(state: Followed, event: NoticePostponed | NoticeFailed | NoticeQueued) -> Followed:
    matter = state.open.get(event.matter_id)
    if matter is None:
        return state
    match event:
        case NoticePostponed():
            changed = replace(matter, next_at=event.until)
        case NoticeFailed():
            changed = replace(matter, next_at=event.again_at, tries=event.tries)
        case NoticeQueued():
            changed = replace(matter, next_at=None)
    return replace(state, open={**state.open, event.matter_id: changed})


def _without(state: Followed, matter_id: UUID) -> Followed:
    return replace(state, open={name: one for name, one in state.open.items() if name != matter_id})
