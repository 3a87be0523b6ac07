"""Slots of the inspectors' calendars: the names under which bookings reserve them (R17).

An inspector's id is any text: what separates the parts of a name is written otherwise inside of it.
"""

from datetime import date


def calendar_slot_name(inspector: str, day: date, slot: int) -> str:
    """The name of one place: so many of them on a day, counted from 1."""
    return f"{calendar_prefix(inspector)}{day.isoformat()}/{slot}"


def day_and_slot(inspector: str, name: str) -> tuple[date, int]:
    """What a name in an inspector's calendar says."""
    day, slot = name.removeprefix(calendar_prefix(inspector)).split("/")
    return date.fromisoformat(day), int(slot)


def calendar_prefix(inspector: str) -> str:
    """What all names of one inspector's calendar begin with, and no others."""
    return f"calendar/{inspector.replace('%', '%25').replace('/', '%2F')}/"
