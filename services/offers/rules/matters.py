"""Which matters of an offer still stand, for whoever is to be told of them (R3-R9, R15, R29, R34, R40)."""

from datetime import date

from services.offers.rules.phases import Ended, Open, Running, State, Unsent
from shared.contracts.matters import STANDS, StandingMatter
from shared.contracts.notices import Occasion
from shared.contracts.offers import Lapsed
from shared.contracts.public_forms import Withdrawn


def standing(state: State, occasion: Occasion, about: str) -> StandingMatter | None:
    """R29: returns how a matter stands; None if it is settled, or if offers does not own matters of the occasion."""
    match occasion, state:
        case _, Unsent():
            return None
        case Occasion.OFFER_NOT_OPENED, Open(opened=True):
            return None
        case (
            Occasion.OFFER_WAITING
            | Occasion.OFFER_NOT_OPENED
            | Occasion.OFFER_HALFWAY
            | Occasion.OFFER_ENDS_SOON
            | Occasion.OFFER_TO_ASK_ABOUT,
            Open(delivered=delivered),
        ) if delivered is not None:
            return StandingMatter(deadline=delivered.response_deadline)
        case Occasion.QUESTION_ASKED, Open():
            return StandingMatter(deadline=state.delivered.response_deadline) if state.delivered else STANDS
        case Occasion.OFFER_WITHDRAWN, Ended(unaccepted=Withdrawn()):
            return STANDS
        case Occasion.OFFER_ANSWERED, Running() | Ended():
            return STANDS
        case Occasion.OFFER_LAPSED, Ended(unaccepted=Lapsed(last_day=last_day)):
            return StandingMatter(day=last_day)
        case Occasion.DELIVERY_FAILED, Open(failed=failed) if failed is not None:
            return STANDS
        case Occasion.UNIT_CHANGED, Open() if _is_undecided(state):
            return StandingMatter(day=date.fromisoformat(about.partition("/")[2]))
        case Occasion.QUARANTINE, Ended(how="breached"):
            return StandingMatter(day=date.fromisoformat(about))
        case Occasion.CASE_TAKEN_OVER, _ if state.about.inspector == about:
            return STANDS
        case ((Occasion.CONTACT_NAMED | Occasion.CONTACT_LACKS_ADDRESS), (Open() | Running())):
            return STANDS
        case _:
            return None


def _is_undecided(state: Open) -> bool:
    """R40: returns whether the unit's last change is still to be decided about."""
    changes = state.about.unit_changes
    return bool(changes) and not changes[-1].settled
