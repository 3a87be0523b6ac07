"""The HTTP interface of offers."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field
from uuid_utils.compat import uuid7

from services.offers import offer
from services.offers.eligibility import Quarantine
from services.offers.letter import letter
from services.offers.offer import OFFER, State, Unsent
from services.offers.quarantine import QUARANTINE, legal_entity_stream, unit_stream
from services.offers.units import unit_on
from shared.contracts.offers import OfferDelivered, QuarantineImposed, Withdrawn
from shared.contracts.vocabulary import AgreementKind, FileReference
from shared.deadlines.copenhagen import local_day
from shared.deadlines.deadline import Language
from shared.http.access import Asker
from shared.http.bodies import Body, Code, FreeText
from shared.http.commands import Prepared
from shared.http.openapi import CHANGE, CHANGED, CREATE, CREATED, READ, SEEN, problems
from shared.http.problems import unavailable
from shared.http.tokens import Role
from shared.kernel.commands import Guard
from shared.kernel.decider import Refused
from shared.kernel.parking import is_parked
from shared.reference.identifiers import Cvr, PNumber, TopicCode
from shared.service import Runtime, runtime_of

router = APIRouter(tags=["offers"])


class NewOffer(Body):
    """R1: what an offer names."""

    kind: AgreementKind = AgreementKind.SUSPICION
    cvr: Cvr
    p_number: PNumber
    topic: TopicCode
    inspection_id: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[\w.:-]+$")]
    """The inspection from which the suspicion arose, by its id."""
    period_months: Annotated[int, Field(ge=1, le=24)]
    period_reason: FreeText | None = None
    """R10: needed where the period is neither 3 nor 6 months."""
    observations: FreeText
    photos: Annotated[tuple[FileReference, ...], Field(max_length=50)] = ()


class Delivery(Body):
    """R3, R4: what the portal knows of the message."""

    delivered: bool
    available_at: AwareDatetime | None = None
    """When it became available; now, where it is left out."""
    failure: Code | None = None
    """Code of the fault where it was not delivered."""


class Acceptance(Body):
    """R10: the company's yes."""

    has_read: bool
    """Confirms having read what the agreement is and is not."""
    reason: Code | None = None
    """R36: optional coded reason; decides nothing."""


class Refusal(Body):
    """R7: the company's no."""

    reason: Code | None = None


class Withdrawal(Body):
    """R9: why the authority takes the offer back."""

    reason: FreeText


class OfferView(BaseModel):
    """An offer as the asker may see it."""

    agreement_id: UUID
    status: str
    kind: AgreementKind
    cvr: str
    p_number: str
    topic: str
    inspector: str
    inspection_id: str
    period_months: int
    period_reason: str | None
    sent_at: datetime
    observations: str | None
    photos: tuple[FileReference, ...]
    available_at: datetime | None
    withdrawal_reason: str | None
    response_deadline: datetime | None
    """Exclusive: an answer before this instant is in time."""
    why: str | None
    """R27: how the response deadline was computed."""
    letter: str
    is_a_decision: bool = False
    """R23: an agreement is not a decision and does not affect the smiley."""


class QuarantineView(BaseModel):
    """R22: a quarantine that stands."""

    because_of: UUID
    cvr: str
    p_number: str | None
    ends_at: datetime


@router.post("/v1/offers", status_code=201, responses=CREATED, dependencies=[CREATE])
async def send_offer(body: NewOffer, request: Request, asker: Asker) -> Response:
    """Offer an agreement (R1, R2, R8). The inspector who asks is the one responsible."""
    asker.require_role(Role.INSPECTOR)
    runtime = runtime_of(request)
    now = runtime.clock.now()
    policy = runtime.policies.at(now)
    agreement_id: UUID = uuid7()

    async def prepare(_: State) -> Prepared[State, offer.Command]:
        await _refuse_while_parked(runtime, body.cvr, body.p_number)
        async with runtime.database.acquire() as connection:
            unit = await unit_on(connection, body.p_number, local_day(now))
            await _refuse_taken(connection, body.p_number, body.topic)
        quarantines, guards = await _quarantines(runtime, body.cvr, body.p_number)
        command = offer.SendOffer(
            at=now,
            policy=policy,
            agreement_id=agreement_id,
            unit=unit,
            inspector=asker.subject,
            quarantines=quarantines,
            **{name: getattr(body, name) for name in type(body).model_fields},
        )
        return Prepared(command, guards)

    return await runtime.gate.perform(
        request, asker, OFFER, agreement_id, prepare, at=now, policy=policy.version, creates=True
    )


