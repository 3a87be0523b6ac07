"""Routes that name and replace the company's contacts (R34)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field
from uuid_utils.compat import uuid7

from services.offers.http.run_command import perform
from services.offers.rules.contacts import NameContact
from shared.contracts.vocabulary import ContactDetails, ContactRole
from shared.http.access import Asker
from shared.http.bodies import Body, FreeText, told
from shared.http.field_types import Email, Phone
from shared.http.openapi import CHANGE
from shared.service import runtime_of

router = APIRouter()
Line = Annotated[FreeText, Field(max_length=200)]


class Contact(Body, ContactDetails):
    """R34: who stands for the company in a role, and how to reach them."""

    role: ContactRole
    name: Line
    email: Email | None = None
    phone: Phone | None = None


@router.post("/v1/offers/{agreement_id}/contacts", **CHANGE)
async def name_contact(agreement_id: UUID, body: Contact, request: Request, asker: Asker) -> Response:
    """Names a contact, or replaces the contact of the same role (R34)."""
    now = runtime_of(request).clock.now()
    details = told(ContactDetails, body)
    command = NameContact(at=now, by=asker.subject, contact_id=uuid7(), role=body.role, details=details)
    return await perform(request, asker, agreement_id, command, now)
