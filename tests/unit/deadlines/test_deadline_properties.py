"""What holds for every deadline, whatever its anchor."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as some

from shared.deadlines.copenhagen import COPENHAGEN, local_day
from shared.deadlines.deadline import Deadline
from shared.deadlines.deadlines import (
    compliance_deadline,
    control_window,
    guidance_due,
    hearing_deadline,
    is_working_day,
    response_deadline,
)
from tests.unit.deadlines.policies import CURRENT

FROM_ANCHOR: dict[str, Callable[[datetime], Deadline]] = {
    "response": lambda anchor: response_deadline(anchor, CURRENT),
    "compliance in 3 months": lambda anchor: compliance_deadline(anchor, 3, CURRENT),
    "compliance in 6 months": lambda anchor: compliance_deadline(anchor, 6, CURRENT),
    "guidance": lambda anchor: guidance_due(anchor, compliance_deadline(anchor, 3, CURRENT), CURRENT),
    "hearing": lambda anchor: hearing_deadline(anchor, CURRENT),
}
anchors = some.datetimes(datetime(2020, 1, 1), datetime(2060, 12, 31), timezones=some.just(UTC))  # noqa: DTZ001
kinds = some.sampled_from(sorted(FROM_ANCHOR))
few = settings(max_examples=150)


@few
@given(kinds, anchors)
def test_it_never_ends_on_a_closed_day(kind: str, anchor: datetime) -> None:
    assert is_working_day(FROM_ANCHOR[kind](anchor).last_day, CURRENT)


@few
@given(kinds, anchors, some.timedeltas(timedelta(), timedelta(days=40)))
def test_a_later_anchor_never_gives_an_earlier_end(kind: str, anchor: datetime, later: timedelta) -> None:
    assert FROM_ANCHOR[kind](anchor).ends_at <= FROM_ANCHOR[kind](anchor + later).ends_at


@few
@given(kinds, anchors)
def test_it_ends_at_midnight_in_copenhagen_right_after_its_last_day(kind: str, anchor: datetime) -> None:
    deadline = FROM_ANCHOR[kind](anchor)
    assert deadline.ends_at.astimezone(COPENHAGEN).time() == time()
    assert local_day(deadline.ends_at - timedelta(microseconds=1)) == deadline.last_day
    assert local_day(deadline.ends_at) == deadline.last_day + timedelta(days=1)


@few
@given(kinds, anchors)
def test_the_time_of_day_of_the_anchor_makes_no_difference(kind: str, anchor: datetime) -> None:
    midnight = datetime.combine(local_day(anchor), time(), COPENHAGEN)
    assert FROM_ANCHOR[kind](anchor).last_day == FROM_ANCHOR[kind](midnight).last_day


@few
@given(kinds, anchors)
def test_the_skipped_days_are_closed_and_lie_right_before_the_last_day(kind: str, anchor: datetime) -> None:
    deadline = FROM_ANCHOR[kind](anchor)
    days = [closed.day for closed in deadline.skipped]
    assert days == [deadline.last_day - timedelta(days=number) for number in range(len(days), 0, -1)]
    assert not any(is_working_day(day, CURRENT) for day in days)


@few
@given(anchors)
def test_the_company_never_has_less_than_four_whole_weeks(anchor: datetime) -> None:
    assert response_deadline(anchor, CURRENT).last_day - local_day(anchor) >= timedelta(weeks=4)


@few
@given(anchors, some.sampled_from([3, 6]))
def test_guidance_falls_due_inside_the_period(anchor: datetime, months: int) -> None:
    compliance = compliance_deadline(anchor, months, CURRENT)
    assert anchor < guidance_due(anchor, compliance, CURRENT).ends_at < compliance.ends_at


@few
@given(anchors)
def test_the_control_has_exactly_sixty_days(anchor: datetime) -> None:
    assert control_window(anchor, CURRENT).last_day - local_day(anchor) == timedelta(days=60)


@few
@given(kinds, anchors)
def test_it_can_be_asked_why_in_both_languages(kind: str, anchor: datetime) -> None:
    deadline = FROM_ANCHOR[kind](anchor)
    danish, english = deadline.explain("da"), deadline.explain("en")
    assert all(closed.danish in danish and closed.english in english for closed in deadline.skipped)
    assert all(f"{deadline.rule}, " in text and CURRENT.version in text for text in (danish, english))
