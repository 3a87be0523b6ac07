"""The HTTP interface of controls: what they find, what they become, their corrections, the follow-up (R18-R24, R30)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field
from uuid_utils.compat import uuid7

from services.control.http.documentation_routes import Files, ToldMeasure
from services.control.http.run_command import perform
from services.control.rules.corrections_as_new_facts import CorrectControl
from services.control.rules.course_decider import Command
from services.control.rules.follow_up import HoldFollowUp
from services.control.rules.fresh_investigation import InvestigateAfresh
from services.control.rules.judgement import CompleteControl, FindingElsewhere
from services.control.rules.turned_into_guidance import TurnIntoGuidance
from shared.contracts.control import (
    CarriedOn,
    ControlReport,
    FirstControlReport,
    FollowUpReport,
    FreshInvestigationReport,
    OtherFinding,
    SpreadFurther,
    UndecidedControlReport,
)
from shared.contracts.vocabulary import NOT_ASKED, ContactForm, JudgedBy, MeasureObservation, SpokeWith
from shared.eventstore.randomness import random_id
from shared.http.access import Asker
from shared.http.bodies import Body, Participants, Purposes, TextForCompany, TextOfTheAuthority, ToldInvolvement, told
from shared.http.field_types import Instant
from shared.http.openapi import CHANGE
from shared.policy.policy import Policy
from shared.reference.identifiers import FormReason, LateReason, NonUseReason, TopicCode, UndecidedReason
from shared.service import runtime_of

router = APIRouter(tags=["control"])
Minutes = Annotated[int | None, Field(ge=0, le=10_000)]


class Observation(Body, MeasureObservation):
    """R20, R35: what was seen of one measure."""

    non_use_reason: NonUseReason | None = None


Observations = Annotated[tuple[Observation, ...], Field(max_length=100)]


class Spreading(Body, CarriedOn):
    """R39: what spread further, voluntarily."""

    carried_on: Annotated[tuple[UUID, ...], Field(max_length=100)] = ()
    added_measures: Annotated[tuple[ToldMeasure, ...], Field(max_length=100)] = ()
    """Measures beyond the agreement."""

    def spread(self) -> SpreadFurther:
        """Returns what spread further in the form of the rules; each added measure gets an id."""
        added = {uuid7(): measure for measure in self.added_measures}
        return SpreadFurther(
            **dict(told(CarriedOn, self)),
            added_measures=tuple(measure.coded(measure_id) for measure_id, measure in added.items()),
            measure_descriptions={measure_id: measure.description for measure_id, measure in added.items()},
        )


class AtPlace(Body):
    """R17, R19: where and when a control was held."""

    place_id: UUID | None = None
    """R19: where; the place where the matter arose, where none is named."""
    held_at: Instant | None = None
    """Now, where it is not told."""


class FoundElsewhere(Body, OtherFinding):
    """R20: something beside the topic; it is handled outside of the agreement."""

    topic: TopicCode | None = None
    text: TextForCompany


class Control(AtPlace, Spreading, FirstControlReport):
    """R20: how it was judged, with whom, what could not be seen, each measure."""

    concludes: bool = False
    """R20: a violation decides at once, although places of the sample are not controlled yet."""
    form: ContactForm = ContactForm.VISIT
    form_reason: FormReason | None = None
    late_reason: LateReason | None = None
    """R17: why it was held after the last day of its window; without it the booking's counts."""
    judged_by: Annotated[tuple[JudgedBy, ...], Field(min_length=1)]
    spoke_with: Annotated[tuple[SpokeWith, ...], Field(min_length=1)]
    measures: Observations = ()
    involvement: ToldInvolvement = NOT_ASKED
    other_findings: Annotated[tuple[FoundElsewhere, ...], Field(max_length=50)] = ()
    minutes_spent: Minutes = None
    findings: TextForCompany | None = None
    not_seen: TextForCompany | None = None
    photos: Files = ()


class Conversion(AtPlace, UndecidedControlReport):
    """R21: why the control decided nothing."""

    form: ContactForm = ContactForm.VISIT
    reason: UndecidedReason
    participants: Participants = ()
    purposes: Purposes = ()
    involvement: ToldInvolvement = NOT_ASKED
    minutes_spent: Minutes = None
    summary: TextForCompany | None = None


class FreshInvestigation(AtPlace, FreshInvestigationReport):
    """R21: why the matter must be investigated afresh."""

    reason: TextForCompany


