"""What can become of a try to tell somebody, and when it is tried again (R28, R29)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

from services.notices.rules.phases import Matter
from shared.contracts.notices import (
    Channel,
    MatterEnded,
    NoticeFailed,
    NoticePostponed,
    NoticeQueued,
    NoticeSent,
    TryFailure,
    Untold,
)
from shared.eventstore.events import Event
from shared.policy.policy import Policy


@dataclass(frozen=True)
class Ended:
    """It is not told, or not again."""

    matter_id: UUID
    why: Untold


@dataclass(frozen=True)
class Postponed:
    """R15, R42: the recipient is away until then, and nobody stands in."""

    matter_id: UUID
    until: datetime


@dataclass(frozen=True)
class Queued:
    """R29: it is told in the person's next digest."""

    matter_id: UUID
    person: str


@dataclass(frozen=True)
class Sent:
    """R29: the channel took the message over."""

    matter_id: UUID
    channel: Channel
    message_id: str
    text_version: str
    in_doubt: bool = False
    contact_id: UUID | None = None
    person: str | None = None


@dataclass(frozen=True)
class Failed:
    """R29: the channel did not take it; it is tried again."""

    matter_id: UUID
    channel: Channel
    failure: TryFailure
    status: str | None = None
    """The code of the other side."""


Outcome = Ended | Postponed | Queued | Sent | Failed


def outcome(matter: Matter, one: Outcome, at: datetime, policy: Policy) -> Iterator[Event]:
    """R29: returns the fact of a try. What fails for good, or for as long as the policy says, is given up."""
    agreement_id = matter.raised.agreement_id
    match one:
        case Ended():
            yield MatterEnded(agreement_id=agreement_id, matter_id=one.matter_id, why=one.why, ended_at=at)
        case Postponed():
            yield NoticePostponed(agreement_id=agreement_id, matter_id=one.matter_id, until=one.until, postponed_at=at)
        case Queued():
            yield NoticeQueued(agreement_id=agreement_id, matter_id=one.matter_id, person=one.person, queued_at=at)
        case Sent():
            yield NoticeSent(
                agreement_id=agreement_id,
                matter_id=one.matter_id,
                channel=one.channel,
                message_id=one.message_id,
                text_version=one.text_version,
                in_doubt=one.in_doubt,
                contact_id=one.contact_id,
                person=one.person,
                sent_at=at,
            )
        case Failed():
            yield from _failed(matter, one, at, policy)
        case _:
            assert_never(one)


def _failed(matter: Matter, one: Failed, at: datetime, policy: Policy) -> Iterator[Event]:
    agreement_id, tries = matter.raised.agreement_id, matter.tries + 1
    again_at = at + pause_after(tries, policy)
    yield NoticeFailed(
        agreement_id=agreement_id,
        matter_id=one.matter_id,
        channel=one.channel,
        failure=one.failure,
        tries=tries,
        again_at=again_at,
        failed_at=at,
        status=one.status,
    )
    tried_until = matter.tried_from + timedelta(days=policy.notices.tried_days)
    if one.failure is TryFailure.REFUSED or again_at >= tried_until:
        yield MatterEnded(agreement_id=agreement_id, matter_id=one.matter_id, why=Untold.UNDELIVERABLE, ended_at=at)


def pause_after(tries: int, policy: Policy) -> timedelta:
    """R29: returns how long to wait after so many failed tries: each pause is twice as long, up to a longest one."""
    notices = policy.notices
    minutes = min(notices.first_pause_minutes * 2 ** min(tries - 1, 20), notices.longest_pause_minutes)
    return timedelta(minutes=minutes)
