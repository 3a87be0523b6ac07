"""Days, times of day and lengths as people write them in Danish and English."""

from datetime import date, datetime
from typing import Final, Literal

from shared.deadlines.copenhagen import COPENHAGEN

Language = Literal["da", "en"]

_MONTHS_DA: Final = (
    *("januar", "februar", "marts", "april", "maj", "juni"),
    *("juli", "august", "september", "oktober", "november", "december"),
)
_MONTHS_EN: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEEKDAYS_DA: Final = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag")
_WEEKDAYS_EN: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def date_in_words(day: date, language: Language) -> str:
    """Returns a date in words: `7. april 2026` or `7 April 2026`."""
    if language == "da":
        return f"{day.day}. {_MONTHS_DA[day.month - 1]} {day.year}"
    return f"{day.day} {_MONTHS_EN[day.month - 1]} {day.year}"


def day_in_words(day: date, language: Language) -> str:
    """Returns a date with its weekday: `tirsdag den 7. april 2026` or `Tuesday 7 April 2026`."""
    if language == "da":
        return f"{_WEEKDAYS_DA[day.weekday()]} den {date_in_words(day, language)}"
    return f"{_WEEKDAYS_EN[day.weekday()]} {date_in_words(day, language)}"


def instant_in_words(instant: datetime, language: Language) -> str:
    """Returns an instant as Copenhagen time: `7. april 2026 kl. 14.05` or `7 April 2026 at 14:05`."""
    local = instant.astimezone(COPENHAGEN)
    clock = local.strftime("kl. %H.%M" if language == "da" else "at %H:%M")
    return f"{date_in_words(local.date(), language)} {clock}"
