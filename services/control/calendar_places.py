"""Names under which the places in the inspectors' calendars are reserved (R17).

An inspector's id is any text: what separates the parts of a name is written otherwise inside of it.
"""

from datetime import date


def calendar_place(inspector: str, day: date, slot: int) -> str:
    """The name of one place: so many of them on a day, counted from 1."""
    return f"{_beginning(inspector)}{day.isoformat()}/{slot}"


def names_in_calendar(inspector: str) -> tuple[str, str]:
    """All names of one inspector's calendar, byte by byte: from the first on, and before the second."""
    first = _beginning(inspector)
    return first, first[:-1] + chr(ord("/") + 1)


def day_and_slot(inspector: str, name: str) -> tuple[date, int]:
    """What a name in an inspector's calendar says."""
    day, slot = name.removeprefix(_beginning(inspector)).split("/")
    return date.fromisoformat(day), int(slot)


def _beginning(inspector: str) -> str:
    return f"calendar/{inspector.replace('%', '%25').replace('/', '%2F')}/"
