"""Which days a calendar is asked about: a day, a week, a month, or from one day to another (R17)."""

import re

import pytest

from services.control.planning.rules.calendar_period import PERIOD, days_of, period_of

pytestmark = pytest.mark.rule("R17")


@pytest.mark.parametrize(
    ("told", "first", "last", "days"),
    [
        ("2026-12-07", "2026-12-07", "2026-12-07", 1),
        ("2026-W50", "2026-12-07", "2026-12-13", 7),
        ("2026-W53", "2026-12-28", "2027-01-03", 7),
        ("2028-02", "2028-02-01", "2028-02-29", 29),
        ("2026-12-07/2026-12-20", "2026-12-07", "2026-12-20", 14),
        ("2026-07-01/2026-09-30", "2026-07-01", "2026-09-30", 92),
    ],
)
def test_a_period_is_written_as_iso_8601_writes_it(told: str, first: str, last: str, days: int) -> None:
    span = period_of(told)
    assert (span.first.isoformat(), span.last.isoformat(), len(days_of(span))) == (first, last, days)
    assert re.fullmatch(PERIOD, told)


@pytest.mark.parametrize(
    "told", ["2026-13", "2026-W54", "2027-W53", "2026-02-30", "2026-12-07/2026-12-06", "2026-07-01/2026-10-01", "now"]
)
def test_no_other_text_is_a_period(told: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whose text the caller replaces by a refusal
        period_of(told)
