"""Denmark's calendar with a day that closes or opens, as a release that corrects it would bring it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import holidays
import pytest

from shared.deadlines import danish_calendar

NAME = {"da": "Folkets Dag", "en_US": "Day of the People"}
"""Of the day that closes."""


@contextmanager
def corrected_calendar(*, closes: str | None = None, opens: str | None = None) -> Iterator[None]:
    """Closes or opens a day, by the library from which the calendar has its public holidays."""
    in_force = holidays.country_holidays

    def corrected(country: str, *, years: int, language: str, observed: bool) -> dict[date, str]:
        known: dict[Any, str] = dict(in_force(country, years=years, language=language, observed=observed))
        if closes is not None and date.fromisoformat(closes).year == years:
            known[date.fromisoformat(closes)] = NAME[language]
        return {day: name for day, name in known.items() if opens is None or day != date.fromisoformat(opens)}

    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(holidays, "country_holidays", corrected)
            _forget()
            yield
    finally:
        _forget()


def _forget() -> None:
    danish_calendar._closed_day.cache_clear()
    danish_calendar._public_holidays.cache_clear()
