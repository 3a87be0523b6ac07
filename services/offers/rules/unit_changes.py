"""A unit of an offer or agreement gets another legal entity, or ceases: a fact of the case, once per change (R40)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.offers.rules.eligibility import Unit
from services.offers.rules.phases import Ended, Open, Running, places_of
from shared.contracts.offers import OfferUnitChanged, UnitChangeNoted
from shared.deadlines.copenhagen import local_day
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event


@dataclass(frozen=True)
class Owner:
    """The legal entity that has a unit by the register, from a day until the next change."""

    since: date
    cvr: str | None
    """None where the unit does not exist any more."""


Owners = Sequence[Owner]
"""The owners of one unit, by their days."""


@dataclass(frozen=True)
class NoteUnitChanges:
    """Reaction: changes of units that the register reports, past and future ones."""

    at: datetime
    owners: Mapping[str, Owners]
    """The owners of units, by P-number."""


Told = Open | Running | Ended
"""R40: a case that is open or running, or ended so that something may follow at the unit (R7, R22, R24)."""


def units_of(state: Told) -> frozenset[str]:
    """Returns the P-numbers of the units that an offer or agreement is about."""
    if isinstance(state, Open) or state.accepted is None:
        return frozenset({state.sent.p_number})
    return frozenset(place.p_number for place in places_of(state.accepted))


def followed_at(p_number: str, agreement_id: UUID) -> str:
    """Returns the name by which an ended case is found by its unit, where something may follow."""
    return f"after-at/{p_number}/{agreement_id}"


def changed_units(state: Told) -> frozenset[str]:
    """R40: returns the units of a case that another legal entity has now, or that ceased."""
    last = {change.p_number: change for change in state.about.unit_changes}
    return frozenset(p_number for p_number, change in last.items() if not change.settled)


def note(state: Told, command: NoteUnitChanges) -> tuple[Event, ...]:
    """R40: records each change of the case's units from the day on which it holds; skips one that lies ahead."""
    fact = OfferUnitChanged if isinstance(state, Open) else UnitChangeNoted
    today = local_day(command.at)
    return tuple(
        fact(
            agreement_id=state.sent.agreement_id,
            p_number=p_number,
            holds_from=change.since,
            noted_at=command.at,
            ceased=change.cvr is None,
            settled=change.cvr == state.sent.cvr and not _is_over(state, command.at),
            cvr=change.cvr,
        )
        for p_number in sorted(units_of(state) & command.owners.keys())
        for change in _not_noted(state, p_number, [one for one in command.owners[p_number] if one.since <= today])
    )


def _is_over(state: Told, at: datetime) -> bool:
    """R6: the time to answer has passed while nobody could."""
    return isinstance(state, Open) and state.answer_is_late(at)


def _not_noted(state: Told, p_number: str, until_today: Owners) -> Iterator[Owner]:
    """What has changed since the offer was sent; and, where the register learned it late, who had the unit then."""
    told = [Owner(one.holds_from, one.cvr) for one in state.about.unit_changes if one.p_number == p_number]
    sent_on = local_day(state.sent.sent_at)
    before: str | None = state.sent.cvr
    for change in until_today:
        if change.since > sent_on and change.cvr != before:
            if change not in told:
                told.append(change)
                yield change
            before = change.cvr
    newest = sorted(told, key=lambda owner: owner.since)[-1] if told else Owner(sent_on, state.sent.cvr)
    if until_today and until_today[-1].cvr != newest.cvr:
        yield until_today[-1]


def refuse_changed_unit(state: Open) -> None:
    """R40: refuses an answer while the unit is another's or has ceased: the inspector decides first.

    Who has the unit now was not asked, and who was asked has it no more.
    """
    changed = changed_units(state)
    if changed:
        change = next(one for one in reversed(state.about.unit_changes) if one.p_number in changed)
        raise _changed(change.p_number, ceased=change.ceased, since=change.holds_from)


def refuse_moved_unit(state: Open, unit: Unit | None) -> None:
    """R40: refuses an answer where, by the register, the unit is another's or has ceased.

    The register may know this before the case has recorded it.
    """
    if unit is not None and unit.cvr != state.sent.cvr:
        raise _changed(unit.p_number, ceased=unit.cvr is None, since=None)


def _changed(p_number: str, *, ceased: bool, since: date | None) -> Refused:
    values = {"p_number": p_number, "since": since}
    match ceased, since:
        case True, None:
            return Refused("R40", "{p_number} has ceased: the authority decides what becomes of the offer", **values)
        case True, _:
            return Refused(
                "R40", "{p_number} has ceased since {since}: the authority decides what becomes of the offer", **values
            )
        case False, None:
            return Refused(
                "R40", "{p_number} has another legal entity: the authority decides what becomes of the offer", **values
            )
        case _:
            return Refused(
                "R40",
                "{p_number} has another legal entity since {since}: the authority decides what becomes of the offer",
                **values,
            )
