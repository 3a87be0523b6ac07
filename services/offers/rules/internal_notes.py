"""Internal notes on a case: the authority reads them, no company does (R18)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.offers.rules.phases import Ended, Open, Running
from shared.contracts.offers import InternalNoteWritten


@dataclass(frozen=True)
class WriteNote:
    """Somebody at the authority writes down what no company is to read (R18)."""

    at: datetime
    note_id: UUID
    by: str
    text: str


def write_note(state: Open | Running | Ended, command: WriteNote) -> InternalNoteWritten:
    """R18: records an internal note, at any time, also after the case has ended; it decides nothing."""
    return InternalNoteWritten(
        agreement_id=state.sent.agreement_id,
        note_id=command.note_id,
        written_at=command.at,
        written_by=command.by,
        text=command.text,
    )
