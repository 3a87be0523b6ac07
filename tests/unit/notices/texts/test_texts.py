"""The texts of notices: whole, easy to read, and true to what a recipient may know (R1, R5, R18, R29)."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import pytest

from services.notices.lookups.text_files import contents, load_texts
from services.notices.rules.errors import FaultyTexts, UnfitValues
from services.notices.rules.occasions import OCCASIONS
from services.notices.rules.text_examples import example_values, preview
from services.notices.rules.text_needs import COMPANY, NEEDS
from services.notices.rules.text_reading import LANGUAGES, read_texts
from services.notices.rules.texts import Text
from shared.contracts.notices import Occasion, Recipient
from shared.deadlines.in_words import Language
from shared.policy.policies import load_policies
from tests.unit.notices.texts.readability import lix, reading_ease, syllables

POLICY = load_policies().at(datetime.fromisoformat("2027-03-01T10:00+01:00"))
TEXTS = load_texts()


class Told(NamedTuple):
    """One message in one language."""

    occasion: Occasion
    recipient: Recipient
    code: str | None
    language: Language

    @property
    def text(self) -> Text:
        return preview(TEXTS, self.occasion, self.recipient, self.language, self.code, POLICY)


def every_message() -> Iterator[Told]:
    for occasion, need in NEEDS.items():
        for recipient, code in need.variants():
            yield from (Told(occasion, recipient, code, language) for language in LANGUAGES)


MESSAGES = list(every_message())


def named(told: Told) -> str:
    return "-".join(str(part) for part in told if part)


def prose(told: Told) -> str:
    """The text without its links and without the topic's name, which nobody here can make shorter."""
    topic = example_values(told.occasion, told.language, told.code, POLICY)["topic"]
    return re.sub(r"https?://\S+", "", told.text.plain).replace(str(topic), "")


def test_every_occasion_is_told_to_whom_its_rule_says() -> None:
    assert {name: frozenset(rule.recipients) for name, rule in OCCASIONS.items()} == {
        name: need.recipients for name, need in NEEDS.items()
    }


@pytest.mark.parametrize("told", [one for one in MESSAGES if one.language == "da"], ids=named)
def test_danish_reads_like_a_newspaper(told: Told) -> None:
    assert lix(prose(told)) < 40


@pytest.mark.parametrize("told", [one for one in MESSAGES if one.language == "en"], ids=named)
def test_english_is_plain(told: Told) -> None:
    assert reading_ease(prose(told)) >= 60


def test_the_measures_are_those_that_were_published() -> None:
    assert lix("Det er en prøve. Den er kort.") == pytest.approx(3.5)
    assert lix("Arbejdsmiljøet forbedres løbende.") == pytest.approx(3 + 100 * 3 / 3)
    assert [syllables(word) for word in ("the", "agreement", "authority", "needed", "place")] == [1, 3, 4, 2, 1]
    assert reading_ease("The cat sat on the mat.") == pytest.approx(206.835 - 1.015 * 6 - 84.6)


OFFERS = (Occasion.OFFER_WAITING, Occasion.OFFER_NOT_OPENED, Occasion.OFFER_HALFWAY, Occasion.OFFER_ENDS_SOON)
FIRST = {"da": ("ikke et påbud", "nej"), "en": ("not an order", "no")}


@pytest.mark.rule("R1", "R5")
@pytest.mark.parametrize("told", [one for one in MESSAGES if one.occasion in OFFERS], ids=named)
def test_an_offer_says_first_that_it_is_no_order_and_that_one_may_say_no(told: Told) -> None:
    first_paragraph = " ".join(told.text.plain.split("\n\n")[0].split())
    for words in FIRST[told.language]:
        assert words in first_paragraph


YES = {
    "da": ("Siger I ja, skal I selv løse", "påbud", "nye aftaler"),
    "en": ("If you say yes, you must", "order", "new agree"),
}
NO = {
    "suspicion": {"da": "Siger I nej, kommer vi på et nyt besøg", "en": "If you say no, we come for a new visit"},
    "spread": {"da": "Siger I nej, giver vi et påbud", "en": "If you say no, we give an order"},
}


@pytest.mark.rule("R1", "R7", "R22")
@pytest.mark.parametrize("told", [one for one in MESSAGES if one.occasion in OFFERS], ids=named)
def test_an_offer_says_what_a_yes_binds_to_beside_what_a_no_brings(told: Told) -> None:
    assert told.code is not None
    read = [" ".join(one.split()) for one in told.text.plain.split("\n\n")]
    no = next(number for number, one in enumerate(read) if one.startswith(NO[told.code][told.language]))
    said_of_yes = " ".join(read[2:no])
    for words in YES[told.language]:
        assert words in said_of_yes


MAY_KNOW = {
    "announced": {"da": "Virksomheden kender dagen.", "en": "the company knows the day."},
    "unannounced": {"da": "Virksomheden må ikke kende dagen.", "en": "the company must not know the day."},
}


