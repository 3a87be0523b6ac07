"""Names under which the places in the inspectors' calendars are reserved (R17).

An inspector's id is any text: what separates the parts of a name is written otherwise inside of it.
"""

from datetime import date


def calendar_place(inspector: str, day: date, slot: int) -> str:
    """The name of one place: so many of them on a day, counted from 1."""
    return f"{names_of_calendar(inspector)}{day.isoformat()}/{slot}"


def day_and_slot(inspector: str, name: str) -> tuple[date, int]:
    """What a name in an inspector's calendar says."""
    day, slot = name.removeprefix(names_of_calendar(inspector)).split("/")
    return date.fromisoformat(day), int(slot)


def names_of_calendar(inspector: str) -> str:
    """What all names of one inspector's calendar begin with, and no others."""
    return f"calendar/{inspector.replace('%', '%25').replace('/', '%2F')}/"
