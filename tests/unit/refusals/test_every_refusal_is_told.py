"""Whatever refuses has a sentence in both languages, in which days are days and no id stands for a thing."""

import re
from datetime import UTC, date, datetime
from string import Formatter
from typing import Any

import pytest

from deploy.rulebook.refusals import find_refusals, kinds_of_faults
from shared.deadlines.in_words import Language
from shared.reference.reference import CODE_LISTS
from shared.refusals.sentences import KINDS, Sentence, faults, fill, placeholders, sentences

SAID = list(find_refusals())
LANGUAGES: tuple[Language, Language] = ("da", "en")
COLUMNS: dict[Language, str] = {"da": "danish", "en": "english"}
_IDS = re.compile(r"(.*_id|place|origin|agreement|follows|missing)$")
_TIMES = re.compile(r"(.*_at|at|day|.*_day|deadline|until|due|after|first|last)$")
_UUID = "01900000-0000-7000-8000-00000000000a"
_AS_SYSTEMS_WRITE = re.compile(r"\d{4}-\d\d-\d\d|T\d\d:\d\d|[0-9a-f]{8}-[0-9a-f]{4}-")


def test_every_refusal_in_the_code_has_a_sentence() -> None:
    assert len(SAID) > 150, "the walk over the code finds what refuses"
    unknown = [f"{one.file}:{one.line} {one.text}" for one in SAID if one.text is None or one.text not in sentences()]
    assert unknown == []
    assert [one.title for one in SAID if one.title is not None and one.title not in sentences()] == []


def test_no_sentence_is_left_that_nothing_refuses_with() -> None:
    used = {one.text for one in SAID} | {one.title for one in SAID}
    elsewhere = {"Refused by a rule", "Who asks?", "name units, or release all", "a case, a person, or both are needed"}
    assert set(sentences()) - used - elsewhere == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_takes_only_values_that_the_refusal_brings(language: Language) -> None:
    for text, row in sentences().items():
        assert row[COLUMNS[language]].strip(), text
        for name, kind in placeholders(row[COLUMNS[language]]):
            assert kind in {"", *KINDS, *CODE_LISTS}, (text, kind)
            assert not _IDS.fullmatch(name), f"{text}: {name} is an id, which says nothing to a reader"
            if _TIMES.fullmatch(name):
                assert kind in ("day", "last_day", "moment"), f"{text}: {name} is a time, told as people tell it"


@pytest.mark.parametrize("language", LANGUAGES)
def test_filled_in_no_sentence_shows_what_only_systems_write(language: Language) -> None:
    for text, row in sentences().items():
        template = row[COLUMNS[language]]
        told = fill(template, {name: _example(kind) for name, kind in placeholders(template)}, language)
        assert not _AS_SYSTEMS_WRITE.search(told.replace("{", "")), (text, told)
        assert not list(placeholders(told)), told


def test_both_languages_tell_the_same_values() -> None:
    for text, row in sentences().items():
        danish, english = (
            {name for _, name, _, _ in Formatter().parse(row[column]) if name} for column in ("danish", "english")
        )
        assert danish - {"why_da"} == english - {"why_en"}, text


def test_every_fault_that_a_validator_of_ours_finds_is_told_in_danish() -> None:
    found = {kind for _, kind in kinds_of_faults()}
    assert len(found) > 10
    assert found - faults().keys() == set()


@pytest.mark.rule("R8", "R22")
def test_an_end_at_midnight_in_copenhagen_is_told_as_the_day_before() -> None:
    refused = Sentence(
        "{p_number} is in quarantine until {until}",
        {"p_number": "1003388394", "until": "2024-12-30T23:00:00+00:00"},
    )
    assert "til og med 30. december 2024" in refused.in_language("da")
    assert "until the end of 30 December 2024" in refused.in_language("en")


def _example(kind: str) -> Any:
    times: dict[str, Any] = {
        "day": date(2026, 4, 7),
        "last_day": datetime(2024, 12, 30, 23, tzinfo=UTC),
        "moment": datetime(2026, 4, 7, 12, 5, tzinfo=UTC),
        "word": "running",
    }
    return times.get(kind) or (next(iter(CODE_LISTS[kind]())) if kind in CODE_LISTS else "17")


OPERATORS_READ = {
    "the policy cannot be used: {why}",
    "a source cannot be asked now: {why}",
    "a rebuild runs already: {why}",
    "another service answered: {why}",
}
"""They end with what a program says, which an operator searches for; another service has told it in their language."""


def test_no_danish_sentence_ends_in_english_words_of_a_library() -> None:
    """Nor does any other place take words that have a kind of no list."""
    of_libraries = {
        text
        for text, row in sentences().items()
        for name, kind in placeholders(row["danish"])
        if name in ("why", "error") and not kind
    }
    assert of_libraries == OPERATORS_READ
    assert [kind for kind, danish in faults().items() if ("why", "") in placeholders(danish)] == []
