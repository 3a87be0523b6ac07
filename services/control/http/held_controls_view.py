"""The controls that were held, each as it stands after what was told of it later (R20, R21, R30)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.control.http.reasons_view import OF_THE_AUTHORITY
from shared.contracts.control import ControlCompleted, ControlCorrected, ControlTurnedIntoGuidance
from shared.contracts.vocabulary import ContactForm, ControlOutcome, FileReference, SpokeWith
from shared.eventstore.events import Event


class HeldControlView(BaseModel):
    """R20, R21: a control that was held, with what was written about it."""

    control_id: UUID
    place_id: UUID
    held_at: datetime
    form: ContactForm
    within_window: bool | None = None
    """R17: whether it was held inside its 60 days; None where it decided nothing."""
    late_reason: str | None = None
    """R17: code of the reason where it was not."""
    minutes_spent: int | None = None
    """R37: the inspector's time."""
    spoke_with: tuple[SpokeWith, ...] = ()
    """R20: with whom it was held, where it decided something."""
    participants: tuple[str, ...] = ()
    """R15: roles that took part in the guidance that it became."""
    purposes: tuple[str, ...] = ()
    """R12: what that guidance was for."""
    outcome: ControlOutcome | None = None
    """None where it decided nothing and became guidance."""
    findings: str | None = None
    not_seen: str | None = None
    photos: tuple[FileReference, ...] | None = None
    summary: str | None = None
    """Of the guidance that it became."""
    corrected_at: datetime | None = None
    """R30: when it was told anew, as it stands here."""
    correction_reason: Annotated[str | None, Field(description=OF_THE_AUTHORITY)] = None


def held_controls(events: Iterable[Event]) -> list[HeldControlView]:
    """Returns the controls in the order in which they were recorded, each with its latest correction.

    A field that a correction does not mention keeps its earlier value.
    """
    held: list[HeldControlView] = []
    for event in events:
        match event:
            case ControlCompleted() | ControlTurnedIntoGuidance():
                place = event.place_id or event.agreement_id
                held.append(HeldControlView.model_validate(event.model_dump() | {"place_id": place}))
            case ControlCorrected():
                told = _told_anew(event)
                held = [one.model_copy(update=told) if one.control_id == event.control_id else one for one in held]
    return held


def _told_anew(event: ControlCorrected) -> dict[str, Any]:
    """R30: the reason for being late goes with the time, and with it falls away."""
    always = {name: getattr(event, name) for name in ("outcome", "form", "spoke_with", "corrected_at")}
    always["correction_reason"] = event.reason
    when = {"held_at": event.held_at, "within_window": event.within_window, "late_reason": event.late_reason}
    others = {"findings": event.findings, "not_seen": event.not_seen, "minutes_spent": event.minutes_spent}
    return (
        always
        | ({} if event.held_at is None else when)
        | {name: value for name, value in others.items() if value is not None}
    )
