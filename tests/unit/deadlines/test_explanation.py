"""What a deadline answers when it is asked why (R27)."""

from datetime import UTC, date, datetime

from shared.deadlines.copenhagen import COPENHAGEN
from shared.deadlines.deadline import Deadline, Extension, Length, LengthUnit
from shared.deadlines.deadlines import compliance_deadline, control_window, guidance_due, response_deadline
from tests.unit.deadlines.policies import CURRENT, with_choice

AVAILABLE = datetime(2026, 5, 8, 9, 30, tzinfo=COPENHAGEN)


def test_it_tells_in_english_what_it_counts_from_and_what_it_skipped() -> None:
    assert response_deadline(AVAILABLE, CURRENT).explain("en") == (
        "The last day is Monday 8 June 2026, until 23:59 Danish time."
        " The deadline is 4 weeks from Friday 8 May 2026, when the offer became available in the company portal;"
        " that day itself does not count."
        " It cannot end on a closed day, so these days were skipped:"
        " 5 June 2026 (Constitution Day), 6 June 2026 (Saturday), 7 June 2026 (Sunday)."
        " Rule R3, policy 2024-01-01."
    )


def test_it_tells_the_same_in_danish() -> None:
    assert response_deadline(AVAILABLE, CURRENT).explain("da") == (
        "Sidste dag er mandag den 8. juni 2026, til og med kl. 23.59 dansk tid."
        " Fristen er 4 uger regnet fra fredag den 8. maj 2026, da tilbuddet blev tilgængeligt i virksomhedens portal;"
        " dagen selv tæller ikke med."
        " Fristen kan ikke udløbe på en lukket dag, så disse dage er sprunget over:"
        " 5. juni 2026 (grundlovsdag), 6. juni 2026 (lørdag), 7. juni 2026 (søndag)."
        " Regel R3, regelsæt 2024-01-01."
    )


def test_a_single_skipped_day_is_told_in_the_singular() -> None:
    deadline = response_deadline(datetime(2027, 3, 1, 9, tzinfo=UTC), CURRENT)
    assert "so this day was skipped: 29 March 2027 (Easter Monday)." in deadline.explain("en")
    assert "så denne dag er sprunget over: 29. marts 2027 (Anden påskedag)." in deadline.explain("da")


def test_it_says_nothing_of_skipped_days_where_there_were_none() -> None:
    text = response_deadline(datetime(2026, 8, 3, tzinfo=UTC), CURRENT).explain("en")
    assert "skipped" not in text
    assert "Monday 31 August 2026" in text


def test_guidance_says_which_part_of_the_period_it_is() -> None:
    accepted = datetime(2026, 3, 17, tzinfo=UTC)
    due = guidance_due(accepted, compliance_deadline(accepted, 6, CURRENT), CURRENT)
    assert "61 days (1/3 of the period) from Tuesday 17 March 2026, when the offer was accepted" in due.explain("en")
    assert "61 dage (1/3 af perioden) regnet fra tirsdag den 17. marts 2026" in due.explain("da")


def test_a_control_without_documentation_says_that_it_counts_from_the_expired_deadline() -> None:
    window = control_window(compliance_deadline(datetime(2026, 3, 17, tzinfo=UTC), 3, CURRENT), CURRENT)
    assert "60 days from Wednesday 17 June 2026, when the deadline for solving the problem expired" in window.explain(
        "en"
    )


def test_a_first_day_that_counts_is_said_to_count() -> None:
    deadline = response_deadline(AVAILABLE, with_choice("calendar", first_day_counts=True))
    assert "that day itself counts" in deadline.explain("en")
    assert "dagen selv tæller med" in deadline.explain("da")


def test_one_of_a_unit_is_in_the_singular() -> None:
    deadline = response_deadline(AVAILABLE, with_choice("offer", response_weeks=1))
    assert "is 1 week from" in deadline.explain("en")
    assert "er 1 uge regnet" in deadline.explain("da")


def test_an_extension_is_told_with_the_day_that_it_moved() -> None:
    extension = Extension(granted_at=datetime(2026, 5, 31, 22, 30, tzinfo=UTC), previous_last_day=date(2026, 6, 8))
    deadline = response_deadline(AVAILABLE, CURRENT).model_copy(update={"extensions": (extension,)})
    assert "It was extended on 1 June 2026; before, the last day was 8 June 2026." in deadline.explain("en")
    assert "Den 1. juni 2026 blev den forlænget; før var sidste dag den 8. juni 2026." in deadline.explain("da")


def test_an_event_that_is_not_known_here_is_told_by_its_name() -> None:
    deadline = Deadline(
        rule="R99",
        policy="2020-01-01",
        anchor=datetime(2026, 3, 17, tzinfo=UTC),
        anchor_event="SomethingElse",
        counted_from=date(2026, 3, 17),
        length=Length(number=2, unit=LengthUnit.MONTHS),
        last_day=date(2026, 5, 18),
        ends_at=datetime(2026, 5, 18, 22, tzinfo=UTC),
    )
    assert "2 months from Tuesday 17 March 2026, when the event SomethingElse happened" in deadline.explain("en")
