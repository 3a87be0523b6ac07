"""Violations that controls have found while their agreement is not decided: nothing new is offered there (R14, R20)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.offers.rules.phases import Running, places_of
from shared.contracts.offers import ViolationNoted
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event


@dataclass(frozen=True)
class NoteViolation:
    """Reaction: a control was held at a place, or its outcome was corrected (R30)."""

    at: datetime
    place_id: UUID
    found: bool


def note(state: Running, command: NoteViolation) -> Sequence[Event]:
    """R14: records that a violation was found at a place, or that this finding was revoked.

    A finding that is known already is skipped. For an agreement of one place nothing is recorded: there the control
    itself decides at once (R20).
    """
    places = places_of(state.accepted)
    place = next((one for one in places if one.place_id == command.place_id), None)
    known = command.place_id in state.violations
    if place is None or len(places) == 1 or known is command.found:
        return ()
    return (
        ViolationNoted(
            agreement_id=state.sent.agreement_id,
            place_id=place.place_id,
            p_number=place.p_number,
            found=command.found,
            noted_at=command.at,
        ),
    )


def undecided_at(p_number: str, agreement_id: UUID) -> str:
    """Returns the name that an agreement holds for a unit where a violation was found, until it is decided."""
    return f"undecided/{p_number}/{agreement_id}"


def refuse_where_undecided(undecided: Sequence[UUID], p_number: str) -> None:
    """R14: refuses a new offer to a unit where a violation was found, until that matter is decided."""
    if undecided:
        raise Refused(
            "R14",
            "a control of agreement {agreement} has found a violation at {p_number}: "
            "nothing is offered there until that is decided",
            agreement=undecided[0],
            p_number=p_number,
        )
