"""Lines of the lists that messages have: what is open in a case, or comes (R15, R29, R34)."""

from datetime import date

from shared.contracts.notices import Occasion
from shared.deadlines.in_words import Language, day_in_words
from shared.reference.reference import closed_lists


def named(occasion: Occasion, language: Language) -> str:
    """Returns what an occasion is called."""
    label = closed_lists()["occasions"][occasion]
    return label.danish if language == "da" else label.english


def coming(day: date, occasion: Occasion, language: Language) -> str:
    """Returns that somebody is told of an occasion on a day."""
    return f"{day_in_words(day, language)}: {named(occasion, language)}"
