"""A longer deadline is the same deadline with a later last day, and can still say what it was before (R13, R27)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from shared.deadlines.copenhagen import COPENHAGEN
from shared.deadlines.deadline import Deadline, Extension
from shared.deadlines.deadlines import (
    booking_due_at,
    compliance_deadline,
    control_window,
    extended,
    guidance_due,
)
from shared.deadlines.in_words import Language
from tests.unit.deadlines.policies import CURRENT, POLICIES, with_choice

pytestmark = pytest.mark.rule("R13", "R27")
ACCEPTED = datetime(2026, 3, 17, 12, tzinfo=COPENHAGEN)
GRANTED = datetime(2026, 6, 10, 9, tzinfo=COPENHAGEN)
BEFORE = compliance_deadline(ACCEPTED, 3, CURRENT)
"""Until Wednesday 17 June 2026."""


def longer(until: str, deadline: Deadline = BEFORE, granted: datetime = GRANTED) -> Deadline:
    return extended(deadline, date.fromisoformat(until), granted, CURRENT)


def test_only_the_end_of_a_deadline_moves_and_what_it_counts_from_stays() -> None:
    after = longer("2026-07-15")
    assert after.last_day == date(2026, 7, 15)
    moved = {"last_day", "ends_at", "skipped", "extensions"}
    assert after.model_dump(exclude=moved) == BEFORE.model_dump(exclude=moved)
    assert BEFORE.last_day == date(2026, 6, 17), "the deadline that was extended is left as it was"


def test_what_was_kept_of_the_deadline_before_is_not_taken_for_the_longer_one() -> None:
    kept = BEFORE.as_json
    assert longer("2026-07-15").as_json["last_day"] == "2026-07-15"
    assert kept["last_day"] == "2026-06-17"


def test_it_ends_at_the_midnight_in_copenhagen_after_its_new_last_day() -> None:
    in_summer, in_winter = longer("2026-07-15"), longer("2026-10-26")
    assert in_summer.ends_at == datetime(2026, 7, 15, 22, tzinfo=UTC)
    assert in_winter.ends_at == datetime(2026, 10, 26, 23, tzinfo=UTC)
    last_minute = datetime(2026, 7, 15, 23, 59, tzinfo=COPENHAGEN)
    assert BEFORE.has_passed(last_minute)
    assert not in_summer.has_passed(last_minute)
    assert in_summer.has_passed(last_minute + timedelta(minutes=1))


@pytest.mark.parametrize(
    ("until", "last_day", "skipped"),
    [
        ("2026-07-15", "2026-07-15", []),
        ("2026-08-01", "2026-08-03", ["Saturday", "Sunday"]),
        ("2026-12-24", "2026-12-28", ["Christmas Eve", "Christmas Day", "Second Day of Christmas", "Sunday"]),
    ],
)
def test_a_day_that_is_closed_moves_to_the_next_open_one_and_is_named(
    until: str, last_day: str, skipped: list[str]
) -> None:
    after = longer(until)
    assert after.last_day.isoformat() == last_day
    assert [closed.english for closed in after.skipped] == skipped


def test_days_that_the_earlier_deadline_skipped_are_not_told_of_the_later_one() -> None:
    constitution_day = compliance_deadline(datetime(2026, 3, 5, 12, tzinfo=COPENHAGEN), 3, CURRENT)
    assert [closed.english for closed in constitution_day.skipped] == ["Constitution Day", "Saturday", "Sunday"]
    after = longer("2026-07-15", constitution_day)
    assert after.skipped == ()
    assert "Constitution Day" not in after.explain("en")
    assert after.extensions[0].previous_last_day == date(2026, 6, 8)


def test_whether_a_closed_day_moves_and_which_days_are_closed_is_policy() -> None:
    stays, only_public = with_choice("calendar", closed_last_day="stays"), with_choice("calendar", extra_closed_days=[])
    on_saturday = extended(BEFORE, date(2026, 8, 1), GRANTED, stays)
    assert (on_saturday.last_day, on_saturday.skipped) == (date(2026, 8, 1), ())
    assert extended(BEFORE, date(2026, 12, 24), GRANTED, only_public).last_day == date(2026, 12, 24)


def test_the_policy_of_its_length_and_the_policy_of_each_extension_are_both_told() -> None:
    accepted = datetime(2023, 11, 1, 12, tzinfo=COPENHAGEN)
    before = compliance_deadline(accepted, 3, POLICIES.at(accepted))
    after = extended(before, date(2024, 3, 1), datetime(2024, 1, 20, 9, tzinfo=COPENHAGEN), CURRENT)
    assert (after.policy, CURRENT.version) == ("2020-01-01", "2024-01-01")
    assert after.explain("en").endswith("Rule R10, policy 2020-01-01.")
    assert "It was extended on 20 January 2024 (rule R13, policy 2024-01-01);" in after.explain("en")


def test_an_extension_of_the_first_release_is_told_without_a_policy() -> None:
    fact = longer("2026-07-15").model_dump(mode="json")
    del fact["extensions"][0]["policy"]
    assert "It was extended on 10 June 2026; before" in Deadline.model_validate(fact).explain("en")


def test_a_grant_without_an_offset_is_refused_as_it_falls_on_no_day() -> None:
    with pytest.raises(ValueError, match="no offset"):
        longer("2026-07-15", granted=GRANTED.replace(tzinfo=None))


def test_each_extension_is_kept_in_order_with_its_own_time_in_utc_and_the_day_before_it() -> None:
    late_in_the_evening = datetime(2026, 7, 1, 0, 30, tzinfo=COPENHAGEN)
    twice = longer("2026-09-01", longer("2026-07-15"), late_in_the_evening)
    assert twice.extensions == (
        Extension(granted_at=GRANTED, previous_last_day=date(2026, 6, 17), policy="2024-01-01"),
        Extension(granted_at=late_in_the_evening, previous_last_day=date(2026, 7, 15), policy="2024-01-01"),
    )
    assert [one.granted_at.utcoffset() for one in twice.extensions] == [timedelta(), timedelta()]


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "en",
            "The last day is Tuesday 1 September 2026, until 23:59 Danish time."
            " At first the deadline was 3 months from Tuesday 17 March 2026, when the offer was accepted;"
            " that day itself does not count. So the last day was 17 June 2026."
            " It was extended on 10 June 2026 (rule R13, policy 2024-01-01);"
            " before, the last day was 17 June 2026, and the grant made it 15 July 2026."
            " It was extended on 1 July 2026 (rule R13, policy 2024-01-01);"
            " before, the last day was 15 July 2026, and the grant made it 1 September 2026."
            " Rule R10, policy 2024-01-01.",
        ),
        (
            "da",
            "Sidste dag er tirsdag den 1. september 2026, til og med kl. 23.59 dansk tid."
            " Fristen var først 3 måneder regnet fra tirsdag den 17. marts 2026, da tilbuddet blev accepteret;"
            " dagen selv tæller ikke med. Sidste dag var dermed den 17. juni 2026."
            " Den 10. juni 2026 blev den forlænget (regel R13, regelsæt 2024-01-01);"
            " før var sidste dag den 17. juni 2026, og med forlængelsen blev det den 15. juli 2026."
            " Den 1. juli 2026 blev den forlænget (regel R13, regelsæt 2024-01-01);"
            " før var sidste dag den 15. juli 2026, og med forlængelsen blev det den 1. september 2026."
            " Regel R10, regelsæt 2024-01-01.",
        ),
    ],
)
def test_asked_why_it_tells_what_it_counts_from_and_every_day_that_it_was_before(language: str, told: str) -> None:
    just_after_midnight = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)
    twice = longer("2026-09-01", longer("2026-07-15"), just_after_midnight)
    assert twice.explain("en" if language == "en" else "da") == told


@pytest.mark.rule("R13", "R27")
def test_the_days_that_the_new_end_skipped_are_told_after_the_grant_that_made_it() -> None:
    after = longer("2026-08-01")
    assert after.explain("en").endswith(
        " before, the last day was 17 June 2026, and the grant made it 3 August 2026."
        " It cannot end on a closed day, so these days were skipped: 1 August 2026 (Saturday), 2 August 2026 (Sunday)."
        " Rule R10, policy 2024-01-01."
    )
    assert after.explain("da").endswith(
        " før var sidste dag den 17. juni 2026, og med forlængelsen blev det den 3. august 2026."
        " Fristen kan ikke udløbe på en lukket dag, så disse dage er sprunget over:"
        " 1. august 2026 (lørdag), 2. august 2026 (søndag)."
        " Regel R10, regelsæt 2024-01-01."
    )


def test_what_hangs_on_the_deadline_moves_with_it() -> None:
    after = longer("2026-09-01")
    assert control_window(after, CURRENT).counted_from == date(2026, 9, 1)
    assert control_window(after, CURRENT).last_day == date(2026, 10, 31)
    assert booking_due_at(after, CURRENT) - booking_due_at(BEFORE, CURRENT) == timedelta(days=76)
    assert guidance_due(ACCEPTED, BEFORE, CURRENT).last_day == date(2026, 4, 17)
    assert guidance_due(ACCEPTED, after, CURRENT).last_day == date(2026, 5, 12), "a third of 168 days"


def test_an_extended_deadline_survives_being_written_and_read() -> None:
    after = longer("2026-08-01")
    assert Deadline.model_validate_json(after.model_dump_json()) == after


@pytest.mark.rule("R13", "R27")
@pytest.mark.parametrize("language", ["da", "en"])
def test_what_moves_with_the_deadline_tells_every_day_that_it_was_before(language: Language) -> None:
    once, before = longer("2026-08-01"), guidance_due(ACCEPTED, BEFORE, CURRENT)
    twice = longer("2026-11-02", once, datetime(2026, 7, 1, 12, tzinfo=UTC))
    due = guidance_due(ACCEPTED, twice, CURRENT, guidance_due(ACCEPTED, once, CURRENT, before))
    window = control_window(twice, CURRENT, control_window(once, CURRENT, control_window(BEFORE, CURRENT)))
    for moved, days_before in (
        (due, [before.last_day, guidance_due(ACCEPTED, once, CURRENT).last_day]),
        (window, [control_window(BEFORE, CURRENT).last_day, control_window(once, CURRENT).last_day]),
    ):
        assert [one.previous_last_day for one in moved.extensions] == days_before
        assert [one.granted_at for one in moved.extensions] == [one.granted_at for one in twice.extensions]
        assert moved.explain(language).count("R13") == 2


@pytest.mark.rule("R13", "R27")
def test_what_an_extension_does_not_move_tells_of_none() -> None:
    """A day more leaves a third of the period where it was."""
    before = guidance_due(ACCEPTED, BEFORE, CURRENT)
    after = guidance_due(ACCEPTED, longer("2026-06-18"), CURRENT, before)
    assert (after.last_day, after.extensions) == (before.last_day, ())
