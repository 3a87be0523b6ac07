"""Puts together what a text needs: from the case, its parties, the owner of the matter, and the policy (R29)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.notices.lookups.owners import Parties
from services.notices.rules.message import Message, message_id, thread_id
from services.notices.rules.occasion import COMPANY
from services.notices.rules.occasions import OCCASIONS
from services.notices.rules.phases import Followed
from services.notices.rules.reader import reader_stream
from services.notices.rules.text_lists import coming, named
from services.notices.rules.text_needs import NEEDS
from services.notices.rules.text_values import Value
from services.notices.rules.texts import Text, Texts
from shared.contracts.notices import DigestBegun, MatterRaised, Occasion, Recipient
from shared.deadlines.copenhagen import local_day
from shared.deadlines.in_words import Language
from shared.http.matters import MatterView
from shared.policy.policy import Policy
from shared.reference.reference import topics

_LETTERS_OF_CASE = 8
_INSPECTOR: Mapping[Language, str] = {"da": "den tilsynsførende", "en": "the inspector"}
_ABOUT_EVERYTHING = frozenset({Occasion.CASE_TAKEN_OVER, Occasion.CONTACT_NAMED})
_OWED = frozenset(
    {Occasion.DOCUMENTATION_DUE_SOON, Occasion.EXTENSION_ASKED, Occasion.GUIDANCE_DUE, Occasion.GUIDANCE_OVERDUE}
)


@dataclass(frozen=True)
class Sendable:
    """A message, and the version of its text."""

    message: Message
    version: str


@dataclass(frozen=True)
class Wording:
    """How messages are made."""

    texts: Texts
    language: Language
    key: bytes
    """Of Message-IDs."""

    def text(self, due: "Due") -> Text:
        """R29: returns what somebody is told. Raises UnfitValues if the owner did not say what the text needs."""
        return due.text(self.texts, self.language)

    def message(self, due: "Due", text: Text, to: str) -> Message:
        """R29: returns the message about a matter to an address, always with the same id."""
        raised = due.raised
        return Message(
            message_id=message_id(self.key, raised.matter_id, 0),
            told_by=raised.agreement_id,
            to=to,
            at=due.at,
            subject=text.subject,
            text=text.plain,
            html=text.html,
            has_legal_effect=OCCASIONS[raised.occasion].has_legal_effect,
            thread_id=thread_id(self.key, raised.agreement_id),
        )

    def digest(self, texts: Sequence[Text], begun: DigestBegun, to: str, at: datetime) -> Sendable:
        """R29: returns one message for many matters to somebody at the authority, and its version."""
        digest = self.texts.render_digest(texts, self.language)
        message = Message(
            message_id=message_id(self.key, begun.digest_id, 0),
            told_by=reader_stream(begun.person_id),
            to=to,
            at=at,
            subject=digest.subject,
            text=digest.plain,
            html=digest.html,
            has_legal_effect=False,
        )
        return Sendable(message, digest.version)


@dataclass(frozen=True)
class Due:
    """A matter that is told now, with what was found out about it."""

    state: Followed
    raised: MatterRaised
    parties: Parties
    matter: MatterView
    at: datetime
    policy: Policy
    inspector: str | None
    """Name of who is responsible; None if the directory has none."""

    def text(self, texts: Texts, language: Language) -> Text:
        """R29: returns the message. Raises UnfitValues if the owner did not say what it needs."""
        need = NEEDS[self.raised.occasion]
        needed = ((name, self._value(name, language)) for name in need.values)
        told = {name: value for name, value in needed if value is not None}
        code = {"code": self.raised.code or ""} if need.codes else {}
        return texts.render(
            self.raised.occasion, self.raised.recipient, language, {**self._common(language), **told, **code}
        )

    def _common(self, language: Language) -> dict[str, Value]:
        policy, parties = self.policy, self.parties
        company = self.raised.recipient in COMPANY
        link = policy.notices.company_link if company else policy.notices.inspector_link
        topic = topics().get(parties.topic)
        named = parties.topic if topic is None else topic.danish if language == "da" else topic.english
        return {
            "authority": policy.authority.name,
            "telephone": policy.authority.telephone,
            "case": short_number(self.raised.agreement_id),
            "company": f"CVR {parties.cvr}",
            "inspector": self.inspector or _INSPECTOR[language],
            "link": link.format(case=self.raised.agreement_id),
            "p_number": parties.p_number,
            "topic": named,
            "unit": parties.unit or f"P {parties.p_number}",
        }

    def _value(self, name: str, language: Language) -> Value | None:
        matter = self.matter
        match name:
            case "day":
                return matter.day
            case "time":
                return matter.begins
            case "when":
                return _with_time(matter)
            case "form":
                return matter.form
            case "why":
                return matter.why_da if language == "da" else matter.why_en
            case "days_left":
                return None if matter.day is None else max(0, (matter.day - local_day(self.at)).days)
            case "items":
                if self.raised.occasion is Occasion.CONTROL_SOON:
                    return owed(self.state, language)
                return ahead(self.state, self.raised.recipient, language)
            case _:
                raise ValueError(f"no text needs {name}")


def short_number(agreement_id: UUID) -> str:
    """Returns how a case is called in a subject line, until agreements have numbers: the last letters of its id."""
    return agreement_id.hex[-_LETTERS_OF_CASE:]


def ahead(state: Followed, recipient: Recipient, language: Language) -> list[str]:
    """R15, R34: returns what the recipient will be told of, each with its day, the next first."""
    days = sorted(
        (matter.next_at, matter.raised.occasion)
        for matter in state.open.values()
        if matter.next_at is not None and matter.raised.recipient is recipient
        if matter.raised.occasion not in _ABOUT_EVERYTHING
    )
    return [coming(local_day(at), occasion, language) for at, occasion in days]


def owed(state: Followed, language: Language) -> list[str]:
    """R29: returns what is still to come from the company or the authority before a visit, for whoever goes."""
    still = {matter.raised.occasion for matter in state.open.values()} & _OWED
    return [named(occasion, language) for occasion in sorted(still)]


def _with_time(matter: MatterView) -> date | None:
    """R17: returns the day, with the time of day where it is known: bookings of earlier releases have none."""
    if matter.day is None or matter.begins is None:
        return matter.day
    return datetime.combine(matter.day, matter.begins)
