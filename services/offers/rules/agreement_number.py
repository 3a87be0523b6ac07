"""The number of an agreement: a year and a running number in it, by which people name and find the case (R26)."""

import re

_OWN_FORM = re.compile(r"(\d{4})-(\d{6,9})")


def number_of(year: int, running: int) -> str:
    """Returns a number as people write it: 2027-000123."""
    return f"{year}-{running:06}"


def reserved_number(number: str | None) -> frozenset[str]:
    """Returns the name that the case with a number holds for ever, so that no other case gets the number.

    Nothing for a case without a number, and for one that was imported with a number of another form: whoever gave that
    keeps it unique.
    """
    own = _OWN_FORM.fullmatch(number or "")
    if own is None:
        return frozenset()
    year, running = own[1], own[2].zfill(9)
    return frozenset({f"number/{year}/{running}"})
