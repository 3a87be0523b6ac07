"""Which of the two languages a reader prefers, by Accept-Language (RFC 9110)."""

from shared.deadlines.in_words import Language

UNASKED: Language = "en"
"""For clients that name no language, as it has been since the first release."""


def language_of(accept_language: str | None) -> Language:
    """Danish or English, whichever is preferred; English where neither is named."""
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
    """1 where nothing is said, 0 for what does not read."""
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        return float(value) if name.strip().lower() == "q" else 1.0
    except ValueError:
        return 0.0
