"""The HTTP interface of the sample and of bookings (R17-R19)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from services.control.http.run_command import perform, perform_prepared
from services.control.lookups.found_places import redrawn_place
from services.control.planning.lookups.inspector_calendar import calendar_of
from services.control.rules.booking import BookControl
from services.control.rules.course_decider import Command
from services.control.rules.phases import Running, State
from services.control.rules.planned_places import RedrawPlace
from services.control.rules.sampling import ChooseSample
from shared.contracts.control import ChosenDay
from shared.contracts.vocabulary import ContactForm
from shared.eventstore.randomness import random_id
from shared.http.access import Asker
from shared.http.bodies import Body, TextOfTheAuthority, told
from shared.http.commands import Prepared
from shared.http.field_types import Day
from shared.http.openapi import CHANGE
from shared.policy.policy import Policy
from shared.reference.identifiers import FormReason, LateReason
from shared.service import runtime_of

router = APIRouter(tags=["control"])


class Booking(Body, ChosenDay):
    """R17, R18: a day that the inspector chooses."""

    place_id: UUID | None = None
    """R19: which place; the one where the matter arose, where none is named."""
    day: Day
    form: ContactForm = ContactForm.VISIT
    form_reason: FormReason | None = None
    announced: bool = False
    late_reason: LateReason | None = None


class Redraw(Body):
    """R18: which control gets another drawn day, and why."""

    place_id: UUID | None = None
    """R19: which place; the one where the matter arose, where none is named."""
    reason: TextOfTheAuthority


class Sample(Body):
    """R19: the places that are to be controlled."""

    places: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=1000)]


@router.post("/v1/agreements/{agreement_id}/bookings", **CHANGE)
async def book_control(agreement_id: UUID, body: Booking, request: Request, asker: Asker) -> Response:
    """Books the day that the inspector chooses for a control, instead of the place's earlier booking (R17, R18)."""
    runtime = runtime_of(request)
    control_id = random_id(runtime.random_source)
    place_id = body.place_id or agreement_id

    async def prepare(state: State, at: datetime, policy: Policy) -> Prepared[State, Command]:
        inspector = state.inspector if isinstance(state, Running) else asker.subject
        calendar = await calendar_of(runtime, inspector, policy)
        if isinstance(state, Running) and place_id in state.bookings:
            calendar.give_up(state.bookings[place_id])
        command = BookControl(
            at=at,
            policy=policy,
            place_id=place_id,
            control_id=control_id,
            place=calendar.place_on(body.day),
            told=told(ChosenDay, body),
        )
        return Prepared(command)

    return await perform_prepared(request, asker, agreement_id, prepare)


@router.post("/v1/agreements/{agreement_id}/bookings/redraw", **CHANGE)
async def redraw_control(agreement_id: UUID, body: Redraw, request: Request, asker: Asker) -> Response:
    """Draws another day for a hidden control; the reason is kept, and the company learns of neither (R18)."""
    runtime = runtime_of(request)
    place_id = body.place_id or agreement_id

    async def prepare(state: State, at: datetime, policy: Policy) -> Prepared[State, Command]:
        found = None
        if isinstance(state, Running):
            found = await redrawn_place(runtime, state, place_id, at, policy)
        command = RedrawPlace(at, policy, by=asker.subject, place_id=place_id, reason=body.reason, found=found)
        return Prepared(command)

    return await perform_prepared(request, asker, agreement_id, prepare)


@router.post("/v1/agreements/{agreement_id}/sample", **CHANGE)
async def choose_sample(agreement_id: UUID, body: Sample, request: Request, asker: Asker) -> Response:
    """Adds places to the sample; those that were drawn stay in it (R19)."""

    def command(at: datetime, policy: Policy) -> Command:
        return ChooseSample(at=at, policy=policy, inspector=asker.subject, places=body.places)

    return await perform(request, asker, agreement_id, command)
