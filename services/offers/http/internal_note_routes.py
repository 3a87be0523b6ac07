"""Route that writes an internal note on a case (R18)."""

from uuid import UUID

from fastapi import APIRouter, Request, Response
from uuid_utils.compat import uuid7

from services.offers.http.run_command import perform
from services.offers.rules.internal_notes import WriteNote
from shared.http.access import Asker
from shared.http.bodies import Body, TextOfTheAuthority
from shared.http.openapi import CHANGE
from shared.service import runtime_of

router = APIRouter()


class Note(Body):
    """R18: an internal note, which no company may ever read."""

    text: TextOfTheAuthority


@router.post("/v1/offers/{agreement_id}/notes", **CHANGE)
async def write_note(agreement_id: UUID, body: Note, request: Request, asker: Asker) -> Response:
    """Writes an internal note on the case, from the offer to its end; only the authority can read it (R18)."""
    now = runtime_of(request).clock.now()
    command = WriteNote(at=now, note_id=uuid7(), by=asker.subject, text=body.text)
    return await perform(request, asker, agreement_id, command, now)
