"""Writes what a text is told in its language, and keeps what others wrote from looking like a part of it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Final

from services.notices.rules.errors import UnfitValues
from shared.contracts.vocabulary import ContactForm
from shared.deadlines.in_words import Language, day_in_words
from shared.texts.one_line import on_one_line

Value = str | int | date | datetime | time | Sequence[str]
"""A value of a text: a name or a sentence, a number, a day, a time of day or both in Copenhagen, or lines."""
ITEMS: Final = "items"
"""The one value that stands as a list of its own."""
_LONGEST_NAME: Final = 200
_NO_BREAK: Final = "\N{NO-BREAK SPACE}"
"""Keeps a telephone number on one line."""
_FORMS: Final[Mapping[Language, Mapping[str, str]]] = {
    "da": {"visit": "et besøg på arbejdspladsen", "phone": "en samtale i telefonen", "virtual": "et møde på video"},
    "en": {"visit": "a visit to the workplace", "phone": "a talk on the phone", "virtual": "a meeting by video"},
}
_DAYS: Final[Mapping[Language, tuple[str, str, str]]] = {
    "da": ("mindre end en dag", "1 dag", "dage"),
    "en": ("less than a day", "1 day", "days"),
}


def write(name: str, value: Value, language: Language) -> str:
    """Returns a value in words. Raises UnfitValues if it is not what stands under this name."""
    written = _WRITTEN.get(name, _name)(value, language)
    if written is None:
        raise UnfitValues(f"{name}: {value!r} is no {_EXPECTED.get(name, 'text of at least one character')}")
    return written


def lines(value: Value) -> tuple[str, ...]:
    """Returns the lines of a list, each on one line. Raises UnfitValues for anything else."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(on_one_line(line) for line in value)
    raise UnfitValues(f"{ITEMS}: {value!r} is no list of lines")


def _name(value: Value, _: Language) -> str | None:
    text = on_one_line(value) if isinstance(value, str) else ""
    return (text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…") or None


def _telephone(value: Value, language: Language) -> str | None:
    number = _name(value, language)
    return number and number.replace(" ", _NO_BREAK)


def _sentences(value: Value, _: Language) -> str | None:
    return (on_one_line(value) or None) if isinstance(value, str) else None


def _link(value: Value, _: Language) -> str | None:
    is_link = isinstance(value, str) and value.startswith(("https://", "http://")) and value.isprintable()
    return value if isinstance(value, str) and is_link and " " not in value else None


def _day(value: Value, language: Language) -> str | None:
    is_day = isinstance(value, date) and not isinstance(value, datetime)
    return day_in_words(value, language) if isinstance(value, date) and is_day else None


def _time(value: Value, language: Language) -> str | None:
    return value.strftime("%H.%M" if language == "da" else "%H:%M") if isinstance(value, time) else None


def _when(value: Value, language: Language) -> str | None:
    """Returns a day with its time of day, or the day alone where the time is not known."""
    if not isinstance(value, datetime):
        return _day(value, language)
    at = "kl." if language == "da" else "at"
    return f"{day_in_words(value.date(), language)} {at} {_time(value.time(), language)}"


def _days_left(value: Value, language: Language) -> str | None:
    if not isinstance(value, int) or value < 0:
        return None
    none, one, many = _DAYS[language]
    return (none, one)[value] if value < 2 else f"{value} {many}"


def _form(value: Value, language: Language) -> str | None:
    return _FORMS[language][value] if isinstance(value, str) and value in set(ContactForm) else None


_WRITTEN: Final[Mapping[str, Callable[[Value, Language], str | None]]] = {
    "link": _link,
    "telephone": _telephone,
    "why": _sentences,
    "day": _day,
    "time": _time,
    "when": _when,
    "days_left": _days_left,
    "form": _form,
}
_EXPECTED: Final[Mapping[str, str]] = {
    "link": "address that begins with https://",
    "day": "day",
    "time": "time of day",
    "when": "day, with or without a time of day",
    "days_left": "number of days from 0 on",
    "form": f"one of {', '.join(ContactForm)}",
}
