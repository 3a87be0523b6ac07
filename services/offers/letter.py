"""The offer as the company reads it, in plain Danish (R1, R23)."""

from shared.contracts.offers import OfferSent
from shared.deadlines.deadline import Deadline

LETTER_VERSION = "2020-09"

_LETTER = """\
Tilbud om en aftale om arbejdsmiljøet

Arbejdstilsynet har ved tilsyn {inspection} mistanke om et problem i jeres
arbejdsmiljø (emne {topic}) på produktionsenheden {p_number}. Vi tilbyder jer
en aftale om at løse det.

Aftalen er frivillig. Den er ikke et påbud og ikke en afgørelse, og den
påvirker ikke jeres smiley.

Hvis I siger ja, har I {months} måneder til at løse problemet. Undervejs
tilbyder vi jer hjælp og vejledning: om hvordan I kan gribe opgaven an, og hvor
I kan få rådgivning. Vi rådgiver ikke selv. Bagefter kontrollerer vi, om
aftalen er opfyldt.

Hvis I siger nej, eller ikke svarer {deadline}, er det ikke et ja: vi kommer på
et nyt tilsyn og undersøger sagen til ende. Det kan føre til et påbud.

Hvis aftalen ikke er opfyldt ved kontrollen, er den misligholdt. Det fører til
et påbud med frist og til, at I ikke kan få nye aftaler i en periode.
"""


def letter(sent: OfferSent, deadline: Deadline | None) -> str:
    """R1: voluntary, no order; what yes, no and no answer lead to; what guidance is and is not; what a breach means."""
    return _LETTER.format(
        inspection=sent.inspection_id,
        topic=sent.topic,
        p_number=sent.p_number,
        months=sent.period_months,
        deadline=f"senest den {deadline.last_day.isoformat()}" if deadline else "inden fristen",
    )
