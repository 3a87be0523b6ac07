"""How it looked then: the observations and photos of the offer beside those of the controls."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from services.control.http.held_controls_view import held_controls
from shared.contracts.vocabulary import ControlOutcome, FileReference
from shared.eventstore.events import Recorded
from shared.http.other_services import ask


class Photo(BaseModel):
    """A picture, and where it is read."""

    name: str
    media_type: str
    href: str

    @classmethod
    def of(cls, file: FileReference, collection: str, agreement_id: UUID) -> "Photo":
        """Returns the view of a photo, with the link to it among the attachments of a collection."""
        href = f"/v1/{collection}/{agreement_id}/attachments/{file.sha256}"
        return cls(name=file.name, media_type=file.media_type, href=href)


class Then(BaseModel):
    """What the inspector had seen when the agreement was offered."""

    seen_at: datetime
    observations: str | None
    photos: list[Photo]


class Now(BaseModel):
    """What a control saw, as it is told now (R30)."""

    place_id: UUID
    seen_at: datetime
    outcome: ControlOutcome
    findings: str | None
    not_seen: str | None
    photos: list[Photo]
    corrected_at: datetime | None


class ThenAndNow(BaseModel):
    """Side by side."""

    then: Then
    now: list[Now]


async def offer_as_seen_by(asker: Mapping[str, str], agreement_id: UUID) -> dict[str, Any]:
    """Requests the offer from the service that owns its texts, with the asker's own token. Raises Problem.

    `asker` contains the headers of the request.
    """
    return await ask("offers", "GET", f"/v1/offers/{agreement_id}", asker)


def side_by_side(agreement_id: UUID, offer: dict[str, Any], recorded: Sequence[Recorded]) -> ThenAndNow:
    """Returns the offer beside the controls, from the parts of both that the asker may see."""
    photos = [FileReference.model_validate(photo) for photo in offer["photos"]]
    held = held_controls(one.event for one in recorded)
    return ThenAndNow(
        then=Then(
            seen_at=offer["sent_at"],
            observations=offer["observations"],
            photos=[Photo.of(photo, "offers", agreement_id) for photo in photos],
        ),
        now=[
            Now(
                place_id=control.place_id,
                seen_at=control.held_at,
                outcome=control.outcome,
                findings=control.findings,
                not_seen=control.not_seen,
                photos=[Photo.of(photo, "agreements", agreement_id) for photo in control.photos or ()],
                corrected_at=control.corrected_at,
            )
            for control in held
            if control.outcome is not None
        ],
    )
