"""The HTTP interface of control."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, Field
from uuid_utils.compat import uuid7

from services.control.after_breach import AnswerHearing, RequestOrder
from services.control.booking import BookControl
from services.control.course import COURSE, Command
from services.control.documentation import ReceiveDocumentation
from services.control.follow_up import HoldFollowUp
from services.control.inspector_calendar import free_slot
from services.control.judgement import CompleteControl
from services.control.phases import NotStarted, Running, State
from services.control.turned_into_guidance import TurnIntoGuidance
from services.control.views import AgreementView, view
from shared.contracts.vocabulary import (
    ContactForm,
    ControlOutcome,
    FileReference,
    Involvement,
    JudgedBy,
    Measure,
    MeasureObservation,
    SpokeWith,
)
from shared.deadlines.deadline import Language
from shared.http.access import Asker
from shared.http.bodies import Body, Code, FreeText
from shared.http.commands import Prepared
from shared.http.openapi import CHANGE, CHANGED, READ, SEEN
from shared.http.problems import not_found
from shared.http.tokens import Role
from shared.kernel.decider import Refused
from shared.policy.policy import Policy
from shared.reference.identifiers import MeasureKind
from shared.reference.reference import non_use_reasons
from shared.service import Runtime, runtime_of

router = APIRouter(tags=["control"])
Files = Annotated[tuple[FileReference, ...], Field(max_length=50)]
Minutes = Annotated[int | None, Field(ge=0, le=10_000)]


def _known_reason(reason: str | None) -> str | None:
    if reason is not None and reason not in non_use_reasons():
        raise ValueError(f"is not a reason for non-use; known are {', '.join(non_use_reasons())}")
    return reason


class SentMeasure(Body):
    """R16: a measure as the company sends it."""

    measure_id: UUID | None = None
    """Names a measure that was sent before and is corrected; a new one has none."""
    kind: MeasureKind
    description: FreeText
    ladder_level: Annotated[int, Field(ge=1, le=5)]
    psychosocial_level: Annotated[int | None, Field(ge=1, le=5)] = None


class Documentation(Body):
    """R16: a part of the documentation."""

    complete: bool
    """R17: says that the agreement is met; the first such part starts the days for the control."""
    text: FreeText | None = None
    files: Files = ()
    measures: Annotated[tuple[SentMeasure, ...], Field(max_length=100)] = ()


class Booking(Body):
    """R17, R18: a day that the inspector chooses."""

    day: date
    form: ContactForm = ContactForm.VISIT
    form_reason: Code | None = None
    announced: bool = False
    late_reason: Code | None = None


class Observation(Body):
    """R20, R35: what was seen of one measure."""

    measure_id: UUID
    use: Annotated[str, Field(pattern="^(in_use|limited|not_in_use|unknown)$")]
    verified: bool | None = None
    non_use_reason: Annotated[Code | None, AfterValidator(_known_reason)] = None

    def observed(self) -> MeasureObservation:
        """As the fact has it."""
        return MeasureObservation.model_validate(self.model_dump())


class Control(Body):
    """R20: how it was judged, with whom, what could not be seen, each measure."""

    outcome: ControlOutcome
    form: ContactForm = ContactForm.VISIT
    form_reason: Code | None = None
    judged_by: Annotated[tuple[JudgedBy, ...], Field(min_length=1)]
    spoke_with: Annotated[tuple[SpokeWith, ...], Field(min_length=1)]
    measures: Annotated[tuple[Observation, ...], Field(max_length=100)] = ()
    involvement: Involvement = Involvement()
    findings: FreeText | None = None
    not_seen: FreeText | None = None
    photos: Files = ()
    spread_further: bool | None = None


class Conversion(Body):
    """R21: why the control decided nothing."""

    form: ContactForm = ContactForm.VISIT
    reason: Code
    involvement: Involvement = Involvement()
    summary: FreeText | None = None


class HearingAnswer(Body):
    """R22: what the company says to the intended order."""

    answer: FreeText


class OrderRequest(Body):
    """R22: why an order is asked for."""

    reasons: FreeText


class FollowUp(Body):
    """R24, R35, R39: a year later."""

    form: ContactForm
    measures: Annotated[tuple[Observation, ...], Field(max_length=100)] = ()
    spread_further: bool | None = None
    minutes_spent: Minutes = None


@router.get("/v1/agreements/{agreement_id}", responses=SEEN, dependencies=[READ])
async def read_agreement(
    agreement_id: UUID,
    request: Request,
    response: Response,
    asker: Asker,
    language: Annotated[Language, Query()] = "da",
) -> AgreementView:
    """The course of an agreement, with why its deadlines are what they are (R23, R27)."""
    state, visible, headers = await runtime_of(request).gate.read(request, asker, COURSE, agreement_id)
    if isinstance(state, NotStarted):
        raise not_found(f"agreement {agreement_id}")
    response.headers.update(headers)
    return view(state, visible, language)


@router.post("/v1/agreements/{agreement_id}/documentation", responses=CHANGED, dependencies=[CHANGE])
async def receive_documentation(agreement_id: UUID, body: Documentation, request: Request, asker: Asker) -> Response:
    """The company sends a part of its documentation (R16, R17)."""
    asker.require_role(Role.COMPANY)
    measures = [(sent.measure_id or uuid7(), sent) for sent in body.measures]

    def command(at: datetime, policy: Policy) -> Command:
        return ReceiveDocumentation(
            at=at,
            policy=policy,
            sent_by=asker.subject,
            complete=body.complete,
            measures=tuple(
                Measure(
                    measure_id=measure_id,
                    kind=sent.kind,
                    ladder_level=sent.ladder_level,
                    psychosocial_level=sent.psychosocial_level,
                )
                for measure_id, sent in measures
            ),
            measure_descriptions={measure_id: sent.description for measure_id, sent in measures},
            text=body.text,
            files=body.files,
        )

    return await _perform(request, asker, agreement_id, command)


@router.post("/v1/agreements/{agreement_id}/bookings", responses=CHANGED, dependencies=[CHANGE])
async def book_control(agreement_id: UUID, body: Booking, request: Request, asker: Asker) -> Response:
    """The inspector chooses the day of the control, replacing the booking that stands (R17, R18)."""
    asker.require_role(Role.INSPECTOR, Role.SUPPORTER)
    runtime = runtime_of(request)
    control_id = uuid7()

    async def prepare(state: State, at: datetime, policy: Policy) -> Command:
        inspector = state.started.inspector if isinstance(state, Running) else asker.subject
        slot = await free_slot(runtime, inspector, body.day, policy)
        if slot is None:
            raise Refused("R17", "the inspector's calendar is full on {day}", day=body.day)
        return BookControl(
            at=at,
            policy=policy,
            control_id=control_id,
            day=body.day,
            slot=slot,
            form=body.form,
            form_reason=body.form_reason,
            announced=body.announced,
            late_reason=body.late_reason,
        )

    return await _perform_prepared(request, asker, agreement_id, prepare)


@router.post("/v1/agreements/{agreement_id}/controls", responses=CHANGED, dependencies=[CHANGE])
async def complete_control(agreement_id: UUID, body: Control, request: Request, asker: Asker) -> Response:
    """The inspector records the control that was booked, and what it decides (R18, R20, R22)."""
    asker.require_role(Role.INSPECTOR, Role.SUPPORTER)

    def command(at: datetime, policy: Policy) -> Command:
        return CompleteControl(
            at=at,
            policy=policy,
            inspector=asker.subject,
            form=body.form,
            form_reason=body.form_reason,
            outcome=body.outcome,
            judged_by=body.judged_by,
            spoke_with=body.spoke_with,
            measures=tuple(observation.observed() for observation in body.measures),
            involvement=body.involvement,
            spread_further=body.spread_further,
            findings=body.findings,
            not_seen=body.not_seen,
            photos=body.photos,
        )

    return await _perform(request, asker, agreement_id, command)


@router.post("/v1/agreements/{agreement_id}/conversion", responses=CHANGED, dependencies=[CHANGE])
async def turn_into_guidance(agreement_id: UUID, body: Conversion, request: Request, asker: Asker) -> Response:
    """A control that cannot decide becomes guidance, and a new one is booked (R21)."""
    asker.require_role(Role.INSPECTOR, Role.SUPPORTER)

    def command(at: datetime, policy: Policy) -> Command:
        return TurnIntoGuidance(
            at=at,
            inspector=asker.subject,
            form=body.form,
            reason=body.reason,
            involvement=body.involvement,
            summary=body.summary,
        )

    return await _perform(request, asker, agreement_id, command)


@router.post("/v1/agreements/{agreement_id}/hearing-answer", responses=CHANGED, dependencies=[CHANGE])
async def answer_hearing(agreement_id: UUID, body: HearingAnswer, request: Request, asker: Asker) -> Response:
    """The company answers before the order (R22)."""
    asker.require_role(Role.COMPANY)
    return await _perform(
        request, asker, agreement_id, lambda at, policy: AnswerHearing(at=at, person=asker.subject, answer=body.answer)
    )


@router.post("/v1/agreements/{agreement_id}/order-request", responses=CHANGED, dependencies=[CHANGE])
async def request_order(agreement_id: UUID, body: OrderRequest, request: Request, asker: Asker) -> Response:
    """The inspector asks the order system for an order with deadline (R22)."""
    asker.require_role(Role.INSPECTOR, Role.SUPPORTER)
    request_id = uuid7()

    def command(at: datetime, policy: Policy) -> Command:
        return RequestOrder(at=at, request_id=request_id, inspector=asker.subject, reasons=body.reasons)

    return await _perform(request, asker, agreement_id, command)


@router.post("/v1/agreements/{agreement_id}/follow-up", responses=CHANGED, dependencies=[CHANGE])
async def hold_follow_up(agreement_id: UUID, body: FollowUp, request: Request, asker: Asker) -> Response:
    """Whether the measures are still in use a year later (R24, R35, R39)."""
    asker.require_role(Role.INSPECTOR, Role.SUPPORTER)

    def command(at: datetime, policy: Policy) -> Command:
        return HoldFollowUp(
            at=at,
            inspector=asker.subject,
            form=body.form,
            measures=tuple(observation.observed() for observation in body.measures),
            spread_further=body.spread_further,
            minutes_spent=body.minutes_spent,
        )

    return await _perform(request, asker, agreement_id, command)


async def _perform(
    request: Request, asker: Asker, agreement_id: UUID, command: Callable[[datetime, Policy], Command]
) -> Response:
    async def prepare(_: State, at: datetime, policy: Policy) -> Command:
        return command(at, policy)

    return await _perform_prepared(request, asker, agreement_id, prepare)


async def _perform_prepared(
    request: Request,
    asker: Asker,
    agreement_id: UUID,
    command: Callable[[State, datetime, Policy], Awaitable[Command]],
) -> Response:
    runtime: Runtime = runtime_of(request)
    now = runtime.clock.now()
    policy = runtime.policies.at(now)

    async def prepare(state: State) -> Prepared[State, Command]:
        return Prepared(await command(state, now, policy))

    return await runtime.gate.perform(request, asker, COURSE, agreement_id, prepare, at=now, policy=policy.version)
