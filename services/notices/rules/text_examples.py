"""Values of made-up cases, to show a text before there is a case."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final

from services.notices.rules.text_needs import COMMON, NEEDS
from services.notices.rules.text_values import Value
from services.notices.rules.texts import Text, Texts
from shared.contracts.notices import Occasion, Recipient
from shared.contracts.vocabulary import ContactForm
from shared.deadlines.deadline import Deadline
from shared.deadlines.deadlines import (
    compliance_deadline,
    control_window,
    extended,
    guidance_due,
    hearing_deadline,
    response_deadline,
)
from shared.deadlines.in_words import Language, day_in_words
from shared.policy.policy import Policy

_DELIVERED: Final = datetime(2027, 3, 1, 9, tzinfo=UTC)
_ACCEPTED: Final = datetime(2027, 3, 17, 12, tzinfo=UTC)
_DECIDED: Final = datetime(2027, 10, 13, 10, tzinfo=UTC)
_GRANTED: Final = datetime(2027, 9, 1, 8, tzinfo=UTC)
_EXTENDED_TO: Final = date(2027, 11, 17)
_PERIOD_MONTHS: Final = 6
_VISIT: Final = date(2027, 10, 13)
_MEETING: Final = date(2027, 5, 26)
_QUARANTINE_ENDS: Final = date(2028, 10, 13)
_CHANGED: Final = date(2027, 6, 1)
_CHOSEN_BY: Final = date(2027, 5, 19)
_LINES: Final[Mapping[Language, str]] = {
    "da": "Vejledning skal tilbydes senest {guidance}.|Dokumentation skal være sendt senest {deadline}.",
    "en": "Guidance has to be offered by {guidance}.|Documentation has to be sent by {deadline}.",
}
_FOR_COMPANY: Final[Mapping[Language, str]] = {
    "da": "Vejledning er tilbudt. Svar ja eller nej i portalen.|Dokumentation skal være sendt senest {deadline}.",
    "en": "Guidance is offered. Say yes or no in the portal.|Documentation has to be sent by {deadline}.",
}
"""R18: without the authority's own days."""
_OWED: Final[Mapping[Language, str]] = {
    "da": "Dokumentation, som skulle være sendt senest {deadline}.",
    "en": "Documentation that should have been sent by {deadline}.",
}
_NAMES: Final[Mapping[Language, Mapping[str, str]]] = {
    "da": {"topic": "Støj i produktionen", "unit": "Nordby Bageri", "company": "Nordby Brød ApS"},
    "en": {"topic": "Noise in production", "unit": "Nordby Bakery", "company": "Nordby Bread Ltd"},
}


def example_values(occasion: Occasion, language: Language, code: str | None, policy: Policy) -> Mapping[str, Value]:
    """Returns values of a made-up case, as the text of an occasion needs them."""
    deadline = _deadline(occasion, code, policy)
    known: Mapping[str, Value | None] = {
        **_NAMES[language],
        "p_number": "1003388394",
        "link": "https://portal.example/cases/7f3a91c2",
        "inspector": "Anna Holm",
        "telephone": policy.authority.telephone,
        "authority": policy.authority.name,
        "case": "7f3a91c2",
        "code": code,
        "day": _DAYS.get(occasion) or deadline.last_day,
        "why": deadline.explain(language),
        "time": time(9, 30),
        "days_left": 3,
        "form": ContactForm.VISIT.value,
        "items": _items(occasion, language, policy),
    }
    wanted = COMMON | NEEDS[occasion].values | {"code"}
    return {name: value for name, value in known.items() if name in wanted and value is not None}


def preview(
    texts: Texts, occasion: Occasion, recipient: Recipient, language: Language, code: str | None, policy: Policy
) -> Text:
    """R29: returns the message about an occasion in a made-up case. Raises UnfitValues if there is no such message."""
    return texts.render(occasion, recipient, language, example_values(occasion, language, code, policy))


@dataclass(frozen=True)
class Example:
    """A message in a made-up case."""

    recipient: Recipient
    code: str | None
    """The outcome or kind; None if the text is the same for all."""
    text: Text


def example_of(
    texts: Texts, occasion: Occasion, language: Language, policy: Policy, recipient: Recipient | None, code: str | None
) -> Example:
    """R29: returns a message as `preview` does: for the first recipient and outcome where none is named.

    Raises UnfitValues if there is no such message.
    """
    first, first_code = next(NEEDS[occasion].variants())
    to, outcome = recipient or first, code or first_code
    return Example(to, outcome, preview(texts, occasion, to, language, outcome, policy))


_DAYS: Final[Mapping[Occasion, date]] = {
    Occasion.UNIT_CHANGED: _CHANGED,
    Occasion.GUIDANCE_TIMES_OFFERED: _CHOSEN_BY,
    Occasion.MEETING_IN_A_WEEK: _MEETING,
    Occasion.CONTROL_ANNOUNCED: _VISIT,
    Occasion.CONTROL_CANCELLED: _VISIT,
    Occasion.CONTROL_SOON: _VISIT,
    Occasion.QUARANTINE: _QUARANTINE_ENDS,
}


def _deadline(occasion: Occasion, code: str | None, policy: Policy) -> Deadline:
    """Returns the deadline that an occasion belongs to; the compliance deadline if it belongs to no other."""
    compliance = compliance_deadline(_ACCEPTED, _PERIOD_MONTHS, policy)
    match occasion:
        case (
            Occasion.OFFER_WAITING
            | Occasion.OFFER_NOT_OPENED
            | Occasion.OFFER_HALFWAY
            | Occasion.OFFER_ENDS_SOON
            | Occasion.OFFER_TO_ASK_ABOUT
            | Occasion.QUESTION_ASKED
            | Occasion.OFFER_LAPSED
        ):
            return response_deadline(_DELIVERED, policy)
        case Occasion.GUIDANCE_COMING_DUE | Occasion.GUIDANCE_DUE | Occasion.GUIDANCE_OVERDUE:
            return guidance_due(_ACCEPTED, compliance, policy)
        case Occasion.WINDOW_AT_RISK | Occasion.PLACE_NOT_FOUND:
            return control_window(compliance, policy)
        case Occasion.HEARING_OPENED | Occasion.HEARING_ENDS_SOON:
            return hearing_deadline(_DECIDED, policy)
        case Occasion.EXTENSION_DECIDED if code == "granted":
            return extended(compliance, _EXTENDED_TO, _GRANTED, policy)
    return compliance


def _items(occasion: Occasion, language: Language, policy: Policy) -> tuple[str, ...]:
    compliance = compliance_deadline(_ACCEPTED, _PERIOD_MONTHS, policy)
    days = {
        "guidance": day_in_words(guidance_due(_ACCEPTED, compliance, policy).last_day, language),
        "deadline": day_in_words(compliance.last_day, language),
    }
    lines = {Occasion.CONTROL_SOON: _OWED, Occasion.CONTACT_NAMED: _FOR_COMPANY}.get(occasion, _LINES)
    return tuple(line.format(**days) for line in lines[language].split("|"))
