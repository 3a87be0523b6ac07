"""A spread offer to which an inspection after a no has led: from which earlier offer it follows (R7)."""

from uuid import UUID

from services.offers.rules.phases import Ended, State, Unsent, how_it_stands
from shared.contracts.offers import Declined, Lapsed
from shared.contracts.vocabulary import AgreementKind
from shared.eventstore.decider import Refused


def refuse_what_follows_from_nothing(
    earlier: State | None, follows: UUID, kind: AgreementKind, about: tuple[str, str, str]
) -> None:
    """R7: an offer on suspicion was not accepted, and a violation of the same was found there; `about` names it.

    It is the legal entity, the unit and the topic of the new offer.
    """
    if earlier is None or isinstance(earlier, Unsent):
        raise Refused("R7", "no offer {follows} is known from which another could follow", follows=follows)
    sent = earlier.sent
    if (sent.cvr, sent.p_number, sent.topic) != about:
        raise Refused("R7", "offer {follows} was of another legal entity, unit or topic", follows=follows)
    if kind is not AgreementKind.SPREAD or sent.kind is not AgreementKind.SUSPICION:
        raise Refused("R7", "only a spread agreement follows, and only from a no to one on suspicion", follows=follows)
    if not (isinstance(earlier, Ended) and isinstance(earlier.unaccepted, Declined | Lapsed)):
        how = how_it_stands(earlier)
        raise Refused("R7", "offer {follows} was not declined and has not lapsed: {how}", follows=follows, how=how)
