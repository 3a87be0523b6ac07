"""The examples tell one story: no message of the made-up case contradicts another (R29)."""

from datetime import date, datetime

import pytest

from services.notices.lookups.text_files import load_texts
from services.notices.rules.text_examples import example_values, preview
from services.notices.rules.text_needs import NEEDS
from services.notices.rules.text_reading import LANGUAGES
from shared.contracts.notices import Occasion, Recipient
from shared.deadlines.deadlines import is_working_day
from shared.deadlines.in_words import Language, day_in_words
from shared.policy.policies import load_policies

pytestmark = pytest.mark.rule("R29")
POLICY = load_policies().at(datetime.fromisoformat("2027-03-01T10:00+01:00"))
COURSE = (
    (Occasion.UNIT_CHANGED, "offer_changed"),
    (Occasion.OFFER_WAITING, "suspicion"),
    (Occasion.GUIDANCE_DUE, None),
    (Occasion.MEETING_IN_A_WEEK, None),
    (Occasion.UNIT_CHANGED, "agreement_changed"),
    (Occasion.DOCUMENTATION_DUE_SOON, None),
    (Occasion.EXTENSION_DECIDED, "granted"),
    (Occasion.CONTROL_ANNOUNCED, None),
    (Occasion.HEARING_OPENED, None),
    (Occasion.WINDOW_AT_RISK, None),
    (Occasion.QUARANTINE, "unit"),
)
"""Occasions in the order of their days, the last days of deadlines included."""
SAME_DAY = (
    (Occasion.OFFER_WAITING, Occasion.OFFER_ENDS_SOON, Occasion.OFFER_LAPSED),
    (Occasion.DOCUMENTATION_DUE_SOON, Occasion.EXTENSION_ASKED),
    (Occasion.CONTROL_ANNOUNCED, Occasion.CONTROL_CANCELLED, Occasion.CONTROL_SOON),
    (Occasion.WINDOW_AT_RISK, Occasion.PLACE_NOT_FOUND),
    (Occasion.HEARING_OPENED, Occasion.HEARING_ENDS_SOON),
)


def day(occasion: Occasion, code: str | None = None) -> date:
    told = example_values(occasion, "da", code, POLICY)["day"]
    assert isinstance(told, date)
    return told


def test_the_days_of_the_case_follow_each_other() -> None:
    days = [day(occasion, code) for occasion, code in COURSE]
    assert days == sorted(set(days))


@pytest.mark.parametrize("occasions", SAME_DAY, ids=lambda one: str(one[0]))
def test_messages_about_the_same_thing_name_the_same_day(occasions: tuple[Occasion, ...]) -> None:
    assert len({day(one, next(iter(NEEDS[one].codes), None)) for one in occasions}) == 1


def test_visits_and_meetings_are_on_working_days() -> None:
    for occasion in (Occasion.MEETING_IN_A_WEEK, Occasion.CONTROL_ANNOUNCED):
        assert is_working_day(day(occasion), POLICY)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_control_without_documentation_counts_from_the_longer_deadline(language: Language) -> None:
    granted = day_in_words(day(Occasion.EXTENSION_DECIDED, "granted"), language)
    assert granted in str(example_values(Occasion.WINDOW_AT_RISK, language, None, POLICY)["why"])


def test_who_is_told_that_a_deadline_ends_soon_is_told_on_a_working_day() -> None:
    text = preview(load_texts(), Occasion.OFFER_ENDS_SOON, Recipient.UNIT_MANAGER, "en", "suspicion", POLICY)
    # Three days before is a Saturday at Easter: it is told on the Wednesday before.
    assert "You have 6 days left to answer." in " ".join(text.plain.split())
