"""Contacts: who represents the company in which role; each can be replaced (R34)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.offers.rules.phases import Ended, Open, Running
from shared.contracts.offers import ContactNamed
from shared.contracts.vocabulary import ContactDetails, ContactRole


@dataclass(frozen=True)
class NameContact:
    """Names who represents the company in a role (R34)."""

    at: datetime
    by: str
    contact_id: UUID
    role: ContactRole
    details: ContactDetails


def name_contact(state: Open | Running | Ended, command: NameContact) -> ContactNamed:
    """R34: names a contact, at any time; the new contact replaces an earlier one of the same role."""
    return ContactNamed(
        agreement_id=state.sent.agreement_id,
        contact_id=command.contact_id,
        role=command.role,
        named_at=command.at,
        named_by=command.by,
        details=command.details,
    )
