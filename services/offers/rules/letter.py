"""The offer as the company reads it (R1, R22, R23); the Danish letter counts, and the English one translates it."""

from dataclasses import dataclass
from typing import Any

from services.offers.rules.letter_until_november_2026 import FIRST_VERSION, first_letter
from shared.contracts.public_forms import OfferSent
from shared.contracts.vocabulary import AgreementKind
from shared.deadlines.deadline import Deadline
from shared.deadlines.in_words import Language, day_in_words
from shared.policy.policy import Authority
from shared.reference.reference import topics

LETTER_VERSION = "2026-12"
"""Version of the texts below; facts name the version with which the offer was sent."""


_AUTHORITY = Authority()
"""The authority of policy files that do not describe it."""


@dataclass(frozen=True)
class Named:
    """Names and values of the letter that the offer does not hold; None where they are not known any more."""

    unit: str | None = None
    """Name of the unit in the business register."""
    inspector: str | None = None
    """Name of the inspector in the directory (R42)."""
    department: str | None = None
    observations: str | None = None
    quarantine_months: int = 12
    authority: Authority = _AUTHORITY
    """Who signs the letter, and how to reach the authority, by the policy of the day of the offer."""


_SUBJECT = {
    "da": "Tilbud om en aftale om arbejdsmiljøet",
    "en": "Offer of an agreement about the working environment",
}
_TO = {
    "da": "Til {company}, CVR-nummer {cvr}\nProduktionsenhed: P-nummer {p_number}{department}\nEmne: {topic}\n{number}",
    "en": "To {company}, CVR number {cvr}\nProduction unit: P-number {p_number}{department}\nTopic: {topic}\n{number}",
}
_NUMBER = {"da": "Aftalens nummer: {number}\n", "en": "Number of the agreement: {number}\n"}
_COMPANY = {"da": "virksomheden", "en": "the company"}
_INSPECTOR = {"da": "Den tilsynsførende", "en": "The inspector"}
_BEGINNING = {
    ("da", AgreementKind.SUSPICION): """\
Arbejdstilsynet har ved tilsyn {inspection} fået mistanke om et problem i jeres
arbejdsmiljø. Det handler om {topic_in_text}. Vi tilbyder jer en aftale om at
løse det.
""",
    ("da", AgreementKind.SPREAD): """\
Arbejdstilsynet har ved tilsyn {inspection} konstateret et problem i jeres
arbejdsmiljø. Det handler om {topic_in_text}. Det samme arbejde udføres flere
steder hos jer. Vi tilbyder jer en aftale om at løse det alle de steder, som I
selv vælger: mindst én anden enhed eller afdeling.
""",
    ("en", AgreementKind.SUSPICION): """\
At inspection {inspection} the Working Environment Authority came to suspect a
problem in your working environment. It concerns {topic_in_text}. We offer you
an agreement to solve it.
""",
    ("en", AgreementKind.SPREAD): """\
At inspection {inspection} the Working Environment Authority found a problem in
your working environment. It concerns {topic_in_text}. The same work is done in
several of your places. We offer you an agreement to solve it in all the places
that you choose yourselves: at least one other unit or department.
""",
}
_OBSERVED = {"da": "Det har vi set:\n\n{observations}\n", "en": "This is what we saw:\n\n{observations}\n"}
_CARRIED_OVER = {
    "da": """\
Aftalen blev indgået med den, som produktionsenheden hørte til før. Siger I ja,
overtager I den, og dens frist løber videre. Det, som den tidligere ejer har
sendt, bliver hos den.
""",
    "en": """\
The agreement was made with the company to which the production unit belonged
before. If you say yes, you take it over, and its deadline goes on. What the
former owner has sent stays with that company.
""",
}
_BODY = {
    "da": """\
Aftalen er frivillig. Den er ikke et påbud og ikke en afgørelse, og den
påvirker ikke jeres smiley.

Sådan svarer I: Den, der har ret til at handle for virksomheden, svarer ja eller
nej i virksomhedens portal {deadline} og bekræfter at have læst, hvad aftalen
er, og hvad den ikke er.{places}

Hvis I siger ja, har I {months} måneder til at løse problemet. Undervejs
tilbyder vi jer hjælp og vejledning: om hvordan I kan gribe opgaven an, og hvor
I kan få rådgivning. Vi rådgiver ikke selv. {control}

{after_no}
Hvis aftalen ikke er opfyldt ved kontrollen, er den misligholdt. Det fører til
et påbud med frist og til karantæne i {quarantine} måneder: så længe kan der
ikke tilbydes nye aftaler dér, hvor aftalen blev misligholdt.

{inspector} er jeres kontakt hos Arbejdstilsynet. I kan ringe på
{telephone}, skrive til {email} eller svare i portalen.
""",
    "en": """\
The agreement is voluntary. It is neither an order nor a decision, and it does
not affect your smiley.

How to answer: Whoever has the right to act for the company answers yes or no in
the company portal {deadline} and confirms having read what the agreement is and
what it is not.{places}

If you say yes, you have {months} months to solve the problem. On the way we
offer you help and guidance: on how you can go about it, and where you can get
advice. We do not advise you ourselves. {control}

{after_no}
If the agreement is not met at the control, it is breached. That leads to an
order with deadline and to a quarantine of {quarantine} months: for so long no
new agreements can be offered where the agreement was breached.

{inspector} is your contact at the authority. You can telephone {telephone},
write to {email} or answer in the portal.
""",
}
_END = {
    "da": "Med venlig hilsen\n\n{inspector}\n{authority}\n",
    "en": (
        "Kind regards\n\n{inspector}\n{authority}\n\nThis is a translation. The Danish letter is the one that counts.\n"
    ),
}
_PLACES = {
    ("da", AgreementKind.SUSPICION): "",
    ("da", AgreementKind.SPREAD): " I svaret nævner I de andre enheder eller afdelinger,\nsom aftalen skal omfatte.",
    ("en", AgreementKind.SUSPICION): "",
    ("en", AgreementKind.SPREAD): " The answer names the other units or departments\nthat the agreement is to include.",
}
_AFTER_NO = {
    ("da", AgreementKind.SUSPICION): """\
Hvis I siger nej, eller ikke svarer {deadline}, er det ikke et ja: vi kommer på
et nyt tilsyn og undersøger sagen til ende. Det kan føre til et påbud.
""",
    ("da", AgreementKind.SPREAD): """\
Hvis I siger nej, eller ikke svarer {deadline}, er det ikke et ja: I får et
påbud med frist på den enhed, hvor problemet er konstateret.
""",
    ("en", AgreementKind.SUSPICION): """\
If you say no, or do not answer {deadline}, that is not a yes: we come for a new
inspection and investigate the matter to its end. That may lead to an order.
""",
    ("en", AgreementKind.SPREAD): """\
If you say no, or do not answer {deadline}, that is not a yes: you get an order
with deadline for the unit where the problem was found.
""",
}
_CONTROL = {
    ("da", AgreementKind.SUSPICION): "Bagefter kontrollerer vi, om aftalen er\nopfyldt.",
    ("da", AgreementKind.SPREAD): (
        "Bagefter kontrollerer vi et udsnit af\nstederne, og altid det, hvor problemet er konstateret."
    ),
    ("en", AgreementKind.SUSPICION): "Afterwards we control whether\nthe agreement is met.",
    ("en", AgreementKind.SPREAD): (
        "Afterwards we control a sample\nof the places, and always the one where the problem was found."
    ),
}


