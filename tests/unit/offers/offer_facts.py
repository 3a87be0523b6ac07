"""The facts and commands from which the tests of offers tell their stories."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.offers.eligibility import Unit
from services.offers.offer import OFFER, Accept, Decline, RecordDelivery, SendOffer, Withdraw
from shared.contracts.offers import (
    Accepted,
    AgreementEndNoted,
    Declined,
    Lapsed,
    OfferDelivered,
    OfferSent,
    Withdrawn,
)
from shared.contracts.vocabulary import AgreementKind
from shared.kernel.decider import TimerDue
from shared.kernel.events import Event
from shared.policy.policies import load_policies
from tests.unit.scenario import scenarios_of

given = scenarios_of(OFFER)
POLICIES = load_policies()
AGREEMENT, OTHER = UUID(int=1), UUID(int=2)
CVR, UNIT = "13748136", "1003388394"
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
    }
    return SendOffer(**{**values, **changes})


def sent() -> OfferSent:
    return given().when(send()).one(OfferSent)


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
    "withdrawn": (given(sent()).when(Withdraw(AVAILABLE_AT, "x")).one(Withdrawn),),
    "declined": (given(sent(), delivered()).when(decline()).one(Declined),),
    "fulfilled": (accepted(), AgreementEndNoted(agreement_id=AGREEMENT, outcome="fulfilled", noted_at=TOO_LATE)),
}
