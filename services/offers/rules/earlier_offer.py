"""A spread offer that follows an earlier one: an inspection after a no found the violation (R7)."""

from uuid import UUID

from services.offers.rules.phases import Ended, State, Unsent, how_it_stands
from shared.contracts.offers import Declined, Lapsed
from shared.contracts.vocabulary import AgreementKind
from shared.eventstore.decider import every_fault
from shared.eventstore.errors import Refused


def refuse_what_follows_from_nothing(
    earlier: State | None, follows: UUID, kind: AgreementKind, about: tuple[str, str, str]
) -> None:
    """R7: refuses an offer unless it is a spread one that follows an unaccepted one on suspicion.

    `about` names the legal entity, the unit and the topic of the new offer, where the suspected violation was found.
    The earlier offer must have been about them too.
    """
    if earlier is None or isinstance(earlier, Unsent):
        raise Refused("R7", "no offer {follows} is known from which another could follow", follows=follows)
    sent = earlier.sent
    with every_fault() as check:
        with check:
            if (sent.cvr, sent.p_number, sent.topic) != about:
                raise Refused("R7", "offer {follows} was of another legal entity, unit or topic", follows=follows)
        with check:
            if kind is not AgreementKind.SPREAD or sent.kind is not AgreementKind.SUSPICION:
                why = "only a spread agreement follows, and only from a no to one on suspicion"
                raise Refused("R7", why, follows=follows)
        with check:
            if not (isinstance(earlier, Ended) and isinstance(earlier.unaccepted, Declined | Lapsed)):
                raise Refused(
                    "R7",
                    "offer {follows} was not declined and has not lapsed: {how}",
                    follows=follows,
                    how=how_it_stands(earlier),
                )
