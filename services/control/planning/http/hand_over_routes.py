"""Hands the cases of a colleague over to another over HTTP (R15, R42)."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from services.control.lookups.handing_over import CaseHandedOver, HandOver, HandOverOutcome, hand_over, open_cases
from shared.contracts.vocabulary import NextInspector
from shared.deadlines.in_words import Language
from shared.eventstore.change import Change, IdempotencyKey
from shared.eventstore.events import Metadata
from shared.http.access import Asker, operation_of
from shared.http.bodies import Body, PersonId, TextOfTheAuthority, told
from shared.http.commands import with_answer
from shared.http.errors import RefusedByRules
from shared.http.field_types import Day
from shared.http.openapi import CHANGE_OF_SEVERAL
from shared.service import runtime_of

router = APIRouter(tags=["calendar"])
_CASES_OF_A_REQUEST = 100
"""Most cases that one request hands over; the answer says how many are left for the next request."""


class HandOverBody(Body, NextInspector):
    """R15: who gets the cases, and from which day on."""

    inspector: PersonId
    from_day: Day
    """Cases with an earlier visit stay with the colleague."""
    cases: Annotated[tuple[UUID, ...], Field(max_length=_CASES_OF_A_REQUEST)] = ()
    """Only these cases; all open ones of the colleague if none is named."""
    after: UUID | None = None
    """Only cases after this one: `next_after` of the answer to the request before."""
    reason: TextOfTheAuthority | None = None


class WhyRefused(BaseModel):
    """Why a case was not handed over."""

    rule: str
    reason: Annotated[dict[Language, str], Field(description="In Danish and in English.")]


class HandOverOfCase(BaseModel):
    """R15: what became, or would become, of one case."""

    agreement_id: UUID
    outcome: Annotated[HandOverOutcome, Field(description="`stays`: a visit of it stands before the day.")]
    kept_day: Annotated[int, Field(description="Visits that keep their day in the calendar of the colleague.")]
    other_day: Annotated[int, Field(description="Visits that get another day; a dry run says none, it is drawn (R18).")]
    announced_moved: Annotated[int, Field(description="Of those, how many the company was told of.")]
    refused: Annotated[WhyRefused | None, Field(description="Why; null unless a rule refuses.")]


class HandOverReport(BaseModel):
    """R15: the report of each case of a hand-over, and how many are left."""

    person: Annotated[str, Field(description="Whose cases they were.")]
    inspector: Annotated[str, Field(description="Who gets them.")]
    dry_run: Annotated[bool, Field(description="Whether nothing was recorded.")]
    cases: Annotated[list[HandOverOfCase], Field(description="Of each case, in the order of their ids.")]
    left: Annotated[int, Field(description="Open cases that this request did not come to.")]
    next_after: Annotated[UUID | None, Field(description="For a further request, as `after`; null if none is left.")]


@router.post("/v1/people/{person_id}/hand-over", **CHANGE_OF_SEVERAL, response_model=HandOverReport)
async def hand_over_cases(
    person_id: Annotated[PersonId, Path(description="Pseudonymous id, as tokens carry it.")],
    body: HandOverBody,
    request: Request,
    asker: Asker,
) -> Response:
    """Makes a colleague responsible for all open cases of a person from a day on, with a command for each (R15).

    A request that was cut off may be repeated: what was handed over is not handed over again.
    """
    runtime, now = runtime_of(request), runtime_of(request).clock.now()
    await runtime.gate.require_relation(operation_of(request), asker, person_id, now)
    for refusal in runtime.people.refusals(body.inspector):
        raise refusal
    asked = HandOver(
        person=person_id,
        told=told(NextInspector, body),
        from_day=body.from_day,
        by=asker.subject,
        on_behalf_of=asker.acts_for(person_id),
        at=now,
        policy=runtime.policies.at(now),
    )

    async def act(key: IdempotencyKey | None) -> Response:
        every = [
            case
            for case in await open_cases(runtime, person_id)
            if (not body.cases or case in body.cases) and (body.after is None or case > body.after)
        ]
        some = every[:_CASES_OF_A_REQUEST]
        done = await hand_over(runtime, asked, some, None if key is None else key.key)
        report = HandOverReport(
            person=person_id,
            inspector=body.inspector,
            dry_run=key is None,
            cases=[_of_case(one) for one in done],
            left=len(every) - len(some),
            next_after=some[-1] if len(every) > len(some) else None,
        )
        answer = Response(report.model_dump_json(), media_type="application/json")
        if key is not None:
            metadata = Metadata(uuid4(), asker.subject)
            await runtime.store.append(Change(metadata, key=with_answer(key, answer)))
        return answer

    return await runtime.gate.answer_once(request, asker, act)


def _of_case(done: CaseHandedOver) -> HandOverOfCase:
    refused = None
    if done.refused is not None:
        problem = RefusedByRules(done.refused)
        refused = WhyRefused(
            rule=done.refused.rule, reason={"da": problem.detail_in("da"), "en": problem.detail_in("en")}
        )
    return HandOverOfCase(
        agreement_id=done.agreement_id,
        outcome=done.outcome,
        kept_day=done.kept_day,
        other_day=done.other_day,
        announced_moved=done.announced_moved,
        refused=refused,
    )
