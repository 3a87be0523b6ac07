"""What the company portal is told: that somebody at a company was told, could not be, or was not reached (R29).

An entry has codes and ids only, and only of matters that are for the company: what is told to the authority alone
leaves no trace in it (R18).
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.notices.rules.occasion import COMPANY
from shared.contracts.notices import (
    AgreementFollowed,
    MatterEnded,
    MatterOwner,
    MatterRaised,
    NoticeReturned,
    NoticeSent,
    Occasion,
    Recipient,
    Untold,
)
from shared.eventstore.events import Event

TOLD_OF = (NoticeSent, MatterEnded, NoticeReturned)
"""The facts that can be worth an entry."""
_NOT_REACHED = frozenset({Untold.NO_ADDRESS, Untold.UNDELIVERABLE, Untold.IN_DOUBT})
"""Why somebody was not told of a matter that stands: the portal is the only way left.

What ended otherwise did not have to be told any more, and the portal never heard of it.
"""
_PATHS: Mapping[MatterOwner, str] = {
    MatterOwner.OFFERS: "/v1/offers",
    MatterOwner.GUIDANCE: "/v1/guidance",
    MatterOwner.CONTROL: "/v1/agreements",
}


class EntryStatus(StrEnum):
    """R29: what became of a matter for somebody at the company."""

    TOLD = "told"
    """A channel took the message over."""
    NOT_TOLD = "not-told"
    """Nobody could be told: `why` says the reason."""
    RETURNED = "returned"
    """It was told, and a report says that the message was not delivered."""


class PortalEntry(BaseModel):
    """R29: one thing that the company portal is told, without name, address and text."""

    model_config = ConfigDict(frozen=True)

    entry_id: Annotated[UUID, Field(description="Of the entry: the same whenever it is told, as `webhook-id` is.")]
    status: Annotated[EntryStatus, Field(description="What became of the matter.")]
    why: Annotated[Untold | None, Field(description="Why nobody could be told; null for other states.")]
    occasion: Annotated[Occasion, Field(description="What it is about.")]
    recipient: Annotated[Recipient, Field(description="Whom at the company it is for, by what they do in the case.")]
    agreement_id: Annotated[UUID, Field(description="The case.")]
    matter_id: Annotated[UUID, Field(description="The matter: one for each recipient.")]
    cvr: Annotated[str, Field(description="The legal entity.")]
    p_number: Annotated[str, Field(description="The production unit.")]
    message_id: Annotated[str | None, Field(description="Of the e-mail, as its header Message-ID has it.")]
    at: Annotated[datetime, Field(description="When that was recorded, by the clock of the service, UTC.")]
    latest_at: Annotated[datetime, Field(description="Exclusive: from then on the matter is pointless, UTC.")]
    link: Annotated[str, Field(description="The path of the case, for whoever may read it.")]


class FeedEntry(PortalEntry):
    """R29: an entry with its place in the feed."""

    position: Annotated[int, Field(description="Place in the feed; read on after it.")]


def entry_of(
    fact: Event, entry_id: UUID, at: datetime, raised: MatterRaised, followed: AgreementFollowed
) -> PortalEntry | None:
    """R18, R29: returns what the portal is told of a fact; None if it is not for the company, or not worth telling."""
    told = _told(fact)
    if told is None or raised.recipient not in COMPANY:
        return None
    status, why, message_id = told
    return PortalEntry(
        entry_id=entry_id,
        status=status,
        why=why,
        occasion=raised.occasion,
        recipient=raised.recipient,
        agreement_id=raised.agreement_id,
        matter_id=raised.matter_id,
        cvr=followed.cvr,
        p_number=followed.p_number,
        message_id=message_id,
        at=at,
        latest_at=raised.latest_at,
        link=f"{_PATHS[raised.owner]}/{raised.agreement_id}",
    )


def _told(fact: Event) -> tuple[EntryStatus, Untold | None, str | None] | None:
    match fact:
        case NoticeSent():
            return EntryStatus.TOLD, None, fact.message_id
        case MatterEnded() if fact.why in _NOT_REACHED:
            return EntryStatus.NOT_TOLD, fact.why, None
        case NoticeReturned():
            return EntryStatus.RETURNED, None, fact.message_id
        case _:
            return None
