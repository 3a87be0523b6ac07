"""Names under which the places in the inspectors' calendars are reserved (R17).

A booking reserves its half hours, so that no two visits overlap, and its slot, so that no day has more visits than
somebody can make. An inspector's id is any text: what separates the parts of a name is written otherwise inside of it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from uuid import UUID

from services.control.planning.rules.half_hours import InCalendar, of_slot, taken_by

_NAMES = 10_000
"""Names of places that are kept read, without their inspectors: those of about two years of working days."""


def names_of_place(booking: InCalendar) -> frozenset[str]:
    """R17: returns all names that a booking reserves in the calendar of its inspector.

    The one that begins with `calendar/` is the only one that processes of release 2026-11 know; the next release
    drops it.
    """
    inspector, day = booking.inspector, booking.day
    half_hours = (half_hour_name(inspector, day, number) for number in taken_by(booking))
    return frozenset(
        (former_slot_name(inspector, day, booking.slot), slot_name(inspector, day, booking.slot), *half_hours)
    )


def former_slot_name(inspector: str, day: date, slot: int) -> str:
    """Returns the name of a slot as release 2026-11 reserves it."""
    return f"calendar/{escaped(inspector)}/{day.isoformat()}/{slot}"


def slot_name(inspector: str, day: date, slot: int) -> str:
    """Returns the name of the nth visit of a day, counted from 1."""
    return f"place/{escaped(inspector)}/{day.isoformat()}/slot/{slot}"


def half_hour_name(inspector: str, day: date, number: int) -> str:
    """Returns the name of a half hour of a day, numbered from midnight."""
    return f"place/{escaped(inspector)}/{day.isoformat()}/half-hour/{number}"


def names_of_calendar(inspector: str) -> str:
    """Returns the prefix that all names of one inspector's calendar share, and that no other name has."""
    return f"place/{escaped(inspector)}/"


def former_names_of_calendar(inspector: str) -> str:
    """Returns the same for the names that release 2026-11 reserves."""
    return f"calendar/{escaped(inspector)}/"


def sought_name(inspector: str, agreement_id: UUID) -> str:
    """Returns the name under which is found that a case looks for a place in an inspector's calendar."""
    return f"{sought_in_calendar(inspector)}{agreement_id}"


def sought_in_calendar(inspector: str) -> str:
    """Returns the prefix of these names of one inspector."""
    return f"sought/{escaped(inspector)}/"


def former_visit_name(inspector: str, day: date, agreement_id: UUID, place_id: UUID) -> str:
    """Returns the name under which is found that a visit of a day has left an inspector's calendar."""
    return f"{former_visits_of(inspector)}{day.isoformat()}/{agreement_id}/{place_id}"


def former_visits_of(inspector: str) -> str:
    """Returns the prefix of these names of one inspector."""
    return f"former-visit/{escaped(inspector)}/"


@dataclass(frozen=True)
class TakenPlaces:
    """What is taken in one inspector's calendar."""

    slots: Set[tuple[date, int]]
    half_hours: Mapping[date, Set[int]]
    """By day."""


def taken_places(inspector: str, held: Mapping[str, UUID]) -> TakenPlaces:
    """R17: returns what names with these holders take; names of other calendars take nothing in this one.

    While processes of release 2026-11 are replaced, they book slots without half hours: those of the slot count as
    taken, so that nobody is booked twice meanwhile, or before the release step has reserved them.
    """
    slots, half_hours = set[tuple[date, int]](), defaultdict[date, set[int]](set)
    present, former = names_of_calendar(inspector), former_names_of_calendar(inspector)
    for is_slot, day, number in map(_place_of, _without_prefix(held, present)):
        if is_slot:
            slots.add((day, number))
        else:
            half_hours[day].add(number)
    for name in _without_prefix(held, former):
        on, _, slot = name.partition("/")
        if held.get(f"{present}{on}/slot/{slot}") != held[f"{former}{name}"]:
            slots.add((date.fromisoformat(on), int(slot)))
            half_hours[date.fromisoformat(on)].update(of_slot(int(slot)))
    return TakenPlaces(slots, half_hours)


def _without_prefix(names: Iterable[str], prefix: str) -> list[str]:
    begins = len(prefix)
    return [name[begins:] for name in names if name.startswith(prefix)]


@lru_cache(maxsize=_NAMES)
def _place_of(name: str) -> tuple[bool, date, int]:
    """Returns whether a name without its inspector is that of a slot, and its day and number."""
    on, kind, number = name.split("/")
    return kind == "slot", date.fromisoformat(on), int(number)


def escaped(inspector: str) -> str:
    """Returns an inspector's id as it is written inside of a name, without what separates the parts."""
    return inspector.replace("%", "%25").replace("/", "%2F")
