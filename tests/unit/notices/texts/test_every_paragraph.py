"""Every paragraph is easy to read by itself: a hard one must not hide among easy ones."""

import re
from collections.abc import Iterator
from datetime import datetime

import pytest

from services.notices.lookups.text_files import load_texts
from services.notices.rules.text_examples import example_values
from services.notices.rules.text_needs import NEEDS
from services.notices.rules.text_reading import LANGUAGES
from shared.deadlines.in_words import Language
from shared.policy.policies import load_policies
from tests.unit.notices.texts.readability import lix, reading_ease, sentences, words

TEXTS = load_texts()
POLICY = load_policies().at(datetime.fromisoformat("2027-03-01T10:00+01:00"))
MOST_WORDS = 28
FIRST_OF_THE_CASE = {"da": "Emne: ", "en": "Topic: "}
NAMED_IN_SHORT = {"topic": "it", "unit": "it", "company": "it", "authority": "we", "inspector": "she", "why": "1."}
"""What a text cannot make shorter, and the reasons of a deadline, which are not written here."""


def paragraphs(language: Language) -> Iterator[str]:
    """The paragraphs of all messages down to the names of the case, without headings, addresses and lists."""
    for occasion, need in NEEDS.items():
        for recipient, code in need.variants():
            values = {**example_values(occasion, language, code, POLICY)}
            values |= {name: short for name, short in NAMED_IN_SHORT.items() if name in values}
            plain = TEXTS.render(occasion, recipient, language, values).plain
            said = re.split(rf"\n\n{FIRST_OF_THE_CASE[language]}", plain)[0].split("\n\n")
            said = [" ".join(one.split()) for one in said if "://" not in one and not one.startswith("-")]
            yield from (one for one in said if words(one) and not one.isupper())


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_long(language: Language) -> None:
    told = {one for paragraph in paragraphs(language) for one in sentences(paragraph)}
    assert len(told) > 100
    assert [one for one in told if len(words(one)) > MOST_WORDS] == []


def test_each_paragraph_in_danish_reads_like_a_newspaper() -> None:
    assert {(round(lix(one)), one) for one in paragraphs("da") if lix(one) >= 40} == set()


def test_each_paragraph_in_english_is_plain() -> None:
    assert {(round(reading_ease(one)), one) for one in paragraphs("en") if reading_ease(one) < 60} == set()
