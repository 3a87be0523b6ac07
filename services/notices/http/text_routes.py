"""The messages that people get, as they read, over HTTP: with the values of a made-up case (R29)."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from services.notices.lookups.text_files import load_texts
from services.notices.rules.text_examples import example_of
from services.notices.rules.text_needs import NEEDS
from shared.contracts.notices import Occasion, Recipient
from shared.deadlines.in_words import Language
from shared.http.access import AUTHORITY, Asker
from shared.http.field_types import CodeParameter
from shared.http.problems import malformed
from shared.service import runtime_of

router = APIRouter(tags=["notices"])


class TextItem(BaseModel):
    """R29: an occasion that there are texts for."""

    occasion: Annotated[Occasion, Field(description="What it is about.")]
    recipients: Annotated[Sequence[Recipient], Field(description="Who is told of it.")]
    outcomes: Annotated[
        Sequence[str], Field(description="Outcomes or kinds that read differently; none if the text is one.")
    ]


class TextList(BaseModel):
    """R29: all occasions."""

    texts: Annotated[Sequence[TextItem], Field(description="In the order of a case.")]


class TextView(BaseModel):
    """R29: a message as it reads, with the values of a made-up case."""

    occasion: Annotated[Occasion, Field(description="What it is about.")]
    recipient: Annotated[Recipient, Field(description="Who is told.")]
    outcome: Annotated[str | None, Field(description="Which outcome or kind; null if the text is one.")]
    language: Annotated[Language, Field(description="Of the message.")]
    version: Annotated[str, Field(description="Of the text: what was sent names its own.")]
    subject: Annotated[str, Field(description="Of the e-mail.")]
    plain: Annotated[str, Field(description="As plain text.")]
    html: Annotated[str, Field(description="The same as a page of HTML, which loads nothing.")]


@router.get("/v1/notices/texts")
async def list_texts(asker: Asker) -> TextList:
    """Returns the occasions of which people are told, and whom (R29). For the authority only."""
    asker.require_role(*AUTHORITY)
    items = [
        TextItem(
            occasion=occasion,
            recipients=[recipient for recipient in Recipient if recipient in need.recipients],
            outcomes=need.codes,
        )
        for occasion, need in NEEDS.items()
    ]
    return TextList(texts=items)


@router.get("/v1/notices/texts/{occasion}")
async def read_text(
    occasion: Occasion,
    request: Request,
    asker: Asker,
    recipient: Annotated[Recipient | None, Query(description="Who is told; else the first one.")] = None,
    outcome: Annotated[CodeParameter | None, Query(description="The outcome or kind; else the first one.")] = None,
    language: Annotated[Language, Query()] = "da",
) -> TextView:
    """Returns a message as people get it, with the values of a made-up case (R29). For the authority only."""
    asker.require_role(*AUTHORITY)
    _require_text(occasion, recipient, outcome)
    policy = runtime_of(request).policies.by_effective_date[-1]
    example = example_of(load_texts(), occasion, language, policy, recipient, outcome)
    return TextView(
        occasion=occasion,
        recipient=example.recipient,
        outcome=example.code,
        language=language,
        version=example.text.version,
        subject=example.text.subject,
        plain=example.text.plain,
        html=example.text.html,
    )


def _require_text(occasion: Occasion, recipient: Recipient | None, outcome: str | None) -> None:
    """Raises Problem (422), which names what there is, if there is no such message."""
    need = NEEDS[occasion]
    if recipient is not None and recipient not in need.recipients:
        known = ", ".join(sorted(need.recipients))
        raise malformed(
            "query.recipient", "this message is not for {told}, but for {known}", told=recipient.value, known=known
        )
    if outcome is not None and not need.codes:
        raise malformed("query.outcome", "this message reads the same whatever the outcome: leave it out")
    if outcome is not None and outcome not in need.codes:
        known = ", ".join(need.codes)
        raise malformed("query.outcome", "this message has no outcome {told}, but {known}", told=outcome, known=known)
