"""Fills the sentences of refusals with their values, in the reader's language.

`sentences.csv` has a row for each text with which the code refuses, `faults.csv` one for each kind of error in a body.
The files are read when something is first refused.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from shared.deadlines.copenhagen import local_day
from shared.deadlines.in_words import Language, date_in_words, instant_in_words
from shared.reference.reference import CODE_LISTS, Term

FOLDER = Path(__file__).parent
_COLUMNS: Mapping[Language, str] = {"da": "danish", "en": "english"}
NOT_VALID = "er ikke gyldig"
"""What is said in Danish of an error that has no sentence of its own."""


@dataclass(frozen=True)
class Sentence:
    """A text with which the code refuses, and the values of its placeholders."""

    text: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def in_language(self, language: Language) -> str:
        """Returns the sentence in one language; a text of another service that is not in the table stays as it is."""
        row = sentences().get(self.text)
        return self.text if row is None else fill(row[_COLUMNS[language]], self.values, language)


@cache
def sentences() -> Mapping[str, Mapping[str, str]]:
    """Returns the Danish and the English sentence, by the text in the code."""
    return _rows("sentences.csv", "text")


@cache
def faults() -> Mapping[str, str]:
    """Returns the Danish sentence for each kind of error in a body; pydantic provides the English one."""
    return {kind: row["danish"] for kind, row in _rows("faults.csv", "type").items()}


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    return _rows("words.csv", "code")


def _rows(file: str, key: str) -> Mapping[str, Mapping[str, str]]:
    with (FOLDER / file).open(encoding="utf-8", newline="") as lines:
        return {row[key]: row for row in csv.DictReader(lines)}


def fault_in_danish(kind: str, values: Mapping[str, Any]) -> str:
    """Returns in Danish what is wrong with a part of a body, without the English words of a library."""
    if kind == "extra_forbidden" and "unknown" in values:  # of a value inside a body, which names them itself
        kind = "unknown_fields"
    told = dict(values)
    if "expected" in told:  # pydantic separates the last of the codes by a word: 'a', 'b' or 'c'
        told["expected"] = str(told["expected"]).replace("' or '", "' eller '")
    if "error" in told:
        error = sentences().get(str(told["error"]))
        told["error"] = NOT_VALID if error is None else error["danish"]
    return fill(faults().get(kind, NOT_VALID), told, "da")


def fill(template: str, values: Mapping[str, Any], language: Language) -> str:
    """Fills a template: `{until:last_day}` becomes a day in Copenhagen, `{topic:topics}` the name of a topic."""
    return _InLanguage(language).vformat(template, (), values)


class _InLanguage(Formatter):
    def __init__(self, language: Language) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        """Formats a value by the kind that its placeholder names; without a kind, as it is."""
        if format_spec in KINDS:
            return KINDS[format_spec](value, self._language)
        if format_spec in CODE_LISTS:
            return _named(CODE_LISTS[format_spec](), value, self._language)
        return str(value) if not format_spec else super().format_field(value, format_spec)


def _day(value: date | str, language: Language) -> str:
    told = _read(value)
    return date_in_words(local_day(told) if isinstance(told, datetime) else told, language)


def _last_day(value: datetime | str, language: Language) -> str:
    """Returns the last day before an exclusive end: an end at midnight in Copenhagen gives the previous day."""
    told = _read(value)
    return _day(told - timedelta(microseconds=1) if isinstance(told, datetime) else told, language)


def _moment(value: datetime | str, language: Language) -> str:
    told = _read(value)
    return instant_in_words(told, language) if isinstance(told, datetime) else date_in_words(told, language)


def _word(value: Any, language: Language) -> str:
    """Returns words for a state or a form as the code names it; several names are separated by ` or `."""
    parts = str(value).split(" or ")
    told = [_words()[part][_COLUMNS[language]] if part in _words() else part for part in parts]
    return (" eller " if language == "da" else " or ").join(told)


def _read(value: date | str) -> date:
    """Returns a day or an instant, which a refusal may carry as text."""
    if isinstance(value, str):
        return datetime.fromisoformat(value) if "T" in value or " " in value else date.fromisoformat(value)
    return value


def _named(terms: Mapping[str, Term], value: Any, language: Language) -> str:
    """Returns the names of codes that are separated by commas; an unknown code is returned as it is."""
    return ", ".join(_name(terms, code, language) for code in str(value).split(", "))


def _name(terms: Mapping[str, Term], code: str, language: Language) -> str:
    term = terms.get(code)
    return code if term is None else getattr(term, _COLUMNS[language])


KINDS: Mapping[str, Callable[[Any, Language], str]] = {
    "day": _day,
    "last_day": _last_day,
    "moment": _moment,
    "word": _word,
}
"""Formats a value by the kind that a placeholder names, in addition to the names of code lists."""


def placeholders(template: str) -> Sequence[tuple[str, str]]:
    """Returns the placeholders of a template: the name of each value, and its kind."""
    return [(name, kind or "") for _, name, kind, _ in Formatter().parse(template) if name is not None]