@router.post("/v1/offers/{agreement_id}/delivery", responses=CHANGED, dependencies=[CHANGE])
async def record_delivery(agreement_id: UUID, body: Delivery, request: Request, asker: Asker) -> Response:
    """The portal says whether the offer arrived: being available starts the clock (R3), a failure starts none (R4)."""
    asker.require_role(Role.PORTAL)
    now = runtime_of(request).clock.now()
    available_at = body.available_at or now
    policy = runtime_of(request).policies.at(available_at)
    command = (
        offer.RecordDelivery(at=now, available_at=available_at, policy=policy)
        if body.delivered
        else offer.RecordFailedDelivery(at=now, reason=body.failure or "unknown")
    )
    return await _perform(request, asker, agreement_id, command, now, policy.version)


@router.post("/v1/offers/{agreement_id}/opening", responses=CHANGED, dependencies=[CHANGE])
async def record_opening(agreement_id: UUID, request: Request, asker: Asker) -> Response:
    """The portal says that somebody at the company opened the offer (R5)."""
    asker.require_role(Role.PORTAL)
    now = runtime_of(request).clock.now()
    return await _perform(request, asker, agreement_id, offer.RecordOpening(at=now), now)


@router.post("/v1/offers/{agreement_id}/acceptance", responses=CHANGED, dependencies=[CHANGE])
async def accept(agreement_id: UUID, body: Acceptance, request: Request, asker: Asker) -> Response:
    """The company accepts (R6, R8, R10)."""
    asker.require_role(Role.COMPANY)
    runtime = runtime_of(request)
    now = runtime.clock.now()

    async def prepare(state: State) -> Prepared[State, offer.Command]:
        quarantines: tuple[Quarantine, ...] = ()
        guards: tuple[Guard, ...] = ()
        if not isinstance(state, Unsent):
            await _refuse_while_parked(runtime, state.sent.cvr, state.sent.p_number)
            quarantines, guards = await _quarantines(runtime, state.sent.cvr, state.sent.p_number)
        command = offer.Accept(
            at=now,
            acting_for=asker.cvr or "",
            person=asker.subject,
            has_read=body.has_read,
            reason=body.reason,
            quarantines=quarantines,
        )
        return Prepared(command, guards)

    return await runtime.gate.perform(request, asker, OFFER, agreement_id, prepare, at=now)


@router.post("/v1/offers/{agreement_id}/refusal", responses=CHANGED, dependencies=[CHANGE])
async def decline(agreement_id: UUID, body: Refusal, request: Request, asker: Asker) -> Response:
    """The company says no (R7)."""
    asker.require_role(Role.COMPANY)
    now = runtime_of(request).clock.now()
    command = offer.Decline(at=now, acting_for=asker.cvr or "", person=asker.subject, reason=body.reason)
    return await _perform(request, asker, agreement_id, command, now)


@router.post("/v1/offers/{agreement_id}/withdrawal", responses=CHANGED, dependencies=[CHANGE])
async def withdraw(agreement_id: UUID, body: Withdrawal, request: Request, asker: Asker) -> Response:
    """The authority takes an unanswered offer back (R9)."""
    asker.require_role(Role.INSPECTOR, Role.SUPPORTER)
    now = runtime_of(request).clock.now()
    return await _perform(request, asker, agreement_id, offer.Withdraw(at=now, reason=body.reason), now)


