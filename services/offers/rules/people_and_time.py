"""Who stands for the company, who is responsible, where time goes, and internal notes (R15, R18, R30, R34, R37)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from services.offers.rules.phases import Ended, Open, Running
from shared.contracts.offers import (
    ContactNamed,
    InspectorNoted,
    InternalNoteWritten,
    OfferReassigned,
    SpentTime,
    TimeCorrected,
    TimeSpent,
)
from shared.contracts.vocabulary import Centre, ContactDetails, ContactRole, NextInspector
from shared.deadlines.copenhagen import local_day
from shared.eventstore.decider import every_fault
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event


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
    told: NextInspector
    centre: Centre | None = None
    """R42: of the new inspector, as the directory has it."""


@dataclass(frozen=True)
class NoteInspector:
    """Reaction: control has another inspector responsible for what became of the offer (R15)."""

    at: datetime
    inspector: str


@dataclass(frozen=True)
class SpendTime:
    """An inspector says what the time went into (R37)."""

    at: datetime
    entry_id: UUID
    inspector: str
    on_day: date
    told: SpentTime


@dataclass(frozen=True)
class CorrectTime:
    """It was recorded wrongly (R30)."""

    at: datetime
    entry_id: UUID
    by: str
    on_day: date | None
    """As it was told, where it is None."""
    told: SpentTime
    reason: str


@dataclass(frozen=True)
class WriteNote:
    """Somebody at the authority writes down what no company is to read (R18)."""

    at: datetime
    note_id: UUID
    by: str
    text: str


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
    if command.told.inspector == offer.about.inspector:
        raise Refused("R15", "{inspector} is responsible already", inspector=command.told.inspector)
    return OfferReassigned(
        agreement_id=offer.sent.agreement_id,
        previous=offer.about.inspector,
        reassigned_at=command.at,
        reassigned_by=command.by,
        centre=command.centre,
        **dict(command.told),
    )


def note_inspector(state: Running | Ended, command: NoteInspector) -> Sequence[Event]:
    """R15, R30: whoever else acts here from now on stands in for that person."""
    if command.inspector == state.about.inspector:
        return ()
    return (InspectorNoted(agreement_id=state.sent.agreement_id, inspector=command.inspector, noted_at=command.at),)


def spend_time(state: Open | Running | Ended, command: SpendTime) -> TimeSpent:
    """R37: on a day that has come."""
    refuse_yet_to_come(command.on_day, command.at)
    return TimeSpent(
        agreement_id=state.sent.agreement_id,
        inspector=command.inspector,
        on_day=command.on_day,
        entry_id=command.entry_id,
        **dict(command.told),
    )


def correct_time(state: Open | Running | Ended, command: CorrectTime) -> TimeCorrected:
    """R30: what was recorded stays in the history; this is how it was."""
    before = state.about.time.get(command.entry_id)
    if before is None:
        raise Refused("R30", "no time is known that was recorded as {entry_id}", entry_id=command.entry_id)
    after = replace(before, on_day=command.on_day or before.on_day, **dict(command.told))
    with every_fault() as check:
        with check:
            if after == before:
                raise Refused("R30", "that is what was recorded")
        check(refuse_yet_to_come, after.on_day, command.at)
    return TimeCorrected(
        agreement_id=state.sent.agreement_id,
        entry_id=command.entry_id,
        inspector=after.inspector,
        on_day=after.on_day,
        previous_phase=before.phase,
        previous_minutes=before.minutes,
        corrected_at=command.at,
        corrected_by=command.by,
        reason=command.reason,
        **dict(command.told),
    )


def write_note(state: Open | Running | Ended, command: WriteNote) -> InternalNoteWritten:
    """R18: at any time, also after the case has ended; it decides nothing."""
    return InternalNoteWritten(
        agreement_id=state.sent.agreement_id,
        note_id=command.note_id,
        written_at=command.at,
        written_by=command.by,
        text=command.text,
    )


def refuse_yet_to_come(day: date, at: datetime) -> None:
    """R37: time is recorded once it was spent."""
    if day > local_day(at):
        raise Refused("R37", "{day} has not come yet", day=day)
