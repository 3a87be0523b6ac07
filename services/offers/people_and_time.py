"""Who stands for the company, who is responsible, and where the inspector's time goes (R15, R34, R37)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.offers.phases import Ended, Open, Running
from shared.contracts.offers import ContactNamed, InspectorNoted, OfferReassigned, TimeSpent
from shared.contracts.vocabulary import ContactDetails, ContactRole, WorkPhase
from shared.deadlines.copenhagen import local_day
from shared.kernel.decider import Refused
from shared.kernel.events import Event


@dataclass(frozen=True)
class NameContact:
    """Somebody stands for the company in a role (R34)."""

    at: datetime
    by: str
    contact_id: UUID
    role: ContactRole
    details: ContactDetails


@dataclass(frozen=True)
class ReassignOffer:
    """An unanswered offer gets another responsible inspector (R15)."""

    at: datetime
    by: str
    inspector: str
    reason: str | None


@dataclass(frozen=True)
class NoteInspector:
    """Reaction: control has another inspector responsible for what became of the offer (R15)."""

    at: datetime
    inspector: str


@dataclass(frozen=True)
class SpendTime:
    """An inspector says what the time went into (R37)."""

    at: datetime
    inspector: str
    phase: WorkPhase
    minutes: int
    on_day: date


def name_contact(state: Open | Running | Ended, command: NameContact) -> ContactNamed:
    """R34: at any time; a later one of the same role takes the place."""
    return ContactNamed(
        agreement_id=state.sent.agreement_id,
        contact_id=command.contact_id,
        role=command.role,
        named_at=command.at,
        named_by=command.by,
        details=command.details,
    )


def reassign(offer: Open, command: ReassignOffer) -> OfferReassigned:
    """R15: while it is unanswered; afterwards the agreement itself is reassigned."""
    if command.inspector == offer.about.inspector:
        raise Refused("R15", "{inspector} is responsible already", inspector=command.inspector)
    return OfferReassigned(
        agreement_id=offer.sent.agreement_id,
        inspector=command.inspector,
        previous=offer.about.inspector,
        reassigned_at=command.at,
        reassigned_by=command.by,
        reason=command.reason,
    )


def note_inspector(state: Running | Ended, command: NoteInspector) -> Sequence[Event]:
    """R15, R30: whoever else acts here from now on stands in for that person."""
    if command.inspector == state.about.inspector:
        return ()
    return (InspectorNoted(agreement_id=state.sent.agreement_id, inspector=command.inspector, noted_at=command.at),)


def spend_time(state: Open | Running | Ended, command: SpendTime) -> TimeSpent:
    """R37: on a day that has come."""
    if command.on_day > local_day(command.at):
        raise Refused("R37", "{day} has not come yet", day=command.on_day)
    return TimeSpent(
        agreement_id=state.sent.agreement_id,
        phase=command.phase,
        minutes=command.minutes,
        inspector=command.inspector,
        on_day=command.on_day,
    )