class Correction(Body, ControlReport):
    """R30: how the control really was."""

    reason: TextOfTheAuthority
    held_at: Instant | None = None
    """None leaves what was told before; so with the texts, the reason for being late and the time spent."""
    form_reason: FormReason | None = None
    judged_by: Annotated[tuple[JudgedBy, ...], Field(min_length=1)]
    spoke_with: Annotated[tuple[SpokeWith, ...], Field(min_length=1)]
    measures: Observations = ()
    involvement: ToldInvolvement = NOT_ASKED
    findings: TextForCompany | None = None
    late_reason: LateReason | None = None
    """R17: why it was held after the last day of its window, where that was not told before."""
    not_seen: TextForCompany | None = None
    minutes_spent: Minutes = None


class FollowUp(Spreading, FollowUpReport):
    """R24, R35, R39: a year later."""

    held_at: Instant | None = None
    measures: Observations = ()
    """One of each measure that the company documented."""
    minutes_spent: Minutes = None


@router.post("/v1/agreements/{agreement_id}/controls", **CHANGE)
async def complete_control(agreement_id: UUID, body: Control, request: Request, asker: Asker) -> Response:
    """Records the inspector's control of a place, and what it decides (R18, R20, R22)."""
    control_id, spread = random_id(runtime_of(request).random_source), body.spread()
    others = tuple(FindingElsewhere(uuid7(), told(OtherFinding, found)) for found in body.other_findings)

    def command(at: datetime, policy: Policy) -> Command:
        return CompleteControl(
            at=at,
            policy=policy,
            place_id=body.place_id or agreement_id,
            control_id=control_id,
            inspector=asker.subject,
            held_at=body.held_at,
            concludes=body.concludes,
            told=told(FirstControlReport, body),
            spread=spread,
            other_findings=others,
        )

    return await perform(request, asker, agreement_id, command)


@router.post("/v1/agreements/{agreement_id}/controls/{control_id}/correction", **CHANGE)
async def correct_control(
    agreement_id: UUID, control_id: UUID, body: Correction, request: Request, asker: Asker
) -> Response:
    """Corrects a control that was recorded wrongly, and any decision that this changes (R30)."""

    def command(at: datetime, policy: Policy) -> Command:
        return CorrectControl(
            at=at,
            policy=policy,
            control_id=control_id,
            inspector=asker.subject,
            reason=body.reason,
            held_at=body.held_at,
            told=told(ControlReport, body),
        )

    return await perform(request, asker, agreement_id, command)


@router.post("/v1/agreements/{agreement_id}/conversion", **CHANGE)
async def turn_into_guidance(agreement_id: UUID, body: Conversion, request: Request, asker: Asker) -> Response:
    """Turns a control that cannot decide into guidance; a new control is booked (R21)."""

    def command(at: datetime, policy: Policy) -> Command:
        return TurnIntoGuidance(
            at=at,
            policy=policy,
            place_id=body.place_id or agreement_id,
            inspector=asker.subject,
            held_at=body.held_at,
            told=told(UndecidedControlReport, body),
        )

    return await perform(request, asker, agreement_id, command)


@router.post("/v1/agreements/{agreement_id}/fresh-investigation", **CHANGE)
async def investigate_afresh(agreement_id: UUID, body: FreshInvestigation, request: Request, asker: Asker) -> Response:
    """Records that a control found that the matter must be investigated afresh (R21)."""

    def command(at: datetime, policy: Policy) -> Command:
        return InvestigateAfresh(
            at=at,
            policy=policy,
            place_id=body.place_id or agreement_id,
            inspector=asker.subject,
            held_at=body.held_at,
            told=told(FreshInvestigationReport, body),
        )

    return await perform(request, asker, agreement_id, command)


@router.post("/v1/agreements/{agreement_id}/follow-up", **CHANGE)
async def hold_follow_up(agreement_id: UUID, body: FollowUp, request: Request, asker: Asker) -> Response:
    """Records whether the measures are still in use a year later (R24, R35, R39)."""
    spread = body.spread()

    def command(at: datetime, policy: Policy) -> Command:
        return HoldFollowUp(
            at=at,
            inspector=asker.subject,
            held_at=body.held_at,
            told=told(FollowUpReport, body),
            spread=spread,
        )

    return await perform(request, asker, agreement_id, command)