def letter(sent: OfferSent, deadline: Deadline | None, named: Named | None = None, language: Language = "da") -> str:
    """R1, R22, R23: returns the text of the letter in a language.

    It says to whom it goes, about what, what was seen, who answers and how, and what yes, no and no answer lead to. A
    Danish letter that was sent under the first texts reads as it was sent.
    """
    if language == "da" and sent.letter_version == FIRST_VERSION:
        return first_letter(sent, deadline)
    values = _values(sent, deadline, named or Named(), language)
    kind = (language, sent.kind)
    values |= {
        "places": _PLACES[kind],
        "control": _CONTROL[kind],
        "after_no": _AFTER_NO[kind].format_map(values),
    }
    observed = _OBSERVED[language].format_map(values) if values["observations"] else ""
    parts = (
        _SUBJECT[language] + "\n",
        _TO[language].format_map(values),
        _paragraphs(_BEGINNING[kind].format_map(values)),
        observed,
        _paragraphs(_CARRIED_OVER[language]) if sent.is_carried_over else "",
        _paragraphs(_BODY[language].format_map(values)),
        _END[language].format_map(values),
    )
    return "\n".join(part for part in parts if part)


def _paragraphs(text: str) -> str:
    """Each paragraph in one line, which whoever shows the letter breaks where the page ends."""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n")) + "\n"


def _values(sent: OfferSent, deadline: Deadline | None, named: Named, language: Language) -> dict[str, Any]:
    topic = topics().get(sent.topic)
    name = sent.topic if topic is None else topic.danish if language == "da" else topic.english
    return {
        "company": named.unit or _COMPANY[language],
        "cvr": sent.cvr,
        "p_number": sent.p_number,
        "department": f" ({named.department})" if named.department else "",
        "topic": name,
        "number": _NUMBER[language].format(number=sent.number) if sent.number else "",
        "topic_in_text": name[:1].lower() + name[1:],
        "inspection": sent.inspection_id,
        "inspector": named.inspector or _INSPECTOR[language],
        "observations": named.observations or "",
        "months": sent.period_months,
        "quarantine": named.quarantine_months,
        "deadline": _until(deadline, language),
        "telephone": named.authority.telephone,
        "email": named.authority.email,
        "authority": f"{named.authority.name}, {named.authority.address}",
    }


def _until(deadline: Deadline | None, language: Language) -> str:
    if deadline is None:
        return "inden fristen" if language == "da" else "before the deadline"
    day = day_in_words(deadline.last_day, language)
    return f"senest {day}" if language == "da" else f"by {day} at the latest"
