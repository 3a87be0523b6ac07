"""Values of one made-up case, to show a text before there is a case.

Its days fit together. The offer came on 1 March 2027, the yes on 17 March, the offer of guidance in May, the meeting on
26 May. The company asked for more time before 17 September and got it until 17 November. The control is on 1 December:
the agreement is fulfilled then, or breached, and the company is heard.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final

from services.notices.rules.moments import days_before
from services.notices.rules.text_lists import coming, named
from services.notices.rules.text_needs import COMMON, NEEDS
from services.notices.rules.text_values import Value
from services.notices.rules.texts import Text, Texts
from shared.contracts.notices import Occasion, Recipient
from shared.contracts.vocabulary import ContactForm
from shared.deadlines.copenhagen import local_day
from shared.deadlines.deadline import Deadline
from shared.deadlines.deadlines import (
    compliance_deadline,
    control_window,
    extended,
    guidance_due,
    hearing_deadline,
    response_deadline,
)
from shared.deadlines.in_words import Language
from shared.policy.policy import Policy

_DELIVERED: Final = datetime(2027, 3, 1, 9, tzinfo=UTC)
_ACCEPTED: Final = datetime(2027, 3, 17, 12, tzinfo=UTC)
_GRANTED: Final = datetime(2027, 9, 8, 8, tzinfo=UTC)
_DECIDED: Final = datetime(2027, 12, 1, 12, tzinfo=UTC)
_EXTENDED_TO: Final = date(2027, 11, 17)
_PERIOD_MONTHS: Final = 6
_VISIT: Final = date(2027, 12, 1)
_BEGINS: Final = time(9, 30)
_MEETING: Final = date(2027, 5, 26)
_QUARANTINE_ENDS: Final = date(2028, 12, 1)
_CHANGED: Final = date(2027, 3, 15)
_CHANGED_LATER: Final = date(2027, 6, 1)
_CHOSEN_BY: Final = date(2027, 5, 19)
_AHEAD: Final[Mapping[Occasion, Sequence[tuple[date, Occasion]]]] = {
    Occasion.CASE_TAKEN_OVER: (
        (date(2027, 5, 4), Occasion.GUIDANCE_COMING_DUE),
        (date(2027, 5, 18), Occasion.GUIDANCE_DUE),
    ),
    Occasion.CONTACT_NAMED: (
        (date(2027, 9, 3), Occasion.DOCUMENTATION_DUE_SOON),
        (date(2027, 9, 14), Occasion.DOCUMENTATION_DUE_SOON),
    ),
}
"""R18: a company reads nothing of the authority's own days."""
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
        "day": _CHANGED_LATER if str(code).startswith("agreement_") else _DAYS.get(occasion) or deadline.last_day,
        "why": deadline.explain(language),
        "time": _BEGINS,
        "when": datetime.combine(_VISIT, _BEGINS),
        "days_left": _days_left(deadline, policy),
        "form": ContactForm.VISIT.value,
        "items": _items(occasion, language),
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
            granted = extended(compliance, _EXTENDED_TO, _GRANTED, policy)
            return control_window(granted, policy, before=control_window(compliance, policy))
        case Occasion.HEARING_OPENED | Occasion.HEARING_ENDS_SOON:
            return hearing_deadline(_DECIDED, policy)
        case Occasion.EXTENSION_DECIDED if code == "granted":
            return extended(compliance, _EXTENDED_TO, _GRANTED, policy)
    return compliance


def _items(occasion: Occasion, language: Language) -> tuple[str, ...]:
    if occasion is Occasion.CONTROL_SOON:
        return (named(Occasion.EXTENSION_ASKED, language),)
    return tuple(coming(day, what, language) for day, what in _AHEAD.get(occasion, ()))


def _days_left(deadline: Deadline, policy: Policy) -> int:
    """R29: returns how long a company still has when it is told that a deadline ends soon."""
    told_at = days_before(deadline.last_day, policy.notices.ends_soon_days, policy)
    return (deadline.last_day - local_day(told_at)).days
