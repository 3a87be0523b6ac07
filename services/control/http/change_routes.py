"""The HTTP interface of what changes a course: longer deadlines, termination, another inspector (R13, R14, R15)."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response
from uuid_utils.compat import uuid7

from services.control.http.run_command import perform, perform_prepared
from services.control.lookups.changing_inspector import change_of_inspector
from services.control.rules.course_decider import Command
from services.control.rules.extension import GrantExtension, RefuseExtension, RequestExtension
from services.control.rules.phases import State
from services.control.rules.termination import Terminate
from shared.contracts.control import ExtensionWish, TerminationGrounds
from shared.contracts.vocabulary import NextInspector, Side
from shared.http.access import Asker
from shared.http.bodies import Body, FreeText, PersonId, TextForCompany, TextOfTheAuthority, told
from shared.http.commands import Prepared
from shared.http.field_types import Day
from shared.http.openapi import CHANGE
from shared.http.tokens import Role
from shared.policy.policy import Policy
from shared.reference.identifiers import TerminationReason
from shared.service import runtime_of

router = APIRouter(tags=["control"])


class ExtensionRequest(Body, ExtensionWish):
    """R13: until when, and why."""

    until: Day
    reasons: FreeText


class Grant(Body):
    """R13: until when, which may be another day than was asked for, and why."""

    until: Day
    reasons: TextForCompany


class ExtensionRefusal(Body):
    """R13: why the deadline stays as it is."""

    reasons: TextForCompany


class Termination(Body, TerminationGrounds):
    """R14: the body of a request that ends an agreement: what has changed."""

    grounds: TextForCompany
    reason: TerminationReason | None = None


class NewInspector(Body, NextInspector):
    """R15: who is responsible from now on."""

    inspector: PersonId
    reason: TextOfTheAuthority | None = None


@router.post("/v1/agreements/{agreement_id}/extension-requests", **CHANGE)
async def request_extension(agreement_id: UUID, body: ExtensionRequest, request: Request, asker: Asker) -> Response:
    """Records the company's request for a longer deadline (R13)."""
    extension_id = uuid7()

    def command(at: datetime, policy: Policy) -> Command:
        return RequestExtension(
            at=at,
            policy=policy,
            extension_id=extension_id,
            person=asker.subject,
            told=told(ExtensionWish, body),
        )

    return await perform(request, asker, agreement_id, command)


@router.post("/v1/agreements/{agreement_id}/extensions", **CHANGE)
async def grant_extension(agreement_id: UUID, body: Grant, request: Request, asker: Asker) -> Response:
    """Records that the inspector grants a longer deadline, which moves every date that depends on it (R13)."""
    extension_id = uuid7()

    def command(at: datetime, policy: Policy) -> Command:
        return GrantExtension(
            at=at,
            policy=policy,
            extension_id=extension_id,
            by=asker.subject,
            by_inspector=asker.role in (Role.INSPECTOR, Role.LEADER),
            until=body.until,
            reasons=body.reasons,
        )

    return await perform(request, asker, agreement_id, command)


@router.post("/v1/agreements/{agreement_id}/extension-refusals", **CHANGE)
async def refuse_extension(agreement_id: UUID, body: ExtensionRefusal, request: Request, asker: Asker) -> Response:
    """Records that the inspector refuses the company's request for a longer deadline (R13)."""
    return await perform(
        request,
        asker,
        agreement_id,
        lambda at, policy: RefuseExtension(at=at, by=asker.subject, reasons=body.reasons),
    )


@router.post("/v1/agreements/{agreement_id}/termination", **CHANGE)
async def terminate(agreement_id: UUID, body: Termination, request: Request, asker: Asker) -> Response:
    """Ends the agreement for the company or the authority, because circumstances changed (R14)."""
    by = Side.COMPANY if asker.role is Role.COMPANY else Side.AUTHORITY
    return await perform(
        request,
        asker,
        agreement_id,
        lambda at, policy: Terminate(at=at, by=by, person=asker.subject, told=told(TerminationGrounds, body)),
    )


@router.post("/v1/agreements/{agreement_id}/inspector", **CHANGE)
async def change_inspector(agreement_id: UUID, body: NewInspector, request: Request, asker: Asker) -> Response:
    """Makes another inspector of the directory responsible; everything that is booked moves along (R15, R42)."""
    runtime = runtime_of(request)

    async def prepare(state: State, at: datetime, policy: Policy) -> Prepared[State, Command]:
        command = await change_of_inspector(
            runtime, state, told(NextInspector, body), by=asker.subject, at=at, policy=policy
        )
        return Prepared(command, refused=runtime.people.refusals(body.inspector))

    return await perform_prepared(request, asker, agreement_id, prepare)
