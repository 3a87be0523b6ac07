"""The facts and commands from which the tests of offers tell their stories."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from services.offers.rules.answers import Accept, Decline
from services.offers.rules.delivery import RecordDelivery, RecordFailedDelivery
from services.offers.rules.eligibility import Unit
from services.offers.rules.included_places import FoundIn, NamedPlace
from services.offers.rules.new_offer import SendOffer
from services.offers.rules.offer_decider import OFFER
from services.offers.rules.quarantine import Reach, quarantine_ends_at
from services.offers.rules.withdrawal import NoteBreach, Withdraw
from shared.contracts.offers import (
    Accepted,
    AgreementEndNoted,
    Declined,
    Lapsed,
    OfferDelivered,
    OfferSent,
    OfferTerms,
    Withdrawn,
)
from shared.contracts.vocabulary import AgreementKind, Grounds, ReactionDue, Violation
from shared.eventstore.decider import TimerDue
from shared.eventstore.events import Event, Recorded
from shared.policy.policies import load_policies
from shared.policy.policy import Policy
from tests.unit.scenario import scenarios_of

given = scenarios_of(OFFER)
POLICIES = load_policies()
AGREEMENT, OTHER = UUID(int=1), UUID(int=2)
CVR, UNIT, SISTER, THIRD = "13748136", "1003388394", "1003388395", "1003388396"
SENT_AT = datetime(2026, 3, 5, 9, tzinfo=UTC)
AVAILABLE_AT = datetime(2026, 3, 5, 11, tzinfo=UTC)
IN_TIME = datetime.fromisoformat("2026-04-07T23:59:59+02:00")
TOO_LATE = datetime.fromisoformat("2026-04-08T00:00:00+02:00")


def send(**changes: Any) -> SendOffer:
    values: dict[str, Any] = {
        "at": SENT_AT,
        "policy": POLICIES.at(SENT_AT),
        "agreement_id": AGREEMENT,
        "kind": AgreementKind.SUSPICION,
        "unit": Unit(UNIT, CVR, "day-care"),
        "cvr": CVR,
        "p_number": UNIT,
        "topic": "056",
        "inspection_id": "I-1",
        "inspector": "inspector-1",
        "period_months": 3,
        "period_reason": None,
        "observations": "Heavy lifts.",
        "photos": (),
        "quarantines": (),
        "undecided": (),
    }
    values |= changes
    told = {name: value for name, value in values.items() if name in OfferTerms.model_fields}
    others = {name: value for name, value in values.items() if name not in told}
    return SendOffer(told=OfferTerms(**told), **others)


def recorded(*facts: Event) -> list[Recorded]:
    """As they stand in the store, readable."""
    return [
        Recorded(number, AGREEMENT, number, fact, "{}", SENT_AT, SENT_AT, UUID(int=1000 + number))
        for number, fact in enumerate(facts, 1)
    ]


def sent(**changes: Any) -> OfferSent:
    return given().when(send(**changes)).one(OfferSent)


def grounds(**changes: Any) -> Grounds:
    """Of a spread agreement."""
    values: dict[str, Any] = {
        "violation": Violation.FOUND,
        "concrete": True,
        "material": True,
        "reaction_due": ReactionDue.ORDER_WITH_DEADLINE,
        "exists_elsewhere": True,
        "can_be_carried_over": True,
    }
    return Grounds(**{**values, **changes})


def spread(**changes: Any) -> OfferSent:
    """An offer of a spread agreement."""
    return sent(**{"kind": AgreementKind.SPREAD, "grounds": grounds(), **changes})


def place(p_number: str = SISTER, department: str | None = None, **changes: Any) -> NamedPlace:
    values: dict[str, Any] = {
        "place_id": uuid4(),
        "unit": Unit(p_number, CVR, "day-care"),
        "slot": 1,
        "quarantines": (),
    }
    return NamedPlace(p_number=p_number, department=department, **{**values, **changes})


def fail(at: datetime = AVAILABLE_AT) -> RecordFailedDelivery:
    return RecordFailedDelivery(at=at, reason="bounced", policy=POLICIES.at(at))


def breach(
    at: datetime, breached_at: datetime, because_of: UUID = OTHER, policy: Policy | None = None, cvr: str = CVR
) -> NoteBreach:
    """R22: of the unit, which is in quarantine for a year."""
    policy = policy or POLICIES.at(breached_at)
    reach = Reach(cvr, UNIT, quarantine_ends_at(breached_at, policy), policy.version)
    return NoteBreach(at, because_of, cvr, breached_at, policy, (reach,))


def withdraw(at: datetime = AVAILABLE_AT, reason: str = "By mistake", policy: Policy | None = None) -> Withdraw:
    return Withdraw(at, reason, policy or POLICIES.at(at))


def deliver() -> RecordDelivery:
    return RecordDelivery(at=AVAILABLE_AT, available_at=AVAILABLE_AT, policy=POLICIES.at(AVAILABLE_AT))


def delivered() -> OfferDelivered:
    return given(sent()).when(deliver()).one(OfferDelivered)


def accept(at: datetime = IN_TIME, **changes: Any) -> Accept:
    values: dict[str, Any] = {
        "acting_for": CVR,
        "person": "company-1",
        "has_read": True,
        "reason": None,
        "quarantines": (),
        "policy": POLICIES.at(at),
        "unit": Unit(UNIT, CVR, "day-care"),
        "found_in": FoundIn(None),
    }
    return Accept(at=at, **{**values, **changes})


def accepted() -> Accepted:
    return given(sent(), delivered()).when(accept()).one(Accepted)


def decline(at: datetime = IN_TIME, acting_for: str = CVR) -> Decline:
    return Decline(at=at, acting_for=acting_for, person="company-1", reason=None)


def due(name: str) -> TimerDue:
    when = given(sent(), delivered()).timers()[name]
    return TimerDue(name, when, when)


def lapsed() -> Lapsed:
    return given(sent(), delivered()).when(due("lapse")).one(Lapsed)


ENDINGS: dict[str, tuple[Event, ...]] = {
    "lapsed": (lapsed(),),
    "withdrawn": (given(sent()).when(withdraw()).one(Withdrawn),),
    "declined": (given(sent(), delivered()).when(decline()).one(Declined),),
    "fulfilled": (accepted(), AgreementEndNoted(agreement_id=AGREEMENT, outcome="fulfilled", noted_at=TOO_LATE)),
}
ANY_TIME: dict[str, tuple[Event, ...]] = {
    "sent": (),
    "delivered": (delivered(),),
    "accepted": (delivered(), accepted()),
    **{name: (delivered(), *ending) for name, ending in ENDINGS.items()},
}
