"""A corrected calendar gives another last day; the deadline keeps its policy, and says what moved it (R3, R27)."""

from datetime import UTC, date, datetime

import pytest

from shared.deadlines.copenhagen import COPENHAGEN
from shared.deadlines.deadline import Deadline
from shared.deadlines.deadlines import (
    compliance_deadline,
    control_window,
    extended,
    guidance_due,
    hearing_deadline,
    response_deadline,
)
from shared.deadlines.in_words import Language
from shared.deadlines.recounting import DateName, OtherDate, WhyItStays, counted_today, other_dates
from shared.policy.errors import PolicyError
from shared.policy.policies import Policies
from tests.corrected_calendar import corrected_calendar
from tests.unit.deadlines.policies import CURRENT, POLICIES, with_choice

pytestmark = pytest.mark.rule("R3", "R27")
AVAILABLE = datetime(2026, 3, 6, 12, tzinfo=UTC)
BEFORE = response_deadline(AVAILABLE, CURRENT)
"""Four weeks are over on Good Friday, so that it is Tuesday 7 April 2026."""
NOW = datetime(2026, 3, 20, 9, tzinfo=COPENHAGEN)
ACCEPTED = datetime(2026, 3, 17, 12, tzinfo=COPENHAGEN)
COMPLIANCE = compliance_deadline(ACCEPTED, 3, CURRENT)
"""Until Wednesday 17 June 2026."""


def other(deadline: Deadline, name: DateName = DateName.RESPONSE, policies: Policies = POLICIES) -> OtherDate | None:
    found = other_dates({name: deadline}, NOW, policies)
    return found[0] if found else None


def moved(deadline: Deadline, name: DateName = DateName.COMPLIANCE, at: datetime = NOW) -> Deadline:
    found = other(deadline, name)
    assert found is not None
    return found.moved(at)


def test_by_the_calendar_by_which_it_was_counted_nothing_differs() -> None:
    longer = extended(COMPLIANCE, date(2026, 12, 24), NOW, CURRENT)
    for deadline in (BEFORE, COMPLIANCE, longer, guidance_due(ACCEPTED, COMPLIANCE, CURRENT)):
        assert counted_today(deadline, POLICIES) == deadline
    assert other(BEFORE) is None


@pytest.mark.parametrize(
    ("closes", "opens", "last_day"),
    [
        ("2026-04-07", None, "2026-04-08"),
        ("2026-04-08", None, "2026-04-07"),
        (None, "2026-04-06", "2026-04-06"),
        (None, "2026-04-03", "2026-04-03"),
    ],
)
def test_it_is_the_day_that_would_have_been_counted_at_first(
    closes: str | None, opens: str | None, last_day: str
) -> None:
    with corrected_calendar(closes=closes, opens=opens):
        today = counted_today(BEFORE, POLICIES)
        assert today == response_deadline(AVAILABLE, CURRENT)
    assert today.last_day == date.fromisoformat(last_day)


def test_a_deadline_of_the_company_is_never_moved_to_an_earlier_day() -> None:
    hearing = hearing_deadline(datetime(2026, 3, 23, 12, tzinfo=UTC), CURRENT)
    assert hearing.last_day == date(2026, 4, 7)
    with corrected_calendar(opens="2026-04-06"):
        for name, deadline in ((DateName.RESPONSE, BEFORE), (DateName.HEARING, hearing), (DateName.COMPLIANCE, BEFORE)):
            found = other(deadline, name)
            assert found is not None, name
            assert (found.would_be.last_day, found.stays) == (date(2026, 4, 6), WhyItStays.EARLIER)
        guidance = other(BEFORE, DateName.GUIDANCE)
        assert guidance is not None
        assert guidance.stays is None, "it binds the authority"


def test_a_deadline_that_has_passed_is_not_touched_and_none_moves_into_the_past() -> None:
    ends = datetime(2026, 4, 8, 0, tzinfo=COPENHAGEN)
    with corrected_calendar(closes="2026-04-07"):
        assert other_dates({DateName.RESPONSE: BEFORE}, ends, POLICIES) == ()
    with corrected_calendar(opens="2026-04-06"):
        (found,) = other_dates({DateName.GUIDANCE: BEFORE}, datetime(2026, 4, 7, 0, tzinfo=COPENHAGEN), POLICIES)
        assert found.stays is WhyItStays.OVER


def test_a_later_policy_touches_only_what_begins_under_it() -> None:
    without_extra_days = with_choice("calendar", extra_closed_days=frozenset())
    later = without_extra_days.model_copy(update={"version": "2026-03-10", "effective_from": date(2026, 3, 10)})
    available = datetime(2026, 5, 8, 12, tzinfo=UTC)
    standing = response_deadline(available, CURRENT)
    assert standing.last_day == date(2026, 6, 8), "5 June is closed by the policy by which it was counted"
    assert response_deadline(available, later).last_day == date(2026, 6, 5)
    assert other(standing, DateName.GUIDANCE, Policies((CURRENT, later))) is None


