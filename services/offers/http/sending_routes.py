"""Routes that send an offer, and withdraw it (R1, R2, R7, R8, R9, R10)."""

from asyncio import gather
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field
from uuid_utils.compat import uuid7

from services.offers.http.run_command import perform
from services.offers.lookups.agreement_numbers import next_numbers
from services.offers.lookups.open_offers import undecided_at
from services.offers.lookups.preconditions import (
    as_it_stands,
    carried,
    quarantines_of,
    refuse_while_unknown,
    unit_and_slot,
)
from services.offers.rules.new_offer import SendOffer, send
from services.offers.rules.offer_decider import OFFER, Command
from services.offers.rules.phases import State
from services.offers.rules.withdrawal import Withdraw
from shared.contracts.offers import OfferTerms
from shared.contracts.vocabulary import AgreementKind
from shared.deadlines.copenhagen import local_day
from shared.eventstore.errors import Refused
from shared.http.access import Asker, Viewer
from shared.http.bodies import Body, FreeText, GivenId, PersonId, TextForCompany, ToldFile, ToldGrounds, told
from shared.http.commands import Prepared, is_dry_run
from shared.http.openapi import CHANGE, CREATE
from shared.http.tokens import Role
from shared.people.directory import Directory
from shared.reference.identifiers import Cvr, PNumber, TopicCode
from shared.service import Runtime, runtime_of

router = APIRouter()


class NewOffer(Body, OfferTerms):
    """R1: what an offer names."""

    kind: AgreementKind = AgreementKind.SUSPICION
    cvr: Cvr
    p_number: PNumber
    topic: TopicCode
    inspection_id: GivenId
    period_months: Annotated[int, Field(ge=1, le=24)]
    period_reason: TextForCompany | None = None
    observations: TextForCompany
    photos: Annotated[tuple[ToldFile, ...], Field(max_length=50)] = ()
    grounds: ToldGrounds | None = None
    """R2: needed for `spread`; left out for `suspicion`, a concrete and material violation is suspected."""
    department: Annotated[FreeText, Field(max_length=200)] | None = None
    inspector: PersonId | None = None
    """R1, R42: who becomes responsible; left out by an inspector who offers for himself or herself."""


class Withdrawal(Body):
    """R9: why the authority takes the offer back."""

    reason: TextForCompany


@router.post("/v1/offers", **CREATE)
async def send_offer(body: NewOffer, request: Request, asker: Asker) -> Response:
    """Offers an agreement (R1, R2, R7, R8, R14, R40). Responsible becomes the inspector who sends the request.

    A stand-in, a supporter and a leader name in `inspector` for whom they send it (R42).
    """
    runtime = runtime_of(request)
    now = runtime.clock.now()
    policy = runtime.policies.at(now)
    agreement_id: UUID = uuid7()
    terms = told(OfferTerms, body)
    inspector = body.inspector or asker.subject
    refused = _unknown_or_nobody(asker, body.inspector, runtime.people)
    numbers: list[str] = []

    async def prepare(_: State) -> Prepared[State, Command]:
        held, (unit, slot), (quarantines, guards), undecided, (carried_over, further) = await gather(
            refuse_while_unknown(runtime, asker, body.cvr, body.p_number, local_day(now)),
            unit_and_slot(
                runtime,
                body.p_number,
                body.topic,
                local_day(now),
                policy,
                replaced_agreements=int(body.carries_over is not None),
            ),
            quarantines_of(runtime, asker, body.cvr, body.p_number),
            undecided_at(runtime.database, body.p_number),
            carried(runtime, body.carries_over),
        )
        command = SendOffer(
            at=now,
            policy=policy,
            agreement_id=agreement_id,
            told=terms,
            unit=unit,
            slot=slot,
            inspector=inspector,
            quarantines=quarantines,
            undecided=undecided,
            carried=carried_over,
            centre=runtime.people.centre_of(inspector),
            earlier=await as_it_stands(runtime, body.follows) if body.follows else None,
        )
        if not (held or refused or is_dry_run(request)):
            command = await _numbered(runtime, command, numbers)
        return Prepared(command, (*guards, *further), (*held, *refused))

    return await runtime.gate.perform(
        request,
        asker,
        OFFER,
        agreement_id,
        prepare,
        at=now,
        policy=policy.version,
        creates=True,
        begins_for=inspector,
    )


async def _numbered(runtime: Runtime, command: SendOffer, taken: list[str]) -> SendOffer:
    """R26: returns the command with a number, the one that this request has `taken` before if it lost to another.

    Raises Refused for an offer that the rules refuse, before a number is taken: refusals leave no gaps.
    """
    send(command)
    if not taken:
        taken.append(await runtime.database.ask(next_numbers, (local_day(command.at).year, command.agreement_id)))
    return replace(command, number=taken[0])


def _unknown_or_nobody(asker: Viewer, named: str | None, people: Directory) -> Sequence[Refused]:
    """R42: returns a refusal for somebody whom the directory does not know, or for nobody, if no inspector asks."""
    if named is not None and named != asker.subject:
        return people.refusals(named)
    if asker.role is Role.INSPECTOR:
        return ()
    return (Refused("R42", "name the inspector who becomes responsible"),)


@router.post("/v1/offers/{agreement_id}/withdrawal", **CHANGE)
async def withdraw(agreement_id: UUID, body: Withdrawal, request: Request, asker: Asker) -> Response:
    """Withdraws an unanswered offer of the authority (R9)."""
    runtime = runtime_of(request)
    now = runtime.clock.now()
    command = Withdraw(at=now, reason=body.reason, policy=runtime.policies.at(now))
    return await perform(request, asker, agreement_id, command, now)
