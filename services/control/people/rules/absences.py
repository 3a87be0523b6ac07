"""When a person is away: from one day to another, and nobody asks why (R42)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.control.people.rules.phases import State, only, refuse_backwards, require_listed
from shared.contracts.people import AwayNoted, AwayWithdrawn
from shared.contracts.vocabulary import Span
from shared.eventstore.decider import every_fault
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event


@dataclass(frozen=True)
class NoteAway:
    """The person is away in these days."""

    at: datetime
    by: str
    absence_id: UUID
    span: Span


@dataclass(frozen=True)
class WithdrawAway:
    """The person is not away after all."""

    at: datetime
    by: str
    absence_id: UUID


def note_away(state: State, command: NoteAway) -> Sequence[Event]:
    """R42: records an absence; exactly the same days again change nothing, other days may overlap."""
    with every_fault() as check:
        check(require_listed, state)
        check(refuse_backwards, command.span)
    listed = require_listed(state)
    if command.span in [only(Span, noted) for noted in listed.absences.values()]:
        return ()
    return (
        AwayNoted(
            person_id=listed.person_id,
            absence_id=command.absence_id,
            noted_at=command.at,
            noted_by=command.by,
            **dict(command.span),
        ),
    )


def withdraw_away(state: State, command: WithdrawAway) -> Sequence[Event]:
    """R42: withdraws an absence that is known; refuses any other."""
    listed = require_listed(state)
    if command.absence_id not in listed.absences:
        raise Refused("R42", "no absence {absence} is known", absence=command.absence_id)
    return (
        AwayWithdrawn(
            person_id=listed.person_id,
            absence_id=command.absence_id,
            withdrawn_at=command.at,
            withdrawn_by=command.by,
        ),
    )
