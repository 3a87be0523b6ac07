"""Route that gives an open offer to another responsible inspector (R15)."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.offers.http.run_command import perform
from services.offers.rules.responsible_inspector import ReassignOffer
from shared.contracts.vocabulary import NextInspector
from shared.http.access import Asker
from shared.http.bodies import Body, PersonId, TextOfTheAuthority, told
from shared.http.openapi import CHANGE
from shared.service import runtime_of

router = APIRouter()


class NewInspector(Body, NextInspector):
    """R15: who is responsible from now on."""

    inspector: PersonId
    reason: TextOfTheAuthority | None = None


@router.post("/v1/offers/{agreement_id}/inspector", **CHANGE)
async def reassign(agreement_id: UUID, body: NewInspector, request: Request, asker: Asker) -> Response:
    """Gives an unanswered offer to another inspector, whom the directory knows (R15, R42)."""
    runtime = runtime_of(request)
    now = runtime.clock.now()
    command = ReassignOffer(
        at=now,
        by=asker.subject,
        told=told(NextInspector, body),
        centre=runtime.people.centre_of(body.inspector),
    )
    refused = runtime.people.refusals(body.inspector)
    return await perform(request, asker, agreement_id, command, now, refused=refused)
