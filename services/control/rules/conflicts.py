"""Orders and other agreements on the topic of an agreement, at one of its units, while it runs (R41)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import assert_never
from uuid import UUID

from services.control.rules.phases import Broken, Kept, Running, Stopped
from shared.contracts.control import ConflictEnded, ConflictFlagged
from shared.contracts.vocabulary import ConflictKind
from shared.eventstore.events import Event


@dataclass(frozen=True)
class Opponent:
    """An order that is in force, or another agreement that runs, on the topic at a unit."""

    kind: ConflictKind
    case_id: UUID
    cvr: str
    p_number: str


@dataclass(frozen=True)
class NoteConflicts:
    """The result of a look-up: the cases that now conflict with the agreement, and the cases that have ended."""

    at: datetime
    found: tuple[Opponent, ...] = ()
    over: frozenset[UUID] = field(default_factory=frozenset)


def conflicting(other: UUID, agreement_id: UUID) -> str:
    """Returns the name that an agreement reserves for a case with which it is in conflict."""
    return f"{conflict_with(other)}{agreement_id}"


def conflict_with(other: UUID) -> str:
    """Returns the prefix of the names of all agreements that are in conflict with a case, and of no other names."""
    return f"conflict/{other}/"


def course_of(state: Running | Kept | Broken | Stopped) -> Running:
    """Returns the course of the agreement: as it runs, or as it was when it ended."""
    return state if isinstance(state, Running) else state.course


def note(state: Running | Kept | Broken | Stopped, command: NoteConflicts) -> Sequence[Event]:
    """R41: records each new conflict once for as long as it lasts, and the end of those that are over.

    An agreement that has ended is in no conflict, unless a correction makes it run again.
    """
    course = course_of(state)
    started, standing = course.started, course.conflicts
    ended = [
        ConflictEnded(
            agreement_id=started.agreement_id,
            other_kind=flagged.other_kind,
            other_case_id=other,
            other_is_own=flagged.other_is_own,
            ended_at=command.at,
        )
        for other, flagged in standing.items()
        if other in command.over or not isinstance(state, Running)
    ]
    match state:
        case Running():
            flagged = [_flagged(state, one, command.at) for one in _once(command.found, standing)]
        case Kept() | Broken() | Stopped():
            flagged = []
        case _:
            assert_never(state)
    return (*ended, *flagged)


def _once(found: Sequence[Opponent], standing: Mapping[UUID, ConflictFlagged]) -> Sequence[Opponent]:
    """One that meets the agreement at several units, at the first of them."""
    return tuple({one.case_id: one for one in reversed(found) if one.case_id not in standing}.values())[::-1]


def _flagged(state: Running, other: Opponent, at: datetime) -> ConflictFlagged:
    return ConflictFlagged(
        agreement_id=state.started.agreement_id,
        other_kind=other.kind,
        other_case_id=other.case_id,
        other_is_own=other.cvr == state.started.cvr,
        p_number=other.p_number,
        flagged_at=at,
    )