@pytest.mark.rule("R18")
@pytest.mark.parametrize("told", [one for one in MESSAGES if one.occasion is Occasion.CONTROL_SOON], ids=named)
def test_whoever_goes_reads_whether_the_company_may_know_the_day(told: Told) -> None:
    read = " ".join(told.text.plain.split())
    assert [code for code, words in MAY_KNOW.items() if words[told.language] in read] == [told.code]


HIDDEN = {"da": ("uanmeldt", "uvarslet"), "en": ("unannounced", "hidden")}


@pytest.mark.rule("R18")
@pytest.mark.parametrize("told", [one for one in MESSAGES if one.recipient in COMPANY], ids=named)
def test_no_company_reads_of_visits_that_are_not_announced(told: Told) -> None:
    about_visits = {Occasion.CONTROL_ANNOUNCED, Occasion.CONTROL_CANCELLED}
    assert (
        told.occasion in about_visits
        or not NEEDS[told.occasion].values & {"time"}
        or (told.occasion is Occasion.MEETING_IN_A_WEEK)
    )
    for word in HIDDEN[told.language]:
        assert word not in told.text.plain.lower()


@pytest.mark.parametrize("told", MESSAGES, ids=named)
def test_every_message_has_its_link_and_no_place_that_was_not_filled_in(told: Told) -> None:
    text = told.text
    assert "https://portal.example/cases/7f3a91c2" in text.plain
    assert "https://portal.example/cases/7f3a91c2" in text.html
    assert not re.search(r"[{}]", text.plain + text.subject)
    assert "\n" not in text.subject
    assert f'lang="{told.language}"' in text.html


def test_what_others_wrote_cannot_be_a_part_of_the_message() -> None:
    told = Told(Occasion.OFFER_WAITING, Recipient.UNIT_MANAGER, "suspicion", "en")
    values = dict(example_values(told.occasion, told.language, told.code, POLICY))
    values["unit"] = "<script>alert(1)</script>\nBcc: https://evil.example"
    text = TEXTS.render(told.occasion, told.recipient, told.language, values)
    assert "<script>" not in text.html
    assert "\nBcc" not in text.plain
    assert "https://evil" not in text.plain


@pytest.mark.parametrize(("name", "value"), [("day", None), ("telephone", None), ("colour", "red")])
def test_a_value_that_is_missing_or_that_no_text_names_is_refused(name: str, value: str | None) -> None:
    values = dict(example_values(Occasion.OFFER_WAITING, "en", "suspicion", POLICY))
    if value is None:
        del values[name]
    else:
        values[name] = value
    with pytest.raises(UnfitValues, match=name):
        TEXTS.render(Occasion.OFFER_WAITING, Recipient.UNIT_MANAGER, "en", values)


def test_an_outcome_that_has_no_words_is_refused() -> None:
    values = {**example_values(Occasion.RESULT, "en", "fulfilled", POLICY), "code": "lost"}
    with pytest.raises(UnfitValues, match="code"):
        TEXTS.render(Occasion.RESULT, Recipient.UNIT_MANAGER, "en", values)


def files() -> dict[str, str]:
    return {**contents()}


def test_a_file_that_is_missing_unknown_or_not_toml_is_named() -> None:
    broken = files()
    del broken["da/result.toml"]
    broken["en/weather.toml"] = "subject = 'It rains'"
    broken["en/result.toml"] = "subject = "
    with pytest.raises(FaultyTexts) as faulty:
        read_texts(broken)
    for name in ("da/result.toml", "en/weather.toml", "en/result.toml"):
        assert name in str(faulty.value)


def test_a_digest_names_what_cannot_wait_first() -> None:
    known = [
        Told(Occasion.OFFER_ANSWERED, Recipient.INSPECTOR, "accepted", "en").text,
        Told(Occasion.GUIDANCE_OVERDUE, Recipient.INSPECTOR, None, "en").text,
        Told(Occasion.EXTENSION_ASKED, Recipient.INSPECTOR, None, "en").text,
    ]
    digest = TEXTS.render_digest(known, "en")
    read = " ".join(digest.plain.split())
    places = [read.index(text.subject.upper()) for text in known]
    assert sorted(places) == [places[1], places[2], places[0]]
    assert digest.plain.count("https://portal.example/cases/7f3a91c2") == 3
    with pytest.raises(UnfitValues):
        TEXTS.render_digest([], "en")


def test_words_that_need_an_explanation_are_explained_to_companies() -> None:
    text = Told(Occasion.OFFER_WAITING, Recipient.UNIT_MANAGER, "suspicion", "da").text.plain
    sentence = next(one for one in " ".join(text.split()).split(". ") if "påbud" in one)
    assert re.search(r"påbud\w* [(–-]", sentence)
