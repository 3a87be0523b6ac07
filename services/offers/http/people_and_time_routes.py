"""Contacts, the responsible inspector of an open offer, time spent, and internal notes (R15, R18, R30, R34, R37)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field
from uuid_utils.compat import uuid7

from services.offers.http.perform import perform
from services.offers.rules.people_and_time import CorrectTime, NameContact, ReassignOffer, SpendTime, WriteNote
from shared.contracts.offers import SpentTime
from shared.contracts.vocabulary import ContactDetails, ContactRole, NextInspector
from shared.deadlines.copenhagen import local_day
from shared.http.access import Asker
from shared.http.bodies import Body, FreeText, PersonId, TextOfTheAuthority, told
from shared.http.field_types import Day, Email, Phone
from shared.http.openapi import CHANGE
from shared.http.tokens import Role
from shared.service import runtime_of

router = APIRouter()
Line = Annotated[FreeText, Field(max_length=200)]


class Contact(Body, ContactDetails):
    """R34: who stands for the company in a role, and how to reach them."""

    role: ContactRole
    name: Line
    email: Email | None = None
    phone: Phone | None = None


class NewInspector(Body, NextInspector):
    """R15: who is responsible from now on."""

    inspector: PersonId
    reason: TextOfTheAuthority | None = None


class Time(Body, SpentTime):
    """R37: what an inspector's time went into."""

    minutes: Annotated[int, Field(ge=1, le=10_000)]
    on_day: Day | None = None
    """Today, where it is left out."""


class CorrectedTime(Body, SpentTime):
    """R30, R37: what the time really went into, and why something else was recorded."""

    minutes: Annotated[int, Field(ge=0, le=10_000)]
    """0 takes the entry back."""
    on_day: Day | None = None
    """As it was told, where it is left out."""
    reason: TextOfTheAuthority


class Note(Body):
    """R18: what no company is to read."""

    text: TextOfTheAuthority


@router.post("/v1/offers/{agreement_id}/contacts", **CHANGE)
async def name_contact(agreement_id: UUID, body: Contact, request: Request, asker: Asker) -> Response:
    """Name a contact, or replace the one of the same role (R34)."""
    asker.require_role(Role.COMPANY, Role.INSPECTOR, Role.SUPPORTER)
    now = runtime_of(request).clock.now()
    details = told(ContactDetails, body)
    command = NameContact(at=now, by=asker.subject, contact_id=uuid7(), role=body.role, details=details)
    return await perform(request, asker, agreement_id, command, now)


@router.post("/v1/offers/{agreement_id}/inspector", **CHANGE)
async def reassign(agreement_id: UUID, body: NewInspector, request: Request, asker: Asker) -> Response:
    """Give an unanswered offer to another inspector, whom the directory knows (R15, R42)."""
    asker.require_role(Role.INSPECTOR, Role.SUPPORTER)
    runtime = runtime_of(request)
    now = runtime.clock.now()
    command = ReassignOffer(
        at=now,
        by=asker.subject,
        told=told(NextInspector, body),
        centre=runtime.people.centre_of(body.inspector),
    )
    refused = runtime.people.refusals(body.inspector)
    return await perform(request, asker, agreement_id, command, now, refused=refused)


@router.post("/v1/offers/{agreement_id}/time", **CHANGE)
async def spend_time(agreement_id: UUID, body: Time, request: Request, asker: Asker) -> Response:
    """Record the time that was spent on an agreement, by phase (R37)."""
    asker.require_role(Role.INSPECTOR, Role.SUPPORTER)
    now = runtime_of(request).clock.now()
    command = SpendTime(
        at=now,
        entry_id=uuid7(),
        inspector=asker.subject,
        on_day=body.on_day or local_day(now),
        told=told(SpentTime, body),
    )
    return await perform(request, asker, agreement_id, command, now)


@router.post("/v1/offers/{agreement_id}/time/{entry_id}/correction", **CHANGE)
async def correct_time(
    agreement_id: UUID, entry_id: UUID, body: CorrectedTime, request: Request, asker: Asker
) -> Response:
    """Time was recorded wrongly: correct it, or take it back (R30, R37)."""
    asker.require_role(Role.INSPECTOR, Role.SUPPORTER)
    now = runtime_of(request).clock.now()
    command = CorrectTime(
        at=now,
        entry_id=entry_id,
        by=asker.subject,
        on_day=body.on_day,
        told=told(SpentTime, body),
        reason=body.reason,
    )
    return await perform(request, asker, agreement_id, command, now)


@router.post("/v1/offers/{agreement_id}/notes", **CHANGE)
async def write_note(agreement_id: UUID, body: Note, request: Request, asker: Asker) -> Response:
    """Write an internal note on the case, from the offer to its end: the authority reads it, no company does (R18)."""
    asker.require_role(Role.INSPECTOR, Role.SUPPORTER)
    now = runtime_of(request).clock.now()
    command = WriteNote(at=now, note_id=uuid7(), by=asker.subject, text=body.text)
    return await perform(request, asker, agreement_id, command, now)
