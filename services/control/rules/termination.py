"""One side ends the agreement because circumstances changed: neither fulfilled nor breached (R14)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.control.rules.booking import fall_away
from services.control.rules.included_places import units_of
from services.control.rules.judgement import violating_places
from services.control.rules.phases import Running
from shared.contracts.control import Terminated, TerminationGrounds
from shared.contracts.vocabulary import Side
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event

CHANGED_OWNER = "changed-owner"
"""R36: the coded reason for ending an agreement that is carried over."""


@dataclass(frozen=True)
class Terminate:
    """Either side ends the agreement."""

    at: datetime
    by: Side
    person: str
    told: TerminationGrounds


@dataclass(frozen=True)
class NoteAnnulment:
    """Reaction: the acceptance is annulled because of a breach, as the policy demands (R8)."""

    at: datetime


@dataclass(frozen=True)
class NoteCarriedOver:
    """Reaction: the legal entity that has the unit now consented to carry the agreement on (R40)."""

    at: datetime
    to: UUID
    """The agreement that continues it."""


def terminate(course: Running, command: Terminate) -> tuple[Event, ...]:
    """R14: ends a running agreement for either side; its bookings end with it, and announced ones are cancelled."""
    refuse_way_out_of_a_breach(course, command.by)
    return (
        *fall_away(course.bookings.values(), command.at),
        Terminated(
            agreement_id=course.started.agreement_id,
            by=command.by,
            terminated_at=command.at,
            terminated_by=command.person,
            **dict(command.told),
        ),
    )


def refuse_way_out_of_a_breach(course: Running, by: Side) -> None:
    """R14, R20: refuses a termination by the company once a control has found a violation.

    From then on the controls of the sample decide together.
    """
    violating = violating_places(course)
    if by is Side.COMPANY and violating:
        raise Refused(
            "R14",
            "a control has found a violation at {units}: the company may not terminate any more",
            units=", ".join(units_of(course, violating)),
        )


def note_carried_over(course: Running, command: NoteCarriedOver) -> tuple[Event, ...]:
    """R14, R40: ends the former owner's agreement; what was recorded until then stays in its case."""
    ended = Terminated(
        agreement_id=course.started.agreement_id,
        by=Side.AUTHORITY,
        terminated_at=command.at,
        terminated_by="control",
        reason=CHANGED_OWNER,
        carried_over_to=command.to,
    )
    return *fall_away(course.bookings.values(), command.at), ended


def note_annulment(course: Running, command: NoteAnnulment) -> tuple[Event, ...]:
    """R8, R14: ends an agreement whose acceptance was annulled, with the authority as the side that ends it."""
    ended = Terminated(
        agreement_id=course.started.agreement_id,
        by=Side.AUTHORITY,
        terminated_at=command.at,
        terminated_by="offers",
    )
    return *fall_away(course.bookings.values(), command.at), ended
