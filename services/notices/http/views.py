"""What was told of a case, and what is due (R29)."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from shared.contracts.notices import (
    Channel,
    MatterEnded,
    MatterRaised,
    MatterReopened,
    NoticeFailed,
    NoticePostponed,
    NoticeQueued,
    NoticeReturned,
    NoticeSent,
    Occasion,
    Recipient,
    TryFailure,
    Untold,
)
from shared.eventstore.events import Event


class MatterStatus(StrEnum):
    """R29: how a matter stands."""

    DUE = "due"
    """It is told when its time comes."""
    QUEUED = "queued"
    """It is told in the next digest."""
    SENT = "sent"
    FAILED = "failed"
    """A try failed; it is tried again."""
    ENDED = "ended"
    """It is not told, or not again."""
    RETURNED = "returned"
    """It was sent, and a report says that it was not delivered."""


class ToldView(BaseModel):
    """R29: one matter, for one recipient."""

    matter_id: Annotated[UUID, Field(description="The matter.")]
    occasion: Annotated[Occasion, Field(description="What it is about.")]
    recipient: Annotated[Recipient, Field(description="Whom it is for, by what they do in the case.")]
    status: Annotated[MatterStatus, Field(description="How it stands.")]
    due_at: Annotated[datetime, Field(description="When it is told at the earliest, UTC.")]
    next_at: Annotated[datetime | None, Field(description="When it is told or tried again; null if it is not, UTC.")]
    latest_at: Annotated[datetime, Field(description="Exclusive: from then on it is pointless, UTC.")]
    channel: Annotated[Channel | None, Field(description="How it was told, or tried.")] = None
    told_at: Annotated[datetime | None, Field(description="When the channel took it over, UTC.")] = None
    person: Annotated[str | None, Field(description="Pseudonymous id of who was told at the authority.")] = None
    contact_id: Annotated[UUID | None, Field(description="The contact of the company who was told.")] = None
    message_id: Annotated[str | None, Field(description="Of the message, as its header Message-ID has it.")] = None
    in_doubt: Annotated[bool, Field(description="Whether it may have been sent more than once.")] = False
    tries: Annotated[int, Field(description="How many tries have failed.")] = 0
    failure: Annotated[TryFailure | None, Field(description="Why the last try failed.")] = None
    why_not: Annotated[Untold | None, Field(description="Why it is not told, or not again.")] = None


class NoticesView(BaseModel):
    """R29: everything that was told of a case, or will be."""

    agreement_id: UUID
    inspector: Annotated[str, Field(description="Who is responsible and told now, by pseudonymous id.")]
    matters: Annotated[list[ToldView], Field(description="In the order in which they were raised.")]


def told_of(events: Sequence[Event]) -> list[ToldView]:
    """Returns all matters of a case, in the order in which they were raised."""
    found: dict[UUID, ToldView] = {}
    for event in events:
        if isinstance(event, MatterRaised):
            found[event.matter_id] = ToldView(
                matter_id=event.matter_id,
                occasion=event.occasion,
                recipient=event.recipient,
                status=MatterStatus.DUE,
                due_at=event.due_at,
                next_at=event.due_at,
                latest_at=event.latest_at,
            )
        elif (matter_id := getattr(event, "matter_id", None)) in found:
            found[matter_id] = found[matter_id].model_copy(update=_after(event))
    return [*found.values()]


def _after(event: Event) -> dict[str, Any]:
    match event:
        case MatterEnded():
            return {"status": MatterStatus.ENDED, "next_at": None, "why_not": event.why}
        case MatterReopened():
            return {"status": MatterStatus.DUE, "next_at": event.due_at, "why_not": None}
        case NoticePostponed():
            return {"next_at": event.until}
        case NoticeQueued():
            return {"status": MatterStatus.QUEUED, "next_at": None, "person": event.person}
        case NoticeSent():
            return {
                "status": MatterStatus.SENT,
                "next_at": None,
                "channel": event.channel,
                "told_at": event.sent_at,
                "person": event.person,
                "contact_id": event.contact_id,
                "message_id": event.message_id,
                "in_doubt": event.in_doubt,
            }
        case NoticeFailed():
            return {
                "status": MatterStatus.FAILED,
                "next_at": event.again_at,
                "channel": event.channel,
                "tries": event.tries,
                "failure": event.failure,
            }
        case NoticeReturned():
            return {"status": MatterStatus.RETURNED}
        case _:
            return {}
