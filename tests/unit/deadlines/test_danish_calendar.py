"""Which days are closed in Denmark (R3)."""

from datetime import date, timedelta

import pytest

from shared.deadlines.danish_calendar import ExtraClosedDay, closed_day, next_open_day

ALL_EXTRA = frozenset(ExtraClosedDay)


@pytest.mark.parametrize(
    ("day", "danish", "english"),
    [
        ("2026-01-01", "Nytårsdag", "New Year's Day"),
        ("2026-04-02", "Skærtorsdag", "Maundy Thursday"),
        ("2026-04-03", "Langfredag", "Good Friday"),
        ("2026-04-06", "Anden påskedag", "Easter Monday"),
        ("2026-05-14", "Kristi himmelfartsdag", "Ascension Day"),
        ("2026-05-25", "Anden pinsedag", "Pentecost Monday"),
        ("2026-12-25", "Juledag", "Christmas Day"),
        ("2026-12-26", "Anden juledag", "Second Day of Christmas"),
        ("2026-05-15", "fredag efter Kristi himmelfartsdag", "Friday after Ascension Day"),
        ("2026-06-05", "grundlovsdag", "Constitution Day"),
        ("2026-12-24", "juleaftensdag", "Christmas Eve"),
        ("2026-12-31", "nytårsaftensdag", "New Year's Eve"),
        ("2026-11-28", "lørdag", "Saturday"),
        ("2026-11-29", "søndag", "Sunday"),
    ],
)
def test_a_closed_day_says_in_both_languages_why(day: str, danish: str, english: str) -> None:
    closed = closed_day(date.fromisoformat(day), ALL_EXTRA)
    assert closed is not None
    assert (closed.danish, closed.english) == (danish, english)


@pytest.mark.parametrize("day", ["2026-05-01", "2026-04-07", "2026-06-08", "2026-12-23", "2026-12-28", "2026-12-30"])
def test_an_ordinary_weekday_is_open(day: str) -> None:
    assert closed_day(date.fromisoformat(day), ALL_EXTRA) is None


@pytest.mark.parametrize(("year", "day"), [(2022, "2022-05-13"), (2023, "2023-05-05")])
def test_store_bededag_is_closed_until_2023(year: int, day: str) -> None:
    closed = closed_day(date.fromisoformat(day), frozenset())
    assert closed is not None, year
    assert closed.danish == "Store bededag"


@pytest.mark.parametrize("day", ["2024-04-26", "2025-05-16", "2026-05-01", "2035-04-20"])
def test_store_bededag_is_an_ordinary_friday_from_2024(day: str) -> None:
    assert closed_day(date.fromisoformat(day), ALL_EXTRA) is None


@pytest.mark.parametrize("day", ["2026-06-05", "2026-12-24", "2026-12-31", "2026-05-15"])
def test_the_extra_days_are_open_where_the_policy_does_not_name_them(day: str) -> None:
    assert closed_day(date.fromisoformat(day), frozenset()) is None


def test_each_extra_day_is_closed_by_its_own_name_only() -> None:
    only_christmas_eve = frozenset({ExtraClosedDay.CHRISTMAS_EVE})
    assert closed_day(date(2026, 12, 24), only_christmas_eve) is not None
    assert closed_day(date(2026, 12, 31), only_christmas_eve) is None
    assert closed_day(date(2026, 5, 15), only_christmas_eve) is None


def test_the_closed_weekdays_of_2035_follow_from_easter_on_25_march() -> None:
    days = (date(2035, 1, 1) + timedelta(days=number) for number in range(365))
    closed = {day.isoformat() for day in days if day.weekday() < 5 and closed_day(day, ALL_EXTRA)}
    assert closed == {
        "2035-01-01",
        *("2035-03-22", "2035-03-23", "2035-03-26"),
        *("2035-05-03", "2035-05-04", "2035-05-14"),
        "2035-06-05",
        *("2035-12-24", "2035-12-25", "2035-12-26", "2035-12-31"),
    }


def test_a_public_holiday_names_the_day_where_an_extra_day_falls_on_it() -> None:
    closed = closed_day(date(2028, 6, 5), ALL_EXTRA)
    assert closed is not None
    assert closed.danish == "Anden pinsedag"


def test_every_closed_day_up_to_the_next_open_one_is_named_in_order() -> None:
    day, skipped = next_open_day(date(2026, 4, 2), ALL_EXTRA)
    assert day == date(2026, 4, 7)
    assert [closed.danish for closed in skipped] == [
        "Skærtorsdag",
        "Langfredag",
        "lørdag",
        "Påskedag",
        "Anden påskedag",
    ]


def test_an_open_day_is_its_own_next_open_day() -> None:
    assert next_open_day(date(2026, 4, 7), ALL_EXTRA) == (date(2026, 4, 7), ())
