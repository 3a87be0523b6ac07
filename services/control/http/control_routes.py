"""The HTTP interface of controls: what they find, what they become, their corrections, the follow-up (R18-R24, R30)."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field
from uuid_utils.compat import uuid7

from services.control.http.documentation_routes import Files, ToldMeasure
from services.control.http.perform import perform
from services.control.rules.correction import CorrectControl
from services.control.rules.course_decider import Command
from services.control.rules.follow_up import HoldFollowUp
from services.control.rules.fresh_investigation import InvestigateAfresh
from services.control.rules.judgement import CompleteControl, OtherFinding
from services.control.rules.spread_further import SpreadFurther
from services.control.rules.turned_into_guidance import TurnIntoGuidance
from shared.contracts.vocabulary import (
    NOT_ASKED,
    ContactForm,
    ControlOutcome,
    JudgedBy,
    MeasureObservation,
    MeasureUse,
    SpokeWith,
)
from shared.eventstore.chance import random_id
from shared.http.access import Asker
from shared.http.bodies import Body, Participants, Purposes, TextForCompany, TextOfTheAuthority, ToldInvolvement
from shared.http.openapi import CHANGE
from shared.http.tokens import Role
from shared.http.written import Instant
from shared.policy.policy import Policy
from shared.reference.identifiers import FormReason, LateReason, NonUseReason, TopicCode, UndecidedReason
from shared.service import runtime_of

router = APIRouter(tags=["control"])
Minutes = Annotated[int | None, Field(ge=0, le=10_000)]


class Observation(Body):
    """R20, R35: what was seen of one measure."""

    measure_id: UUID
    use: MeasureUse
    verified: bool | None = None
    non_use_reason: NonUseReason | None = None

    def observed(self) -> MeasureObservation:
        """As the facts have it."""
        return MeasureObservation.model_validate(self.model_dump())


Observations = Annotated[tuple[Observation, ...], Field(max_length=100)]


class Spreading(Body):
    """R39: what spread further, voluntarily."""

    spread_further: bool | None = None
    carried_on: Annotated[tuple[UUID, ...], Field(max_length=100)] = ()
    """Measures that were carried on to other departments."""
    added_measures: Annotated[tuple[ToldMeasure, ...], Field(max_length=100)] = ()
    """Measures beyond the agreement."""

    def told(self) -> SpreadFurther:
        """As the rules take it; every measure that was added gets an id."""
        added = {uuid7(): measure for measure in self.added_measures}
        return SpreadFurther(
            said=self.spread_further,
            carried_on=self.carried_on,
            added_measures=tuple(measure.coded(measure_id) for measure_id, measure in added.items()),
            descriptions={measure_id: measure.description for measure_id, measure in added.items()},
        )


class FoundElsewhere(Body):
    """R20: something beside the topic; it is handled outside of the agreement."""

    topic: TopicCode | None = None
    text: TextForCompany


class Control(Spreading):
    """R20: how it was judged, with whom, what could not be seen, each measure."""

    place_id: UUID | None = None
    """R19: where; the place where the matter arose, where none is named."""
    held_at: Instant | None = None
    """Now, where it is not told."""
    outcome: ControlOutcome
    concludes: bool = False
    """R20: a violation decides at once, although places of the sample are not controlled yet."""
    form: ContactForm = ContactForm.VISIT
    form_reason: FormReason | None = None
    late_reason: LateReason | None = None
    """R17: why it was held after the last day of its window; without it the booking's counts."""
    from_meeting: UUID | None = None
    """R21: the guidance meeting that becomes this control, in its form and at its time."""
    judged_by: Annotated[tuple[JudgedBy, ...], Field(min_length=1)]
    spoke_with: Annotated[tuple[SpokeWith, ...], Field(min_length=1)]
    measures: Observations = ()
    involvement: ToldInvolvement = NOT_ASKED
    other_findings: Annotated[tuple[FoundElsewhere, ...], Field(max_length=50)] = ()
    minutes_spent: Minutes = None
    findings: TextForCompany | None = None
    not_seen: TextForCompany | None = None
    photos: Files = ()


class Conversion(Body):
    """R21: why the control decided nothing."""

    place_id: UUID | None = None
    held_at: Instant | None = None
    form: ContactForm = ContactForm.VISIT
    reason: UndecidedReason
    participants: Participants = ()
    """R15: roles that took part in the guidance that it became."""
    purposes: Purposes = ()
    involvement: ToldInvolvement = NOT_ASKED
    minutes_spent: Minutes = None
    summary: TextForCompany | None = None


class FreshInvestigation(Body):
    """R21: why the matter must be investigated afresh."""

    place_id: UUID | None = None
    held_at: Instant | None = None
    later_visit: bool
    """On a later visit, for which a control is booked anew; else on this one."""
    spoke_with: tuple[SpokeWith, ...] = ()
    """R15: with whom the control was held."""
    reason: TextForCompany


class Correction(Body):
    """R30: how the control really was."""

    reason: TextOfTheAuthority
    outcome: ControlOutcome
    form: ContactForm
    form_reason: FormReason | None = None
    judged_by: Annotated[tuple[JudgedBy, ...], Field(min_length=1)]
    spoke_with: Annotated[tuple[SpokeWith, ...], Field(min_length=1)]
    measures: Observations = ()
    involvement: ToldInvolvement = NOT_ASKED
    findings: TextForCompany | None = None
    """None leaves what was told before; so with what follows."""
    held_at: Instant | None = None
    late_reason: LateReason | None = None
    """R17: why it was held after the last day of its window, where that was not told before."""
    not_seen: TextForCompany | None = None
    minutes_spent: Minutes = None