def test_the_window_of_the_control_moves_over_closed_days_only_where_its_policy_says_so() -> None:
    moves = with_choice("control", closed_last_day="moves")
    stays_on, moves_to = control_window(COMPLIANCE, CURRENT), control_window(COMPLIANCE, moves)
    assert (stays_on.last_day, moves_to.last_day) == (date(2026, 8, 16), date(2026, 8, 17)), "a Sunday, and a Monday"
    with corrected_calendar(closes="2026-08-17"):
        assert counted_today(stays_on, POLICIES) == stays_on
        assert counted_today(moves_to, Policies((moves,))).last_day == date(2026, 8, 18)


def test_a_missing_policy_is_named() -> None:
    with pytest.raises(PolicyError, match="there is no policy of this name"):
        other(BEFORE.model_copy(update={"policy": "1999-01-01"}))


def test_a_granted_day_is_counted_by_the_policy_of_the_grant() -> None:
    granted = extended(COMPLIANCE, date(2026, 8, 3), NOW, CURRENT)
    first_release = granted.extensions[0].model_copy(update={"policy": None})
    without = granted.model_copy(update={"extensions": (first_release,), "policy": "1999-01-01"})
    with corrected_calendar(closes="2026-08-03"):
        assert counted_today(granted, POLICIES).last_day == date(2026, 8, 4)
        assert counted_today(without, POLICIES).last_day == date(2026, 8, 4)


def test_only_the_end_of_a_recounted_deadline_moves_and_the_day_before_is_kept() -> None:
    kept = BEFORE.as_json
    with corrected_calendar(closes="2026-04-07"):
        after = moved(BEFORE, DateName.RESPONSE)
    changed = {"last_day", "ends_at", "skipped", "recounts"}
    assert after.model_dump(exclude=changed) == BEFORE.model_dump(exclude=changed)
    assert after.ends_at == datetime(2026, 4, 8, 22, tzinfo=UTC)
    assert [(one.recounted_at, one.previous_last_day) for one in after.recounts] == [(NOW, date(2026, 4, 7))]
    assert after.skipped[-1].english == "Day of the People"
    assert (kept["last_day"], after.as_json["last_day"]) == ("2026-04-07", "2026-04-08")


@pytest.mark.parametrize(
    ("language", "says"),
    [
        (
            "da",
            "Den er talt om den 20. marts 2026, fordi kalenderen blev rettet; før var sidste dag den 7. april",
        ),
        (
            "en",
            "It was counted again on 20 March 2026, because the calendar was corrected; before, the last day was 7",
        ),
    ],
)
def test_it_says_that_it_was_counted_again_and_over_which_days(language: Language, says: str) -> None:
    with corrected_calendar(closes="2026-04-07"):
        why = moved(BEFORE, DateName.RESPONSE).explain(language)
    assert says in why
    assert ("Folkets Dag" if language == "da" else "Day of the People") in why
    assert says not in BEFORE.explain(language)


def test_each_move_of_the_compliance_deadline_is_told_with_the_day_that_it_made() -> None:
    with corrected_calendar(closes="2026-06-17"):
        recounted = moved(COMPLIANCE)
    assert recounted.last_day == date(2026, 6, 18)
    granted = extended(recounted, date(2026, 7, 15), datetime(2026, 6, 10, 9, tzinfo=COPENHAGEN), CURRENT)
    with corrected_calendar(closes="2026-07-15"):
        again = moved(granted, at=datetime(2026, 6, 12, 9, tzinfo=COPENHAGEN))
    why = again.explain("en")
    assert "The last day is Thursday 16 July 2026" in why
    assert "So the last day was 17 June 2026" in why
    assert "extended on 10 June 2026 (rule R13, policy 2024-01-01); before, the last day was 18 June 2026" in why
    assert "and the grant made it 15 July 2026" in why
    assert "counted again on 20 March 2026, because the calendar was corrected; before, the last day was 17 Ju" in why
    assert "counted again on 12 June 2026, because the calendar was corrected; before, the last day was 15 Ju" in why


def test_what_hangs_on_the_compliance_deadline_says_that_it_was_recounted() -> None:
    window, due = control_window(COMPLIANCE, CURRENT), guidance_due(ACCEPTED, COMPLIANCE, CURRENT)
    with corrected_calendar(closes="2026-06-17"):
        recounted = moved(COMPLIANCE)
        later = control_window(recounted, CURRENT, before=window)
        same = guidance_due(ACCEPTED, recounted, CURRENT, before=due)
    assert [one.previous_last_day for one in later.recounts] == [window.last_day]
    assert later.last_day > window.last_day
    assert same == due, "a third of 93 days is as many days as a third of 92"
    granted = extended(recounted, date(2026, 7, 15), datetime(2026, 6, 10, 9, tzinfo=COPENHAGEN), CURRENT)
    longest = control_window(granted, CURRENT, before=later)
    assert (len(longest.recounts), len(longest.extensions)) == (1, 1)
    assert longest.extensions[0].previous_last_day == later.last_day
