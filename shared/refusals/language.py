"""Chooses between Danish and English by Accept-Language (RFC 9110)."""

from shared.deadlines.in_words import Language

UNASKED: Language = "en"
"""Language for clients that name none, as in every release so far."""


def language_of(accept_language: str | None) -> Language:
    """Returns Danish or English, whichever is preferred; English if neither is named."""
    best, weight = UNASKED, 0.0
    for part in (accept_language or "").split(","):
        tag, _, parameter = part.strip().partition(";")
        primary = tag.strip().lower().partition("-")[0]
        language: Language | None = "da" if primary == "da" else "en" if primary == "en" else None
        asked = _weight(parameter)
        if language is not None and asked > weight:
            best, weight = language, asked
    return best


def _weight(parameter: str) -> float:
    """Returns the weight of a language: 1 if none is given, 0 if it is not a number."""
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        return float(value) if name.strip().lower() == "q" else 1.0
    except ValueError:
        return 0.0
