"""The letter of offers that were sent until November 2026, kept as companies have read it (R1, R23)."""

from shared.contracts.public_forms import OfferSent
from shared.contracts.vocabulary import AgreementKind
from shared.deadlines.deadline import Deadline

FIRST_VERSION = "2026-11"
"""The version that the facts of offers with this letter name."""

_BEGINNING = {
    AgreementKind.SUSPICION: """\
Arbejdstilsynet har ved tilsyn {inspection} mistanke om et problem i jeres
arbejdsmiljø (emne {topic}) på produktionsenheden {p_number}. Vi tilbyder jer
en aftale om at løse det.
""",
    AgreementKind.SPREAD: """\
Arbejdstilsynet har ved tilsyn {inspection} konstateret et problem i jeres
arbejdsmiljø (emne {topic}) på produktionsenheden {p_number}. Det samme arbejde
udføres flere steder hos jer. Vi tilbyder jer en aftale om at løse det alle de
steder, som I selv vælger: mindst én anden enhed eller afdeling.
""",
}
_AFTER_NO = {
    AgreementKind.SUSPICION: """\
Hvis I siger nej, eller ikke svarer {deadline}, er det ikke et ja: vi kommer på
et nyt tilsyn og undersøger sagen til ende. Det kan føre til et påbud.
""",
    AgreementKind.SPREAD: """\
Hvis I siger nej, eller ikke svarer {deadline}, er det ikke et ja: I får et
påbud med frist på den enhed, hvor problemet er konstateret.
""",
}
_CONTROL = {
    AgreementKind.SUSPICION: "Bagefter kontrollerer vi, om\naftalen er opfyldt.\n",
    AgreementKind.SPREAD: (
        "Bagefter kontrollerer vi et\nudsnit af stederne, og altid det, hvor problemet er konstateret.\n"
    ),
}
_LETTER = """\
Tilbud om en aftale om arbejdsmiljøet

{beginning}
Aftalen er frivillig. Den er ikke et påbud og ikke en afgørelse, og den
påvirker ikke jeres smiley.

Hvis I siger ja, har I {months} måneder til at løse problemet. Undervejs
tilbyder vi jer hjælp og vejledning: om hvordan I kan gribe opgaven an, og hvor
I kan få rådgivning. Vi rådgiver ikke selv. {control}
{after_no}
Hvis aftalen ikke er opfyldt ved kontrollen, er den misligholdt. Det fører til
et påbud med frist og til, at I ikke kan få nye aftaler i en periode.
"""


def first_letter(sent: OfferSent, deadline: Deadline | None) -> str:
    """R1, R23: returns the text of the letter as it was sent until November 2026.

    It says that the agreement is voluntary and no order, what yes, no and no answer lead to, what guidance is, and what
    a breach means.
    """
    values = {
        "inspection": sent.inspection_id,
        "topic": sent.topic,
        "p_number": sent.p_number,
        "deadline": f"senest den {deadline.last_day.isoformat()}" if deadline else "inden fristen",
    }
    return _LETTER.format(
        beginning=_BEGINNING[sent.kind].format_map(values),
        control=_CONTROL[sent.kind],
        after_no=_AFTER_NO[sent.kind].format_map(values),
        months=sent.period_months,
    )
