"""Route by which a company asks about an offer before it answers (R5)."""

from uuid import UUID

from fastapi import APIRouter, Request, Response
from uuid_utils.compat import uuid7

from services.offers.http.run_command import perform
from services.offers.rules.questions import AskQuestion
from shared.http.access import Asker
from shared.http.bodies import Body, FreeText
from shared.http.openapi import CHANGE
from shared.service import runtime_of

router = APIRouter()


class Question(Body):
    """R5: what somebody at the company does not understand, or wants to know before the answer."""

    text: FreeText


@router.post("/v1/offers/{agreement_id}/questions", **CHANGE)
async def ask_question(agreement_id: UUID, body: Question, request: Request, asker: Asker) -> Response:
    """Asks about an offer that is not answered; the inspector is told, and the time to answer goes on (R5)."""
    now = runtime_of(request).clock.now()
    command = AskQuestion(at=now, question_id=uuid7(), by=asker.subject, text=body.text)
    return await perform(request, asker, agreement_id, command, now)
