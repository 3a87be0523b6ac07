"""Why a deadline is the day it is, told in plain Danish and English."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from shared.deadlines.copenhagen import local_day
from shared.deadlines.in_words import date_in_words, day_in_words

if TYPE_CHECKING:
    from datetime import date, datetime

    from shared.deadlines.deadline import Deadline, Length

_date_da: Final = partial(date_in_words, language="da")
_date_en: Final = partial(date_in_words, language="en")
_day_da: Final = partial(day_in_words, language="da")
_day_en: Final = partial(day_in_words, language="en")
EXTENDED_ITSELF: Final = "R10"
"""The rule of the one deadline that is granted a longer end (R13); others move along with it."""
_UNITS_DA: Final = {"days": ("dag", "dage"), "weeks": ("uge", "uger"), "months": ("måned", "måneder")}

_EVENTS: Final[Mapping[str, tuple[str, str]]] = {
    "OfferDelivered": (
        "tilbuddet blev tilgængeligt i virksomhedens portal",
        "the offer became available in the company portal",
    ),
    "Accepted": ("tilbuddet blev accepteret", "the offer was accepted"),
    "DocumentationReceived": (
        "den dokumentation blev modtaget, som virksomheden kalder fuldstændig",
        "the documentation that the company calls complete was received",
    ),
    "ComplianceDeadlineExpired": (
        "fristen for at løse problemet udløb",
        "the deadline for solving the problem expired",
    ),
    "HearingOpened": ("høringen begyndte", "the company was asked for its comments"),
}


def in_danish(deadline: "Deadline") -> str:
    """R27: returns why the deadline is this day, in Danish."""
    event = _EVENTS.get(deadline.anchor_event, (f"hændelsen {deadline.anchor_event} indtraf", ""))[0]
    first_day = "dagen selv tæller med" if deadline.first_day_counts else "dagen selv tæller ikke med"
    counted = f"{_length_da(deadline.length)} regnet fra {_day_da(deadline.counted_from)}, da {event}; {first_day}."
    days = ", ".join(f"{_date_da(closed.day)} ({closed.danish})" for closed in deadline.skipped)
    these = "denne dag" if len(deadline.skipped) == 1 else "disse dage"
    skipped = [f"Fristen kan ikke udløbe på en lukket dag, så {these} er sprunget over: {days}."] if days else []
    ends = _ends_of_extensions(deadline)
    extended = [
        f"Den {_date_da(local_day(one.granted_at))} blev den forlænget"
        f"{f' (regel R13, regelsæt {one.policy})' if one.policy else ''};"
        f" før var sidste dag den {_date_da(one.previous_last_day)}"
        f"{f', og med forlængelsen blev det den {_date_da(end)}' if end else ''}."
        for one, end in zip(deadline.extensions, ends, strict=True)
    ]
    sentences = [f"Sidste dag er {_day_da(deadline.last_day)}, til og med kl. 23.59 dansk tid."]
    if all(ends) and extended:
        first = f"Sidste dag var dermed den {_date_da(_first_last_day(deadline))}."
        sentences += [f"Fristen var først {counted}", first, *extended, *skipped]
    else:
        sentences += [f"Fristen er {counted}", *skipped, *extended]
    sentences += [
        f"Den er talt om den {_date_da(local_day(one.recounted_at))}, fordi kalenderen blev rettet;"
        f" før var sidste dag den {_date_da(one.previous_last_day)}."
        for one in deadline.recounts
    ]
    return " ".join([*sentences, f"Regel {deadline.rule}, regelsæt {deadline.policy}."])


def in_english(deadline: "Deadline") -> str:
    """R27: returns why the deadline is this day, in English."""
    event = _EVENTS.get(deadline.anchor_event, ("", f"the event {deadline.anchor_event} happened"))[1]
    first_day = "that day itself counts" if deadline.first_day_counts else "that day itself does not count"
    counted = f"{_length_en(deadline.length)} from {_day_en(deadline.counted_from)}, when {event}; {first_day}."
    days = ", ".join(f"{_date_en(closed.day)} ({closed.english})" for closed in deadline.skipped)
    these = "this day was" if len(deadline.skipped) == 1 else "these days were"
    skipped = [f"It cannot end on a closed day, so {these} skipped: {days}."] if days else []
    ends = _ends_of_extensions(deadline)
    extended = [
        f"It was extended on {_date_en(local_day(one.granted_at))}"
        f"{f' (rule R13, policy {one.policy})' if one.policy else ''};"
        f" before, the last day was {_date_en(one.previous_last_day)}"
        f"{f', and the grant made it {_date_en(end)}' if end else ''}."
        for one, end in zip(deadline.extensions, ends, strict=True)
    ]
    sentences = [f"The last day is {_day_en(deadline.last_day)}, until 23:59 Danish time."]
    if all(ends) and extended:
        first = f"So the last day was {_date_en(_first_last_day(deadline))}."
        sentences += [f"At first the deadline was {counted}", first, *extended, *skipped]
    else:
        sentences += [f"The deadline is {counted}", *skipped, *extended]
    sentences += [
        f"It was counted again on {_date_en(local_day(one.recounted_at))}, because the calendar was corrected;"
        f" before, the last day was {_date_en(one.previous_last_day)}."
        for one in deadline.recounts
    ]
    return " ".join([*sentences, f"Rule {deadline.rule}, policy {deadline.policy}."])


def _ends_of_extensions(deadline: "Deadline") -> "tuple[date | None, ...]":
    """R13: the last day that each grant made. None where the deadline only moved along with the one that was granted.

    Such a one (R12, R17) is still its own length from the day that it counts from, and skips days by that.
    """
    if deadline.rule != EXTENDED_ITSELF:
        return (None,) * len(deadline.extensions)
    moves = _moves(deadline)
    return tuple(
        next((day for at, day in moves if at > one.granted_at), deadline.last_day) for one in deadline.extensions
    )


def _first_last_day(deadline: "Deadline") -> "date":
    """R13, R27: the last day before anything moved it."""
    return next((day for _, day in _moves(deadline)), deadline.last_day)


def _moves(deadline: "Deadline") -> "list[tuple[datetime, date]]":
    """When the last day was moved, and what it was before, the earliest move first."""
    granted = [(one.granted_at, one.previous_last_day) for one in deadline.extensions]
    return sorted(granted + [(one.recounted_at, one.previous_last_day) for one in deadline.recounts])


def _length_da(length: "Length") -> str:
    one, many = _UNITS_DA[length.unit]
    counted = f"{length.number} {one if length.number == 1 else many}"
    return counted if length.share_of_period is None else f"{counted} ({length.share_of_period} af perioden)"


def _length_en(length: "Length") -> str:
    counted = f"{length.number} {length.unit.removesuffix('s') if length.number == 1 else length.unit}"
    return counted if length.share_of_period is None else f"{counted} ({length.share_of_period} of the period)"


TEXTS: Final[Mapping[str, Callable[["Deadline"], str]]] = {"da": in_danish, "en": in_english}
