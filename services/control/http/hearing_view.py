"""The hearing before the order, as it stands now (R22)."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel

from shared.contracts.control import DecisionRevoked, HearingAnswered, HearingExpired, HearingOpened
from shared.eventstore.events import Event


class HearingView(BaseModel):
    """R22: how the company is heard, and how it used its time."""

    in_writing: bool
    """Only a written answer counts."""
    opened_at: datetime
    answered_at: datetime | None = None
    oral: bool | None = None
    """Whether it was said instead of written; None where nothing was answered."""
    participants: tuple[str, ...] = ()
    """Roles of those who said it."""
    noted_by: str | None = None
    """Who at the authority wrote down what was said."""
    answer: str | None = None
    expired_at: datetime | None = None
    """When the time was over without an answer."""


def hearing_view(events: Iterable[Event]) -> HearingView | None:
    """R22, R30: returns the hearing; None if the company is not heard, or the breach was revoked."""
    view: HearingView | None = None
    for event in events:
        match event:
            case HearingOpened():
                view = HearingView(in_writing=event.in_writing, opened_at=event.opened_at)
            case DecisionRevoked():
                view = None
            case HearingAnswered() if view is not None:
                told = event.model_dump(include={"answered_at", "oral", "participants", "noted_by", "answer"})
                view = view.model_copy(update=told)
            case HearingExpired() if view is not None:
                view = view.model_copy(update={"expired_at": event.at})
    return view
