"""Occasions from the offer to its answer (R3-R9, R29, R40)."""

from collections.abc import Iterator

from services.notices.rules.moments import days_after, days_before, on
from services.notices.rules.occasion import (
    COMPANY,
    INSPECTOR,
    WHO_DECIDES,
    Given,
    OccasionRule,
    When,
    at_once,
    ends,
)
from shared.contracts.control import AgreementUnitChanged
from shared.contracts.notices import Occasion
from shared.contracts.offers import (
    Declined,
    DeliveryFailed,
    Lapsed,
    OfferDelivered,
    OfferOpened,
    OfferUnansweredHalfway,
    OfferUnitChanged,
)
from shared.contracts.public_forms import Accepted, DeliveryCorrected, QuestionAsked, Withdrawn
from shared.deadlines.copenhagen import local_day

_ANSWERED = (Accepted, Declined, Lapsed, Withdrawn)


def _waiting(fact: OfferDelivered | DeliveryCorrected, given: Given) -> Iterator[When]:
    """R1, R29: everybody is told at once that an offer can be read, for as long as it can be answered."""
    yield When(given.at, fact.response_deadline.ends_at, code=given.kind)


def _not_opened(fact: OfferDelivered | DeliveryCorrected, given: Given) -> Iterator[When]:
    """R5: some days after the offer could be read."""
    due = days_after(local_day(fact.available_at), given.policy.notices.not_opened_days, given.policy)
    yield When(due, fact.response_deadline.ends_at, code=given.kind)


def _halfway(fact: OfferDelivered | DeliveryCorrected, given: Given) -> Iterator[When]:
    """R5: when half of the time to answer has passed."""
    due = days_after(local_day(fact.halfway_at), 0, given.policy)
    yield When(due, fact.response_deadline.ends_at, code=given.kind)


def _ends_soon(fact: OfferDelivered | DeliveryCorrected, given: Given) -> Iterator[When]:
    """R3, R29: some days before the last day to answer."""
    deadline = fact.response_deadline
    due = days_before(deadline.last_day, given.policy.notices.ends_soon_days, given.policy)
    yield When(due, deadline.ends_at, code=given.kind)


def _lapsed(_: Lapsed, given: Given) -> Iterator[When]:
    yield given.at_once(code=given.kind)


def _answered(fact: Accepted | Declined, given: Given) -> Iterator[When]:
    yield given.at_once(code="accepted" if isinstance(fact, Accepted) else "declined")


def _unit_changed(fact: OfferUnitChanged | AgreementUnitChanged, given: Given) -> Iterator[When]:
    """R40: the inspector decides what becomes of the offer or agreement, unless the change has settled itself."""
    if not fact.settled:
        about = f"{fact.p_number}/{fact.holds_from.isoformat()}"
        what = "offer" if isinstance(fact, OfferUnitChanged) else "agreement"
        yield given.at_once(about, code=f"{what}_{'ceased' if fact.ceased else 'changed'}")


def _ask(fact: OfferUnansweredHalfway, given: Given) -> Iterator[When]:
    """R5: in the next morning, so that the inspector can telephone."""
    code = "opened" if fact.opened else "not_opened"
    yield When(on(local_day(given.at), given.policy), given.at_once().latest_at, code=code)


def _question(fact: QuestionAsked, given: Given) -> Iterator[When]:
    """R5: the inspector makes contact, also where the company has asked before."""
    yield given.at_once(about=str(fact.question_id))


_DELIVERED = (OfferDelivered, DeliveryCorrected)
OCCASIONS = (
    OccasionRule(
        Occasion.OFFER_WAITING,
        "R1, R29, R34",
        COMPANY,
        raised_by=dict.fromkeys(_DELIVERED, _waiting),
        ended_by=ends(*_ANSWERED),
    ),
    OccasionRule(
        Occasion.OFFER_NOT_OPENED,
        "R5",
        WHO_DECIDES,
        raised_by=dict.fromkeys(_DELIVERED, _not_opened),
        ended_by=ends(OfferOpened, *_ANSWERED),
    ),
    OccasionRule(
        Occasion.OFFER_HALFWAY,
        "R5",
        WHO_DECIDES,
        raised_by=dict.fromkeys(_DELIVERED, _halfway),
        ended_by=ends(*_ANSWERED),
    ),
    OccasionRule(
        Occasion.OFFER_ENDS_SOON,
        "R3, R29",
        WHO_DECIDES,
        raised_by=dict.fromkeys(_DELIVERED, _ends_soon),
        ended_by=ends(*_ANSWERED),
    ),
    OccasionRule(
        Occasion.OFFER_WITHDRAWN,
        "R8, R9",
        COMPANY,
        raised_by={Withdrawn: at_once},
        has_legal_effect=True,
    ),
    OccasionRule(
        Occasion.OFFER_TO_ASK_ABOUT,
        "R5",
        INSPECTOR,
        raised_by={OfferUnansweredHalfway: _ask},
        ended_by=ends(*_ANSWERED),
    ),
    OccasionRule(
        Occasion.QUESTION_ASKED,
        "R5",
        INSPECTOR,
        raised_by={QuestionAsked: _question},
        ended_by=ends(*_ANSWERED),
    ),
    OccasionRule(
        Occasion.OFFER_ANSWERED,
        "R7, R10, R29",
        INSPECTOR,
        raised_by=dict.fromkeys((Accepted, Declined), _answered),
    ),
    OccasionRule(Occasion.OFFER_LAPSED, "R6", INSPECTOR, raised_by={Lapsed: _lapsed}),
    OccasionRule(
        Occasion.DELIVERY_FAILED,
        "R4",
        INSPECTOR,
        raised_by={DeliveryFailed: at_once},
        ended_by=ends(OfferDelivered, *_ANSWERED),
        at_once=True,
    ),
    OccasionRule(
        Occasion.UNIT_CHANGED,
        "R40",
        INSPECTOR,
        raised_by=dict.fromkeys((OfferUnitChanged, AgreementUnitChanged), _unit_changed),
        ended_by=ends(*_ANSWERED),
    ),
)
