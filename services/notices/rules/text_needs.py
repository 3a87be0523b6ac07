"""For whom each occasion has a text, and what the text must be told."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from shared.contracts.notices import Occasion, Recipient
from shared.contracts.vocabulary import AgreementKind, ContactRole

Urgency = Literal["now", "by_day", "to_know"]
"""How soon a digest names a matter: what cannot wait, what has a day, what is only good to know."""
URGENCIES: Final[tuple[Urgency, ...]] = ("now", "by_day", "to_know")

COMMON: Final = frozenset(
    {"authority", "case", "company", "inspector", "link", "p_number", "telephone", "topic", "unit"}
)
"""What every text is told, whether it uses it or not."""
COMPANY: Final = frozenset({Recipient.UNIT_MANAGER, Recipient.LEGALLY_RESPONSIBLE, Recipient.SAFETY_REPRESENTATIVE})
"""R34: a company's contacts."""
_WHO_DECIDES: Final = frozenset({Recipient.UNIT_MANAGER, Recipient.LEGALLY_RESPONSIBLE})
_AT_THE_UNIT: Final = frozenset({Recipient.UNIT_MANAGER, Recipient.SAFETY_REPRESENTATIVE})
_INSPECTOR: Final = frozenset({Recipient.INSPECTOR})
_WITH_LEADER: Final = frozenset({Recipient.INSPECTOR, Recipient.LEADER})
_KINDS: Final = tuple(kind.value for kind in AgreementKind)
_ROLES: Final = tuple(role.value for role in ContactRole)
_ANSWERS: Final = ("accepted", "declined")
_ANNOUNCED: Final = ("announced", "unannounced")
_CHANGES: Final = ("offer_changed", "offer_ceased", "agreement_changed", "agreement_ceased")
_DAY_AND_WHY: Final = frozenset({"day", "why"})
_MEETING: Final = frozenset({"day", "time", "form"})
_VISIT: Final = frozenset({"day", "when", "form", "items"})


@dataclass(frozen=True)
class Need:
    """What the text of an occasion needs beside what every text is told."""

    recipients: frozenset[Recipient]
    values: frozenset[str] = frozenset()
    codes: tuple[str, ...] = ()
    """Outcomes or kinds that are told differently; empty if the text is the same for all."""
    urgency: Urgency = "to_know"

    def variants(self) -> Iterator[tuple[Recipient, str | None]]:
        """Yields each recipient with each code; with None if there are no codes."""
        for recipient in Recipient:
            if recipient in self.recipients:
                yield from ((recipient, code) for code in self.codes or (None,))


NEEDS: Final[Mapping[Occasion, Need]] = {
    Occasion.OFFER_WAITING: Need(COMPANY, _DAY_AND_WHY, _KINDS, "by_day"),
    Occasion.OFFER_NOT_OPENED: Need(_WHO_DECIDES, _DAY_AND_WHY, _KINDS, "by_day"),
    Occasion.OFFER_HALFWAY: Need(_WHO_DECIDES, _DAY_AND_WHY, _KINDS, "by_day"),
    Occasion.OFFER_ENDS_SOON: Need(_WHO_DECIDES, _DAY_AND_WHY | {"days_left"}, _KINDS, "by_day"),
    Occasion.OFFER_WITHDRAWN: Need(COMPANY),
    Occasion.OFFER_TO_ASK_ABOUT: Need(_INSPECTOR, frozenset({"day"}), ("not_opened", "opened"), "by_day"),
    Occasion.QUESTION_ASKED: Need(_INSPECTOR, frozenset({"day"}), urgency="by_day"),
    Occasion.OFFER_ANSWERED: Need(_INSPECTOR, codes=_ANSWERS),
    Occasion.OFFER_LAPSED: Need(_INSPECTOR, frozenset({"day"}), _KINDS),
    Occasion.DELIVERY_FAILED: Need(_INSPECTOR, urgency="now"),
    Occasion.UNIT_CHANGED: Need(_INSPECTOR, frozenset({"day"}), _CHANGES, "now"),
    Occasion.GUIDANCE_COMING_DUE: Need(_INSPECTOR, _DAY_AND_WHY, urgency="by_day"),
    Occasion.GUIDANCE_DUE: Need(_INSPECTOR, _DAY_AND_WHY, urgency="by_day"),
    Occasion.GUIDANCE_OVERDUE: Need(_WITH_LEADER, _DAY_AND_WHY, urgency="now"),
    Occasion.GUIDANCE_OFFERED: Need(_AT_THE_UNIT, frozenset({"form"})),
    Occasion.GUIDANCE_TIMES_OFFERED: Need(_AT_THE_UNIT, frozenset({"day", "form"}), urgency="by_day"),
    Occasion.GUIDANCE_ANSWERED: Need(_INSPECTOR, codes=_ANSWERS),
    Occasion.MEETING_IN_A_WEEK: Need(_AT_THE_UNIT, _MEETING, urgency="by_day"),
    Occasion.MEETING_CANCELLED: Need(_AT_THE_UNIT, codes=("meeting", "times")),
    Occasion.DOCUMENTATION_DUE_SOON: Need(_WHO_DECIDES, _DAY_AND_WHY, urgency="by_day"),
    Occasion.DOCUMENTATION_RECEIVED: Need(_INSPECTOR, codes=("complete", "part")),
    Occasion.EXTENSION_ASKED: Need(_INSPECTOR, frozenset({"day"}), urgency="by_day"),
    Occasion.EXTENSION_DECIDED: Need(_WHO_DECIDES, _DAY_AND_WHY, ("granted", "refused")),
    Occasion.CONTROL_ANNOUNCED: Need(_AT_THE_UNIT, frozenset({"day", "form"}), urgency="by_day"),
    Occasion.CONTROL_CANCELLED: Need(_AT_THE_UNIT, frozenset({"day"})),
    Occasion.CONTROL_SOON: Need(frozenset({Recipient.VISITOR}), _VISIT, _ANNOUNCED, "by_day"),
    Occasion.WINDOW_AT_RISK: Need(_WITH_LEADER, _DAY_AND_WHY, urgency="now"),
    Occasion.PLACE_NOT_FOUND: Need(_WITH_LEADER, _DAY_AND_WHY, urgency="now"),
    Occasion.RESULT: Need(COMPANY, codes=("fulfilled", "breached")),
    Occasion.HEARING_OPENED: Need(_WHO_DECIDES, _DAY_AND_WHY, urgency="by_day"),
    Occasion.HEARING_ENDS_SOON: Need(_WHO_DECIDES, _DAY_AND_WHY | {"days_left"}, urgency="by_day"),
    Occasion.HEARING_ANSWERED: Need(_INSPECTOR),
    Occasion.QUARANTINE: Need(_WHO_DECIDES, frozenset({"day"}), ("unit", "legal_entity")),
    Occasion.FOLLOW_UP: Need(_AT_THE_UNIT | _INSPECTOR),
    Occasion.CASE_TAKEN_OVER: Need(_INSPECTOR, frozenset({"items"}), urgency="now"),
    Occasion.CONTACT_NAMED: Need(COMPANY, frozenset({"items"})),
    Occasion.CONTACT_LACKS_ADDRESS: Need(_INSPECTOR, codes=_ROLES, urgency="now"),
}
