"""Route by which an inspector prepares the call about an offer that nobody answered yet (R5)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from services.offers.http.views import QuestionView, clock_of, contacts_now
from services.offers.lookups.letter_details import named_in
from services.offers.rules.offer_decider import OFFER, require_open
from services.offers.rules.phases import Unsent
from shared.contracts.offers import OfferOpened, OfferUnansweredHalfway, QuestionAsked
from shared.contracts.vocabulary import AgreementKind, ContactRole
from shared.deadlines.in_words import Language
from shared.eventstore.events import Event
from shared.http.access import AUTHORITY, Asker
from shared.http.openapi import READ, SEEN
from shared.http.problems import not_found
from shared.reference.reference import topics
from shared.service import runtime_of

router = APIRouter()
_TO_SAY: Mapping[Language, Sequence[str]] = {
    "da": ("Tilbuddet er ikke et påbud.", "I kan sige nej.", "Intet svar tæller som et nej."),
    "en": ("The offer is not an order.", "You can say no.", "No answer counts as a no."),
}
_TO_ASK: Mapping[Language, Sequence[str]] = {
    "da": ("Har I fået tilbuddet?", "Har I forstået det?", "Kender I datoerne?"),
    "en": ("Did you receive the offer?", "Did you understand it?", "Do you know the dates?"),
}


class CallReason(StrEnum):
    """R5: why the company is called about an offer."""

    NOT_OPENED = "not-opened"
    """Half of the time to answer has passed, and nobody has opened it."""
    NOT_ANSWERED = "not-answered"
    """Half of the time to answer has passed without an answer."""
    QUESTION = "question"
    """The company has asked something."""


class CalledView(BaseModel):
    """R5, R34: somebody at the company who can be called."""

    contact_id: UUID
    role: ContactRole
    name: Annotated[str | None, Field(description="Null where it was erased.")]
    phone: str | None
    email: str | None


class CallView(BaseModel):
    """R5: what an inspector needs for the call about an offer: what it is about, whom to call, what they have seen."""

    agreement_id: UUID
    because: Annotated[list[CallReason], Field(description="Why the call is due; none if nothing calls for it yet.")]
    kind: AgreementKind
    topic: str
    topic_name: Annotated[str, Field(description="The topic in words, in the language that is asked for.")]
    cvr: str
    p_number: str
    unit: Annotated[str | None, Field(description="Name of the unit; null if the register has none.")]
    contacts: Annotated[list[CalledView], Field(description="Whom to call, who runs the unit first.")]
    sent_at: datetime
    available_at: Annotated[datetime | None, Field(description="When they could read it; null before that, UTC.")]
    opened_at: Annotated[datetime | None, Field(description="When they first opened it; null if nobody did, UTC.")]
    questions: Annotated[list[QuestionView], Field(description="What the company asked.")]
    last_day: Annotated[date | None, Field(description="The last day to answer; null before it can be read.")]
    why: Annotated[str | None, Field(description="How the last day was counted, in words (R27).")]
    to_ask: Annotated[list[str], Field(description="What the call is to find out.")]
    to_say: Annotated[list[str], Field(description="What must not be misunderstood.")]
    record_at: Annotated[str, Field(description="Path, in guidance, at which it is recorded what came of the call.")]


@router.get("/v1/offers/{agreement_id}/call", responses=SEEN, **READ)
async def prepare_call(
    agreement_id: UUID,
    request: Request,
    response: Response,
    asker: Asker,
    language: Annotated[Language, Query()] = "da",
) -> CallView:
    """Returns what is needed to call the company about an unanswered offer (R5). For the authority only.

    What came of the call is recorded in guidance, at `record_at`. An offer that is not open is refused.
    """
    asker.require_role(*AUTHORITY)
    runtime = runtime_of(request)
    state, visible, headers = await runtime.gate.read(request, asker, OFFER, agreement_id)
    if isinstance(state, Unsent):
        raise not_found()
    sent = require_open("R5", state).sent
    response.headers.update(headers)
    events = [one.event for one in visible]
    deadline, available_at = clock_of(events)
    topic = topics()[sent.topic]
    return CallView(
        agreement_id=agreement_id,
        because=_because(events),
        kind=sent.kind,
        topic=sent.topic,
        topic_name=topic.danish if language == "da" else topic.english,
        cvr=sent.cvr,
        p_number=sent.p_number,
        unit=(await named_in(runtime, sent)).unit,
        contacts=_contacts(events),
        sent_at=sent.sent_at,
        available_at=available_at,
        opened_at=next((event.opened_at for event in events if isinstance(event, OfferOpened)), None),
        questions=[
            QuestionView.model_validate(event.model_dump()) for event in events if isinstance(event, QuestionAsked)
        ],
        last_day=deadline.last_day if deadline else None,
        why=deadline.explain(language) if deadline else None,
        to_ask=[*_TO_ASK[language]],
        to_say=[*_TO_SAY[language]],
        record_at=f"/v1/guidance/{agreement_id}/understanding",
    )


def _because(events: Sequence[Event]) -> list[CallReason]:
    opened = any(isinstance(event, OfferOpened) for event in events)
    found = set()
    for event in events:
        if isinstance(event, OfferUnansweredHalfway):
            found.add(CallReason.NOT_ANSWERED if opened else CallReason.NOT_OPENED)
        if isinstance(event, QuestionAsked):
            found.add(CallReason.QUESTION)
    return sorted(found)


def _contacts(events: Sequence[Event]) -> list[CalledView]:
    """R34: who runs the unit knows the workplace, and is called first."""
    roles = list(ContactRole)
    return [
        CalledView(
            contact_id=named.contact_id,
            role=named.role,
            name=named.details.name if named.details else None,
            phone=named.details.phone if named.details else None,
            email=named.details.email if named.details else None,
        )
        for named in sorted(contacts_now(events), key=lambda one: roles.index(one.role))
    ]
