"""When each deadline ends (R3, R10, R12, R17, R22, R24)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from shared.deadlines.copenhagen import COPENHAGEN
from shared.deadlines.deadline import Deadline
from shared.deadlines.deadlines import (
    booking_due_at,
    compliance_deadline,
    control_window,
    follow_up_day,
    guidance_coming_due_at,
    guidance_due,
    guidance_overdue_at,
    hearing_deadline,
    is_working_day,
    next_working_day,
    response_deadline,
)
from tests.unit.deadlines.policies import CURRENT, POLICIES, with_choice


def noon(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=COPENHAGEN)


def response(day: str) -> Deadline:
    return response_deadline(noon(day), POLICIES.at(noon(day)))


def compliance(day: str, months: int = 3) -> Deadline:
    return compliance_deadline(noon(day), months, CURRENT)


@pytest.mark.parametrize(
    ("available", "last_day"),
    [
        ("2026-03-05", "2026-04-07"),
        ("2026-04-16", "2026-05-18"),
        ("2026-05-08", "2026-06-08"),
        ("2026-11-26", "2026-12-28"),
        ("2026-12-03", "2027-01-04"),
        ("2023-04-07", "2023-05-08"),
        ("2024-03-29", "2024-04-26"),
    ],
)
def test_r3_the_company_has_four_weeks_that_never_end_on_a_closed_day(available: str, last_day: str) -> None:
    assert response(available).last_day.isoformat() == last_day


@pytest.mark.parametrize(
    ("available", "last_day"),
    [
        ("2035-02-22", "2035-03-27"),
        ("2035-04-05", "2035-05-07"),
        ("2035-04-16", "2035-05-15"),
        ("2035-05-08", "2035-06-06"),
        ("2035-11-26", "2035-12-27"),
        ("2035-12-03", "2036-01-02"),
    ],
)
def test_r3_is_still_right_in_2035(available: str, last_day: str) -> None:
    assert response(available).last_day.isoformat() == last_day


def test_r3_the_day_is_the_one_in_copenhagen_and_not_in_utc() -> None:
    just_before_midnight = datetime(2026, 7, 1, 21, 59, tzinfo=UTC)
    midnight = datetime(2026, 7, 1, 22, 0, tzinfo=UTC)
    assert response_deadline(just_before_midnight, CURRENT).last_day == date(2026, 7, 29)
    assert response_deadline(midnight, CURRENT).last_day == date(2026, 7, 30)


def test_r3_an_answer_at_23_59_is_in_time_and_at_00_00_is_not() -> None:
    deadline = response("2026-03-05")
    assert not deadline.has_passed(datetime(2026, 4, 7, 23, 59, 59, 999_999, tzinfo=COPENHAGEN))
    assert deadline.has_passed(datetime(2026, 4, 8, 0, 0, tzinfo=COPENHAGEN))


@pytest.mark.parametrize(
    ("available", "ends_at"),
    [
        ("2026-02-27", "2026-03-27T23:00+00:00"),  # the last day is the day before the clocks go forward, on the 29th
        ("2026-03-02", "2026-03-30T22:00+00:00"),  # the clocks went forward while it ran
        ("2026-09-24", "2026-10-22T22:00+00:00"),
        ("2026-09-28", "2026-10-26T23:00+00:00"),  # the clocks went back while it ran
    ],
)
def test_r3_the_end_is_midnight_in_copenhagen_on_both_sides_of_summer_time(available: str, ends_at: str) -> None:
    assert response(available).ends_at == datetime.fromisoformat(ends_at)


def test_a_window_that_ends_on_the_sunday_of_the_clock_change_ends_at_the_midnight_after_it() -> None:
    to_summer = control_window(noon("2026-01-28"), CURRENT)
    to_winter = control_window(noon("2026-08-26"), CURRENT)
    assert (to_summer.last_day, to_summer.ends_at) == (date(2026, 3, 29), datetime(2026, 3, 29, 22, tzinfo=UTC))
    assert (to_winter.last_day, to_winter.ends_at) == (date(2026, 10, 25), datetime(2026, 10, 25, 23, tzinfo=UTC))


def test_an_anchor_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="no offset"):
        response_deadline(datetime(2026, 3, 5, 12), CURRENT)  # noqa: DTZ001


def test_the_anchor_is_kept_in_utc_with_the_name_of_its_event() -> None:
    deadline = response("2026-07-01")
    assert deadline.anchor == noon("2026-07-01")
    assert deadline.anchor.utcoffset() == timedelta()
    assert (deadline.rule, deadline.policy, deadline.anchor_event) == ("R3", CURRENT.version, "OfferDelivered")


@pytest.mark.parametrize(
    ("accepted", "months", "last_day"),
    [
        ("2026-03-17", 3, "2026-06-17"),
        ("2026-03-17", 6, "2026-09-17"),
        ("2026-03-31", 3, "2026-06-30"),  # June has no 31st
        ("2026-11-30", 3, "2027-03-01"),  # the last day of February is a Sunday
        ("2027-11-30", 3, "2028-02-29"),  # a leap year
        ("2026-03-05", 3, "2026-06-08"),  # Constitution Day, a Friday
        ("2026-09-24", 3, "2026-12-28"),  # Christmas Eve, a Thursday
        ("2026-02-15", 3, "2026-05-18"),  # the Friday after Ascension Day
        ("2026-03-17", 4, "2026-07-17"),
    ],
)
def test_r10_the_period_ends_on_the_same_day_number_by_the_calendar_rules(
    accepted: str, months: int, last_day: str
) -> None:
    deadline = compliance(accepted, months)
    assert (deadline.rule, deadline.last_day.isoformat()) == ("R10", last_day)


def test_r12_guidance_is_due_a_third_into_the_period() -> None:
    due = guidance_due(noon("2026-03-17"), compliance("2026-03-17", 6), CURRENT)
    assert due.rule == "R12"
    assert due.length.share_of_period == "1/3"
    assert due.last_day == date(2026, 5, 18)  # 61 of 184 days on: Sunday 17 May


def test_r12_a_third_is_rounded_to_the_nearest_whole_day() -> None:
    due = guidance_due(noon("2026-03-17"), compliance("2026-03-17", 3), CURRENT)
    assert due.length.number == 31  # of 92 days
    assert due.last_day == date(2026, 4, 17)


def test_r12_is_due_later_where_the_period_is_longer() -> None:
    accepted = noon("2026-03-17")
    short = guidance_due(accepted, compliance_deadline(accepted, 3, CURRENT), CURRENT)
    long = guidance_due(accepted, compliance_deadline(accepted, 6, CURRENT), CURRENT)
    assert short.last_day < long.last_day


def test_r12_the_inspector_is_told_before_and_it_is_overdue_after_the_grace() -> None:
    policy = with_choice("guidance", coming_due_days=5, overdue_days=3)
    due = guidance_due(noon("2026-03-17"), compliance("2026-03-17", 6), policy)
    assert guidance_coming_due_at(due, policy) == datetime(2026, 5, 13, tzinfo=COPENHAGEN)
    assert guidance_overdue_at(due, policy) == datetime(2026, 5, 22, tzinfo=COPENHAGEN)


def test_r17_the_control_has_sixty_days_from_complete_documentation() -> None:
    window = control_window(noon("2026-06-01"), CURRENT)
    assert (window.rule, window.anchor_event) == ("R17", "DocumentationReceived")
    assert window.last_day == date(2026, 7, 31)


def test_r17_without_documentation_the_sixty_days_count_from_the_last_day_of_the_deadline() -> None:
    deadline = compliance("2026-03-17")
    window = control_window(deadline, CURRENT)
    assert (window.anchor, window.anchor_event) == (deadline.ends_at, "ComplianceDeadlineExpired")
    assert window.counted_from == date(2026, 6, 17)
    assert window.last_day == date(2026, 8, 16)


def test_r17_each_way_of_counting_has_its_own_number_of_days() -> None:
    policy = with_choice("control", days_after_documentation=10, days_after_deadline=20)
    assert control_window(noon("2026-06-01"), policy).last_day == date(2026, 6, 11)
    assert control_window(compliance("2026-03-17"), policy).last_day == date(2026, 7, 7)


def test_r17_the_window_is_not_lengthened_by_a_closed_day_unless_the_policy_says_so() -> None:
    ends_on_a_sunday = compliance("2026-03-17")
    assert control_window(ends_on_a_sunday, CURRENT).skipped == ()
    moved = control_window(ends_on_a_sunday, with_choice("control", closed_last_day="moves"))
    assert moved.last_day == date(2026, 8, 17)


def test_r17_a_booking_is_made_by_itself_before_the_deadline() -> None:
    policy = with_choice("control", booking_lead_days=14)
    assert booking_due_at(compliance("2026-03-17"), policy) == datetime(2026, 6, 3, tzinfo=COPENHAGEN)


def test_r22_the_company_has_two_weeks_to_be_heard() -> None:
    deadline = hearing_deadline(noon("2026-12-10"), CURRENT)
    assert (deadline.rule, deadline.anchor_event) == ("R22", "HearingOpened")
    assert deadline.last_day == date(2026, 12, 28)


def test_r24_the_follow_up_is_a_working_day_one_year_on() -> None:
    assert follow_up_day(noon("2026-06-05"), CURRENT) == date(2027, 6, 7)


def test_r24_there_is_no_follow_up_where_the_policy_has_it_switched_off() -> None:
    assert follow_up_day(noon("2026-06-05"), with_choice("follow_up", held=False)) is None


def test_working_days_leave_out_weekends_holidays_and_extra_closed_days() -> None:
    assert is_working_day(date(2026, 4, 7), CURRENT)
    assert not is_working_day(date(2026, 4, 6), CURRENT)
    assert not is_working_day(date(2026, 12, 31), CURRENT)
    assert next_working_day(date(2026, 12, 31), CURRENT) == date(2027, 1, 4)
    assert next_working_day(date(2026, 4, 7), CURRENT) == date(2026, 4, 7)


def test_r3_how_the_weeks_are_counted_is_policy() -> None:
    available = noon("2026-03-05")
    fewer_weeks = with_choice("offer", response_weeks=2)
    first_counts = with_choice("calendar", first_day_counts=True)
    stays = with_choice("calendar", closed_last_day="stays")
    only_public = with_choice("calendar", extra_closed_days=[])
    assert response_deadline(available, fewer_weeks).last_day == date(2026, 3, 19)
    assert response_deadline(available, first_counts).last_day == date(2026, 4, 1)
    assert response_deadline(available, stays).last_day == date(2026, 4, 2)
    assert response_deadline(noon("2026-05-08"), only_public).last_day == date(2026, 6, 5)


def test_r27_what_was_skipped_is_kept_with_its_names() -> None:
    skipped = response("2026-04-16").skipped
    assert [(closed.day.isoformat(), closed.english) for closed in skipped] == [
        ("2026-05-14", "Ascension Day"),
        ("2026-05-15", "Friday after Ascension Day"),
        ("2026-05-16", "Saturday"),
        ("2026-05-17", "Sunday"),
    ]


def test_a_deadline_survives_being_written_and_read() -> None:
    deadline = guidance_due(noon("2026-03-17"), compliance("2026-03-17"), CURRENT)
    assert Deadline.model_validate_json(deadline.model_dump_json()) == deadline