class FollowUp(Spreading):
    """R24, R35, R39: a year later."""

    held_at: Instant | None = None
    form: ContactForm
    spoke_with: tuple[SpokeWith, ...] = ()
    """R15: with whom it was held."""
    measures: Observations = ()
    """One of each measure that the company documented."""
    minutes_spent: Minutes = None


@router.post("/v1/agreements/{agreement_id}/controls", **CHANGE)
async def complete_control(agreement_id: UUID, body: Control, request: Request, asker: Asker) -> Response:
    """The inspector records the control of a place, and what it decides (R18, R20, R22)."""
    asker.require_role(Role.INSPECTOR, Role.SUPPORTER)
    control_id, spread = random_id(runtime_of(request).chance), body.told()
    others = tuple(OtherFinding(uuid7(), found.topic, found.text) for found in body.other_findings)

    def command(at: datetime, policy: Policy) -> Command:
        return CompleteControl(
            at=at,
            policy=policy,
            place_id=body.place_id or agreement_id,
            control_id=control_id,
            inspector=asker.subject,
            held_at=body.held_at,
            form=body.form,
            form_reason=body.form_reason,
            late_reason=body.late_reason,
            from_meeting=body.from_meeting,
            outcome=body.outcome,
            concludes=body.concludes,
            judged_by=body.judged_by,
            spoke_with=body.spoke_with,
            measures=tuple(observation.observed() for observation in body.measures),
            involvement=body.involvement,
            spread=spread,
            other_findings=others,
            minutes_spent=body.minutes_spent,
            findings=body.findings,
            not_seen=body.not_seen,
            photos=body.photos,
        )

    return await perform(request, asker, agreement_id, command)


@router.post("/v1/agreements/{agreement_id}/controls/{control_id}/correction", **CHANGE)
async def correct_control(
    agreement_id: UUID, control_id: UUID, body: Correction, request: Request, asker: Asker
) -> Response:
    """A control was recorded wrongly: how it was, and what that changes (R30)."""
    asker.require_role(Role.INSPECTOR, Role.SUPPORTER)

    def command(at: datetime, policy: Policy) -> Command:
        return CorrectControl(
            at=at,
            policy=policy,
            control_id=control_id,
            inspector=asker.subject,
            reason=body.reason,
            outcome=body.outcome,
            form=body.form,
            form_reason=body.form_reason,
            judged_by=body.judged_by,
            spoke_with=body.spoke_with,
            measures=tuple(observation.observed() for observation in body.measures),
            involvement=body.involvement,
            findings=body.findings,
            held_at=body.held_at,
            late_reason=body.late_reason,
            not_seen=body.not_seen,
            minutes_spent=body.minutes_spent,
        )

    return await perform(request, asker, agreement_id, command)


@router.post("/v1/agreements/{agreement_id}/conversion", **CHANGE)
async def turn_into_guidance(agreement_id: UUID, body: Conversion, request: Request, asker: Asker) -> Response:
    """A control that cannot decide becomes guidance, and a new one is booked (R21)."""
    asker.require_role(Role.INSPECTOR, Role.SUPPORTER)

    def command(at: datetime, policy: Policy) -> Command:
        return TurnIntoGuidance(
            at=at,
            policy=policy,
            place_id=body.place_id or agreement_id,
            inspector=asker.subject,
            held_at=body.held_at,
            form=body.form,
            reason=body.reason,
            participants=body.participants,
            purposes=body.purposes,
            involvement=body.involvement,
            minutes_spent=body.minutes_spent,
            summary=body.summary,
        )

    return await perform(request, asker, agreement_id, command)


@router.post("/v1/agreements/{agreement_id}/fresh-investigation", **CHANGE)
async def investigate_afresh(agreement_id: UUID, body: FreshInvestigation, request: Request, asker: Asker) -> Response:
    """A control finds that the matter must be investigated afresh (R21)."""
    asker.require_role(Role.INSPECTOR, Role.SUPPORTER)

    def command(at: datetime, policy: Policy) -> Command:
        return InvestigateAfresh(
            at=at,
            policy=policy,
            place_id=body.place_id or agreement_id,
            inspector=asker.subject,
            held_at=body.held_at,
            later_visit=body.later_visit,
            spoke_with=body.spoke_with,
            reason=body.reason,
        )

    return await perform(request, asker, agreement_id, command)


@router.post("/v1/agreements/{agreement_id}/follow-up", **CHANGE)
async def hold_follow_up(agreement_id: UUID, body: FollowUp, request: Request, asker: Asker) -> Response:
    """Whether the measures are still in use a year later (R24, R35, R39)."""
    asker.require_role(Role.INSPECTOR, Role.SUPPORTER)
    spread = body.told()

    def command(at: datetime, policy: Policy) -> Command:
        return HoldFollowUp(
            at=at,
            inspector=asker.subject,
            held_at=body.held_at,
            form=body.form,
            spoke_with=body.spoke_with,
            measures=tuple(observation.observed() for observation in body.measures),
            spread=spread,
            minutes_spent=body.minutes_spent,
        )

    return await perform(request, asker, agreement_id, command)
