"""What the portal reports of an offer, sending it again, and correcting what was reported (R3, R4, R5, R30)."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.offers.http.run_command import perform
from services.offers.rules.delivery import (
    CorrectDelivery,
    RecordDelivery,
    RecordFailedDelivery,
    RecordOpening,
    ResendOffer,
)
from shared.http.access import Asker
from shared.http.bodies import Body, TextOfTheAuthority
from shared.http.field_types import Instant
from shared.http.openapi import CHANGE
from shared.reference.identifiers import DeliveryFailure
from shared.service import runtime_of

router = APIRouter()


class Delivery(Body):
    """R3, R4: what the portal knows of the message."""

    delivered: bool
    available_at: Instant | None = None
    """When it became available; now, where it is left out."""
    failure: DeliveryFailure | None = None
    """Code of the fault where it was not delivered."""


class CorrectedDelivery(Body):
    """R30: when it really became available, and why something else was recorded."""

    available_at: Instant
    reason: TextOfTheAuthority


@router.post("/v1/offers/{agreement_id}/delivery", **CHANGE)
async def record_delivery(agreement_id: UUID, body: Delivery, request: Request, asker: Asker) -> Response:
    """Records whether the offer arrived, as the portal reports it.

    The response time begins when the offer is available (R3); a failed delivery starts no clock (R4).
    """
    runtime = runtime_of(request)
    now = runtime.clock.now()
    available_at = body.available_at or now
    policy = runtime.policies.at(available_at)
    command = (
        RecordDelivery(at=now, available_at=available_at, policy=policy)
        if body.delivered
        else RecordFailedDelivery(at=now, reason=body.failure or "unknown", policy=policy)
    )
    return await perform(request, asker, agreement_id, command, now)


@router.post("/v1/offers/{agreement_id}/delivery-correction", **CHANGE)
async def correct_delivery(agreement_id: UUID, body: CorrectedDelivery, request: Request, asker: Asker) -> Response:
    """Corrects the time at which the offer became available, and computes its dates anew (R3, R30)."""
    runtime = runtime_of(request)
    now = runtime.clock.now()
    policy = runtime.policies.at(body.available_at)
    command = CorrectDelivery(
        at=now, available_at=body.available_at, by=asker.subject, reason=body.reason, policy=policy
    )
    return await perform(request, asker, agreement_id, command, now)


@router.post("/v1/offers/{agreement_id}/resending", **CHANGE)
async def resend(agreement_id: UUID, request: Request, asker: Asker) -> Response:
    """Sends an offer that has not arrived once more (R4)."""
    now = runtime_of(request).clock.now()
    return await perform(request, asker, agreement_id, ResendOffer(at=now, by=asker.subject), now)


@router.post("/v1/offers/{agreement_id}/opening", **CHANGE)
async def record_opening(agreement_id: UUID, request: Request, asker: Asker) -> Response:
    """Records that somebody at the company opened the offer, as the portal reports it (R5)."""
    now = runtime_of(request).clock.now()
    return await perform(request, asker, agreement_id, RecordOpening(at=now), now)
