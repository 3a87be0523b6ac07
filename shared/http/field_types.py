"""Types for fields of requests: visible text, days and instants, e-mail and telephone, and values in queries."""

import re
import unicodedata
from collections.abc import Callable
from contextvars import ContextVar
from datetime import date, datetime, time
from typing import Annotated, Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from shared.deadlines.copenhagen import local_day

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}(:\d{2}([.]\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_TIME = re.compile(r"\d{2}:\d{2}(:00)?", re.ASCII)
_LAYOUT = frozenset("\t\n\r")
_STEERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that change the direction of the text after them, so that a reader sees other words than were sent."""
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Characters whose category is a letter or symbol, but that are drawn as nothing."""
_SAYS = frozenset("LNPS")
"""Categories of visible characters: letters, numbers, punctuation and symbols."""
_PHONE = re.compile(r"[+0-9 ()./-]{4,30}")
_COUNTRY = "DK"

Span = Callable[[], tuple[date, date]]
within: ContextVar[Span | None] = ContextVar("within", default=None)
"""Returns the first and the last day that this request may name, by the policy in force; None without a service."""


def says_something(text: str) -> str:
    """Returns the text if it has at least one visible character. Raises PydanticCustomError.

    Spaces and characters without width are not visible. Control characters and those that change the direction of text
    are refused, because they can hide something.
    """
    for character in text:
        if character in _STEERING or (unicodedata.category(character) == "Cc" and character not in _LAYOUT):
            code = f"U+{ord(character):04X}"
            raise PydanticCustomError("steering_character", "holds the invisible character {code}", {"code": code})
    if not any(unicodedata.category(one)[0] in _SAYS and one not in _BLANK_LETTERS for one in text):
        raise PydanticCustomError("no_text", "says nothing: it holds only spaces or characters that cannot be seen")
    return text


def _day_written(told: Any) -> Any:
    if isinstance(told, str) and _DAY.fullmatch(told):
        try:
            return date.fromisoformat(told)
        except ValueError:
            pass
    if type(told) is date:
        return told
    raise PydanticCustomError("day", "is not a day: write it as 2026-03-05")


def _instant_written(told: Any) -> Any:
    if isinstance(told, str) and _INSTANT.fullmatch(told):
        try:
            return datetime.fromisoformat(told.upper())
        except ValueError:
            pass
    if isinstance(told, datetime):
        return told
    raise PydanticCustomError("instant", "is not an instant: write it as 2026-03-05T12:00:00+01:00, with its offset")


def _time_written(told: Any) -> Any:
    if isinstance(told, str) and _TIME.fullmatch(told):
        try:
            return time.fromisoformat(told)
        except ValueError:
            pass
    if isinstance(told, time):
        return told
    raise PydanticCustomError("local_time", "is not a time of day: write it as 08:30")


def _refuse_outside(day: date) -> None:
    span = within.get()
    if span is None:
        return
    first, last = span()
    if not first <= day <= last:
        raise PydanticCustomError(
            "day_outside",
            "is not from {first} to {last}, the days that the policy lets anybody name",
            {"first": first.isoformat(), "last": last.isoformat()},
        )


def _day_within(day: date) -> date:
    _refuse_outside(day)
    return day


def _instant_within(instant: datetime) -> datetime:
    try:
        day = local_day(instant)
    except OverflowError:  # at the ends of the calendar there is no Copenhagen time
        day = instant.date()
    _refuse_outside(day)
    return instant


def _checked_email(address: str) -> str:
    """R34: refuses what is not written as an e-mail address; does not check whether the mailbox exists."""
    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError as error:
        about: dict[str, Any] = {"why": str(error), "rule": "R34"}
        raise PydanticCustomError("email", "is not an e-mail address: {why}", about) from error
    return address


def _checked_phone(number: str) -> str:
    """R34: refuses what is not a number of the Danish plan, or, with +, of another country."""
    try:
        known = _PHONE.fullmatch(number) and phonenumbers.is_valid_number(phonenumbers.parse(number, _COUNTRY))
    except phonenumbers.NumberParseException:
        known = False
    if not known:
        why = "is not a telephone number: 8 digits of the Danish plan, or one of another country with + before it"
        raise PydanticCustomError("phone", why, {"rule": "R34"})
    return number


IsoDay = Annotated[date, BeforeValidator(_day_written)]
"""A day in ISO 8601, e.g. `2026-03-05`; a Unix time or an instant is refused."""
IsoInstant = Annotated[AwareDatetime, BeforeValidator(_instant_written)]
"""An instant in RFC 3339 with its offset; a Unix time is refused."""
LocalTime = Annotated[time, BeforeValidator(_time_written)]
"""A time of day in Copenhagen, in whole minutes, e.g. `08:30`."""
Day = Annotated[IsoDay, AfterValidator(_day_within)]
"""A day in a body, which must be one that the policy allows."""
Instant = Annotated[IsoInstant, AfterValidator(_instant_within)]
"""An instant in a body, whose day in Copenhagen must be one that the policy allows."""
Email = Annotated[str, Field(min_length=3, max_length=200), AfterValidator(_checked_email)]
"""R34: an e-mail address."""
Phone = Annotated[str, Field(min_length=4, max_length=30), AfterValidator(_checked_phone)]
"""R34: a telephone number."""
CvrParameter = Annotated[str, Field(pattern=r"^[0-9]{8}$", examples=["13748136"])]
"""A legal entity in a query; only the form is checked, because the view also holds invalid numbers of imports."""
PNumberParameter = Annotated[str, Field(pattern=r"^[0-9]{10}$", examples=["1003388394"])]
"""A production unit in a query."""
TopicParameter = Annotated[str, Field(pattern=r"^[0-9]{3}$", examples=["056"])]
"""A topic in a query; it may be unknown to the reference data, if it was imported."""
CodeParameter = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
"""A code in a query."""
PersonParameter = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(says_something)]
"""Pseudonymous id of somebody at the authority, in a query; the issuer of tokens chooses its form."""
CursorParameter = Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[A-Za-z0-9_.-]+$")]
"""The cursor that the previous page gave."""
