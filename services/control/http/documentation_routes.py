"""The HTTP interface of documentation (R16)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field
from uuid_utils.compat import uuid7

from services.control.http.run_command import perform
from services.control.rules.course_decider import Command
from services.control.rules.documentation import ReceiveDocumentation
from shared.contracts.control import DocumentationPart
from shared.contracts.vocabulary import CodedMeasure, Measure
from shared.http.access import Asker
from shared.http.bodies import Body, FreeText, ToldFile, told
from shared.http.openapi import CHANGE
from shared.policy.policy import Policy
from shared.reference.identifiers import MeasureKind

router = APIRouter(tags=["control"])
Files = Annotated[tuple[ToldFile, ...], Field(max_length=50)]
Places = Annotated[tuple[UUID, ...], Field(max_length=1000)]


class ToldMeasure(Body, CodedMeasure):
    """R16: a measure as it is told."""

    kind: MeasureKind
    description: FreeText
    places: Places = ()

    def coded(self, measure_id: UUID) -> Measure:
        """Returns the measure in the form of the facts, without the description."""
        return Measure(measure_id=measure_id, **dict(told(CodedMeasure, self)))


class SentMeasure(ToldMeasure):
    """R16: a measure as the company sends it."""

    measure_id: UUID | None = None
    """Names a measure that was sent before and is corrected; a new one has none."""


class Documentation(Body, DocumentationPart):
    """R16: a part of the documentation."""

    text: FreeText | None = None
    files: Files = ()
    measures: Annotated[tuple[SentMeasure, ...], Field(max_length=100)] = ()
    places: Places = ()


@router.post("/v1/agreements/{agreement_id}/documentation", **CHANGE)
async def receive_documentation(agreement_id: UUID, body: Documentation, request: Request, asker: Asker) -> Response:
    """Receives a part of the documentation from the company (R16, R17)."""
    measures = [(sent.measure_id or uuid7(), sent) for sent in body.measures]

    def command(at: datetime, policy: Policy) -> Command:
        return ReceiveDocumentation(
            at=at,
            policy=policy,
            sent_by=asker.subject,
            told=told(DocumentationPart, body),
            measures=tuple(sent.coded(measure_id) for measure_id, sent in measures),
            corrected=frozenset(sent.measure_id for sent in body.measures if sent.measure_id is not None),
            measure_descriptions={measure_id: sent.description for measure_id, sent in measures},
        )

    return await perform(request, asker, agreement_id, command)
