"""The sentences by which something is refused, filled with their values in the reader's language.

`sentences.csv` has a row for each text that the code refuses with, `faults.csv` one for each kind of fault in a body.
Nothing is read before the first refusal.
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


@dataclass(frozen=True)
class Sentence:
    """A text as the code refuses with it, and the values that fill its places."""

    text: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def in_language(self, language: Language) -> str:
        """As people read it. A text without a row of its own is told as it stands: another service wrote it."""
        row = sentences().get(self.text)
        return self.text if row is None else fill(row[_COLUMNS[language]], self.values, language)


@cache
def sentences() -> Mapping[str, Mapping[str, str]]:
    """Danish and English by the text in the code."""
    return _rows("sentences.csv", "text")


@cache
def faults() -> Mapping[str, str]:
    """The Danish sentence for each kind of fault in a body; the English one comes with the fault."""
    return {kind: row["danish"] for kind, row in _rows("faults.csv", "type").items()}


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    return _rows("words.csv", "code")


def _rows(file: str, key: str) -> Mapping[str, Mapping[str, str]]:
    with (FOLDER / file).open(encoding="utf-8", newline="") as lines:
        return {row[key]: row for row in csv.DictReader(lines)}


def fault_in_danish(kind: str, values: Mapping[str, Any]) -> str:
    """What is wrong with a part of a body. `error` is a sentence of our own where a validator of ours says it."""
    if kind == "extra_forbidden" and "unknown" in values:  # of a value inside a body, which names them itself
        kind = "unknown_fields"
    told = {**values, "error": Sentence(str(values["error"])).in_language("da")} if "error" in values else values
    return fill(faults().get(kind, "er ikke gyldig"), told, "da")


def fill(template: str, values: Mapping[str, Any], language: Language) -> str:
    """A template with its values: `{until:last_day}` is a day in Copenhagen, `{topic:topics}` the name of a topic."""
    return _InLanguage(language).vformat(template, (), values)


class _InLanguage(Formatter):
    def __init__(self, language: Language) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        """Each place says what its value is; a place that says nothing takes it as it is written."""
        if format_spec in KINDS:
            return KINDS[format_spec](value, self._language)
        if format_spec in CODE_LISTS:
            return _named(CODE_LISTS[format_spec](), value, self._language)
        return str(value) if not format_spec else super().format_field(value, format_spec)


def _day(value: date | str, language: Language) -> str:
    told = _read(value)
    return date_in_words(local_day(told) if isinstance(told, datetime) else told, language)


def _last_day(value: datetime | str, language: Language) -> str:
    """The day before an exclusive end: what ends at midnight in Copenhagen ends with the day before."""
    told = _read(value)
    return _day(told - timedelta(microseconds=1) if isinstance(told, datetime) else told, language)


def _moment(value: datetime | str, language: Language) -> str:
    told = _read(value)
    return instant_in_words(told, language) if isinstance(told, datetime) else date_in_words(told, language)


def _word(value: Any, language: Language) -> str:
    """Words for what a case or a form is called in the code; several are parted by ` or `."""
    parts = str(value).split(" or ")
    told = [_words()[part][_COLUMNS[language]] if part in _words() else part for part in parts]
    return (" eller " if language == "da" else " or ").join(told)


def _read(value: date | str) -> date:
    """A day or an instant, also where a refusal carries it as text."""
    if isinstance(value, str):
        return datetime.fromisoformat(value) if "T" in value or " " in value else date.fromisoformat(value)
    return value


def _named(terms: Mapping[str, Term], value: Any, language: Language) -> str:
    """The names of codes, several parted by commas; one that no list has is told as it is."""
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
"""What a place in a template may say that its value is, beside the names of code lists."""


def placeholders(template: str) -> Sequence[tuple[str, str]]:
    """The places of a template: the name of the value, and what it is."""
    return [(name, kind or "") for _, name, kind, _ in Formatter().parse(template) if name is not None]
