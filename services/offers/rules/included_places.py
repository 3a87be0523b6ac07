"""What a spread agreement includes: the place where it was found, and those that the company names (R10, R19)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.offers.rules.eligibility import (
    Quarantine,
    Unit,
    is_of,
    refuse_in_quarantine,
    refuse_ineligible_unit,
    refuse_taken,
)
from shared.contracts.public_forms import OfferSent
from shared.contracts.vocabulary import AgreementKind, Place
from shared.eventstore.decider import every_fault
from shared.eventstore.errors import Refused
from shared.policy.policy import Policy


@dataclass(frozen=True)
class NamedPlace:
    """A unit, or a department of one, as the company names it, with what is known of the unit."""

    place_id: UUID
    """A new id, drawn at random: it tells neither the unit nor the name of a department."""
    p_number: str
    department: str | None
    unit: Unit | None
    slot: int | None
    """R8: a place among the open agreements on the topic at the unit; None where all are taken."""
    quarantines: tuple[Quarantine, ...]


@dataclass(frozen=True)
class FoundIn:
    """Where in the unit of the offer the violation was found, read with the key of the case."""

    department: str | None
    """Name of the department; None for the whole unit."""


def include(
    sent: OfferSent, found_in: FoundIn | None, named: Sequence[NamedPlace], policy: Policy, at: datetime
) -> tuple[tuple[Place, ...], dict[UUID, str]]:
    """R10: returns the places that an agreement includes, and the names of departments.

    For `spread` the company names at least one other unit or department; for `suspicion`, none.
    """
    if sent.kind is AgreementKind.SUSPICION:
        if named:
            raise Refused("R10", "an agreement on suspicion includes one place only")
        return (_origin(sent, department=None),), {}
    department = require_readable(found_in).department
    if not named:
        raise Refused("R10", "a spread agreement includes at least one other unit or department: name it")
    origin = _origin(sent, department)
    places = [origin]
    names = {} if department is None else {origin.place_id: department}
    with every_fault() as check:
        check(refuse_named_twice, sent.p_number, department, named)
        for place in named:
            check(refuse_ineligible_unit, place.unit, place.p_number, sent.cvr, policy, "R10")
            if is_of(place.unit, sent.cvr):
                check(refuse_in_quarantine, place.quarantines, place.p_number, at)
                with check:
                    places.append(_include(sent, place))
            if place.department is not None:
                names[place.place_id] = place.department
    return tuple(places), names


def _include(sent: OfferSent, place: NamedPlace) -> Place:
    slot = sent.slot if place.p_number == sent.p_number else refuse_taken(place.slot, place.p_number, sent.topic)
    is_department = place.department is not None
    return Place(place_id=place.place_id, p_number=place.p_number, is_department=is_department, slot=slot)


def _origin(sent: OfferSent, department: str | None) -> Place:
    """R19: the place where it was found has the id of the agreement."""
    return Place(
        place_id=sent.agreement_id, p_number=sent.p_number, is_department=department is not None, slot=sent.slot
    )


def require_readable(found_in: FoundIn | None) -> FoundIn:
    """R31: returns where the violation was found; refuses when that text was erased.

    Without the name of the department nobody can tell which other places there are at that unit.
    """
    if found_in is None:
        raise Refused(
            "R31",
            "what the offer says was erased, and with it the department where the violation was found: "
            "it can be withdrawn, and offered anew",
        )
    return found_in


def refuse_named_twice(p_number: str, department: str | None, named: Sequence[NamedPlace]) -> None:
    """R10: refuses a place that is named twice; a unit and one of its departments are not two places."""
    seen = {(p_number, department)}
    for place in named:
        key = (place.p_number, place.department)
        whole = {(place.p_number, None), key} if place.department is not None else {key}
        covered = place.department is None and any(unit == place.p_number for unit, _ in seen)
        if seen & whole or covered:
            raise Refused("R10", "{p_number} is named twice, or whole and in part", p_number=place.p_number)
        seen.add(key)