@router.get("/v1/offers/{agreement_id}", responses=SEEN, dependencies=[READ])
async def read_offer(
    agreement_id: UUID,
    request: Request,
    response: Response,
    asker: Asker,
    language: Annotated[Language, Query()] = "da",
) -> OfferView:
    """The offer, with the letter and why its deadline is what it is (R1, R23, R27)."""
    state, visible, headers = await runtime_of(request).gate.read(request, asker, OFFER, agreement_id)
    response.headers.update(headers)
    assert not isinstance(state, Unsent)
    delivered = next((r.event for r in visible if isinstance(r.event, OfferDelivered)), None)
    sent = state.sent
    deadline = delivered.response_deadline if delivered else None
    return OfferView(
        agreement_id=sent.agreement_id,
        status=offer.how_it_stands(state),
        kind=sent.kind,
        cvr=sent.cvr,
        p_number=sent.p_number,
        topic=sent.topic,
        inspector=sent.inspector,
        inspection_id=sent.inspection_id,
        period_months=sent.period_months,
        period_reason=sent.period_reason,
        sent_at=sent.sent_at,
        observations=sent.observations,
        photos=sent.photos or (),
        available_at=delivered.available_at if delivered else None,
        withdrawal_reason=next((r.event.reason for r in visible if isinstance(r.event, Withdrawn)), None),
        response_deadline=deadline.ends_at if deadline else None,
        why=deadline.explain(language) if deadline else None,
        letter=letter(sent, deadline),
    )


@router.get("/v1/quarantines", responses=problems(400, 404), dependencies=[READ])
async def read_quarantines(
    request: Request, asker: Asker, cvr: Annotated[Cvr, Query()], p_number: Annotated[PNumber, Query()]
) -> list[QuarantineView]:
    """R8, R22: the quarantines that stand for a unit now, its own and those of its whole legal entity."""
    asker.require_company(cvr, f"legal entity {cvr}")
    runtime = runtime_of(request)
    await runtime.gate.wait_for_token(request)
    now = runtime.clock.now()
    standing = [one for stream in _registers(cvr, p_number) for one in (await _register(runtime, stream))[0]]
    return [
        QuarantineView(because_of=one.agreement_id, cvr=one.cvr, p_number=one.p_number, ends_at=one.ends_at)
        for one in standing
        if one.ends_at > now and one.cvr == cvr
    ]


async def _perform(
    request: Request, asker: Asker, agreement_id: UUID, command: offer.Command, at: datetime, policy: str | None = None
) -> Response:
    async def prepare(_: State) -> Prepared[State, offer.Command]:
        return Prepared(command)

    return await runtime_of(request).gate.perform(request, asker, OFFER, agreement_id, prepare, at=at, policy=policy)


async def _refuse_while_parked(runtime: Runtime, cvr: str, p_number: str) -> None:
    """R8: what is not known of the unit might be a breach, so nothing is offered or accepted until it is."""
    async with runtime.database.acquire() as connection:
        if await is_parked(connection, {"pnumber": p_number}) or await is_parked(connection, {"cvr": cvr}):
            raise unavailable(f"a fact about {p_number} or {cvr} has not been taken yet", rule="R8")


async def _refuse_taken(connection: Any, p_number: str, topic: str) -> None:
    """R8: no offer on a topic that already has an open offer or agreement at the unit."""
    holder = await connection.fetchval("select stream from reservations where name = $1", f"open/{p_number}/{topic}")
    if holder is not None:
        raise Refused(
            "R8", "{p_number} already has an open offer or agreement on topic {topic}", p_number=p_number, topic=topic
        )


async def _quarantines(runtime: Runtime, cvr: str, p_number: str) -> tuple[tuple[Quarantine, ...], tuple[Guard, ...]]:
    found: list[Quarantine] = []
    guards = []
    for stream in _registers(cvr, p_number):
        standing, version = await _register(runtime, stream)
        found.extend(Quarantine(one.agreement_id, one.ends_at) for one in standing)
        guards.append(Guard(stream, version))
    return tuple(found), tuple(guards)


def _registers(cvr: str, p_number: str) -> tuple[UUID, UUID]:
    return unit_stream(p_number), legal_entity_stream(cvr)


async def _register(runtime: Runtime, stream: UUID) -> tuple[tuple[QuarantineImposed, ...], int]:
    loaded = await runtime.store.load(stream)
    return QUARANTINE.fold([recorded.event for recorded in loaded.events]).standing, loaded.version
