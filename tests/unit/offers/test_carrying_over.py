"""A running agreement is carried over to the legal entity that has its unit now, with its consent (R40)."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.offers.rules.delivery import RecordDelivery
from services.offers.rules.eligibility import Unit
from services.offers.rules.included_places import FoundIn, NamedPlace
from services.offers.rules.letter import letter
from services.offers.rules.offer_decider import OFFER
from services.offers.rules.phases import State
from services.offers.rules.unit_changes import NoteUnitChanges, Owner
from shared.contracts.offers import (
    Accepted,
    AgreementEndNoted,
    OfferDelivered,
    OfferSent,
    UnitChangeNoted,
    ViolationNoted,
)
from shared.contracts.vocabulary import AgreementKind
from shared.eventstore.events import Event
from tests.public_form import public
from tests.unit.offers.offer_facts import (
    AGREEMENT,
    CVR,
    OTHER,
    SISTER,
    THIRD,
    TOO_LATE,
    UNIT,
    accept,
    accepted,
    deliver,
    delivered,
    given,
    grounds,
    place,
    send,
    sent,
    spread,
)
from tests.unit.scenario import Outcome

pytestmark = pytest.mark.rule("R40")
BUYER = "24256790"
NOW = TOO_LATE + timedelta(days=1)


def running(*since: Event) -> tuple[Event, ...]:
    return sent(), delivered(), accepted(), *since


def changed(to: str | None = BUYER) -> UnitChangeNoted:
    owners = {UNIT: (Owner(date(2020, 1, 1), CVR), Owner(date(2026, 4, 8), to))}
    return given(*running()).when(NoteUnitChanges(NOW, owners)).one(UnitChangeNoted)


def sold() -> State:
    return OFFER.fold(running(changed()))


def carry(carried: State | None, **changes: Any) -> Outcome:
    told: dict[str, Any] = {
        "at": NOW,
        "agreement_id": OTHER,
        "cvr": BUYER,
        "unit": Unit(UNIT, BUYER, "day-care"),
        "carries_over": AGREEMENT,
        "carried": carried,
        "slot": 2,
    }
    return given().when(send(**{**told, **changes}))


def test_it_is_an_offer_of_the_buyers_own_that_does_not_name_the_former_owners_case() -> None:
    offer = carry(sold()).one(OfferSent)
    assert (offer.cvr, offer.carries_over, offer.is_carried_over) == (BUYER, AGREEMENT, True)
    told = offer.company_data()
    assert told["is_carried_over"]
    assert "carries_over" not in told
    assert str(AGREEMENT) not in str(told)
    assert "overtager I den" in letter(public(offer), None)
    assert "overtager I den" not in letter(public(sent()), None)


def test_with_consent_it_goes_on_and_control_is_told_which_one_ends() -> None:
    offer = carry(sold()).one(OfferSent)
    delivery = RecordDelivery(at=NOW, available_at=NOW, policy=send().policy)
    arrived = given(offer).when(delivery).one(OfferDelivered)
    yes = accept(NOW, acting_for=BUYER, unit=Unit(UNIT, BUYER, "day-care"), carried=sold())
    consented = given(offer, arrived).when(yes).one(Accepted)
    assert (consented.cvr, consented.carries_over) == (BUYER, AGREEMENT)
    assert "carries_over" not in consented.company_data()
    ended = AgreementEndNoted(agreement_id=AGREEMENT, outcome="terminated", noted_at=NOW)
    too_late = accept(
        NOW, acting_for=BUYER, unit=Unit(UNIT, BUYER, "day-care"), carried=OFFER.fold(running(changed(), ended))
    )
    refused = given(offer, arrived).when(too_late)
    refused.refused("R40", "does not run: terminated")
    assert str(AGREEMENT) not in str(refused.refusal)


@pytest.mark.parametrize(
    ("carried", "changes", "reason"),
    [
        (None, {}, "never sent"),
        (OFFER.fold([sent(), delivered()]), {}, "does not run: delivered"),
        (OFFER.fold(running()), {}, "has not become a unit of"),
        (OFFER.fold(running(changed(None))), {}, "has not become a unit of"),
        (OFFER.fold(running(changed("29283958"))), {}, "has not become a unit of"),
        (sold(), {"topic": "061"}, "with its kind, unit, topic and period"),
        (sold(), {"period_months": 6}, "with its kind, unit, topic and period"),
        (sold(), {"kind": AgreementKind.SPREAD, "grounds": grounds()}, "with its kind, unit, topic and period"),
    ],
)
def test_only_what_runs_at_a_unit_that_is_the_buyers_now_and_on_the_same_terms(
    carried: State | None, changes: dict[str, Any], reason: str
) -> None:
    carry(carried, **changes).refused("R40", reason)


def test_where_the_policy_lets_nothing_be_carried_over() -> None:
    policy = send().policy
    agreement = policy.agreement.model_copy(update={"carried_over_to_new_owner": False})
    carry(sold(), policy=policy.model_copy(update={"agreement": agreement})).refused("R40", "by policy")


def test_an_offer_that_carries_nothing_over_says_so() -> None:
    assert not sent().is_carried_over
    assert accepted().carries_over is None
    assert UUID(int=1) == AGREEMENT


def spread_running(*since: Event) -> State:
    """Over two units of the seller's."""
    offer = spread()
    arrived = given(offer).when(deliver()).one(OfferDelivered)
    return OFFER.fold((offer, arrived, given(offer, arrived).when(accept(includes=(place(),))).one(Accepted), *since))


def of_spread(*p_numbers: str, to: str | None = BUYER) -> tuple[UnitChangeNoted, ...]:
    return tuple(
        UnitChangeNoted(
            agreement_id=AGREEMENT,
            p_number=p_number,
            holds_from=date(2026, 4, 8),
            noted_at=NOW,
            ceased=to is None,
            settled=False,
            cvr=to,
        )
        for p_number in p_numbers
    )


def carry_spread(carried: State) -> Outcome:
    return carry(carried, kind=AgreementKind.SPREAD, grounds=grounds())


def consents(*included: NamedPlace, carried: State) -> Outcome:
    """The buyer's yes to the offer that carries a spread agreement over."""
    offer = carry_spread(spread_running(*of_spread(UNIT, SISTER))).one(OfferSent)
    arrived = given(offer).when(RecordDelivery(at=NOW, available_at=NOW, policy=send().policy)).one(OfferDelivered)
    own = Unit(UNIT, BUYER, "day-care")
    return given(offer, arrived).when(
        accept(NOW, acting_for=BUYER, unit=own, found_in=FoundIn(None), includes=included, carried=carried)
    )


def test_a_spread_agreement_is_carried_over_whole_where_one_buyer_has_all_its_units() -> None:
    """R40, R10: the buyer names the places, and leaves out no unit that goes over."""
    sold_whole = spread_running(*of_spread(UNIT, SISTER))
    assert carry_spread(sold_whole).one(OfferSent).carries_over == AGREEMENT
    bought = Unit(SISTER, BUYER, "day-care")
    consented = consents(place(unit=bought, slot=2), carried=sold_whole).one(Accepted)
    assert (consented.carries_over, [one.p_number for one in consented.places]) == (AGREEMENT, [UNIT, SISTER])
    third = place(THIRD, unit=Unit(THIRD, BUYER, "day-care"))
    consents(third, carried=sold_whole).refused("R40", f"name {SISTER} as well", units=SISTER)


@pytest.mark.parametrize(
    ("changes", "other"),
    [
        (of_spread(UNIT), SISTER),
        ((*of_spread(UNIT), *of_spread(SISTER, to=None)), SISTER),
        ((*of_spread(UNIT), *of_spread(SISTER, to="29283958")), SISTER),
    ],
)
def test_where_only_some_units_are_the_buyers_the_refusal_says_what_to_do(
    changes: tuple[UnitChangeNoted, ...], other: str
) -> None:
    """R40: no agreement spans two legal entities, and no other one is bound by the buyer's consent."""
    carry_spread(spread_running(*changes)).refused(
        "R40", "end the agreement, and offer each owner a new one", units=other
    )


def test_nobody_carries_an_agreement_over_that_a_violation_was_found_in() -> None:
    """R14: no way out of a breach, neither when it is offered nor when the buyer consents, who is not told of it."""
    found = ViolationNoted(agreement_id=AGREEMENT, place_id=UUID(int=9), p_number=SISTER, found=True, noted_at=NOW)
    violating = spread_running(*of_spread(UNIT, SISTER), found)
    carry_spread(violating).refused("R14", "has found a violation")
    bought = Unit(SISTER, BUYER, "day-care")
    consents(place(unit=bought, slot=2), carried=violating).refused("R40", "cannot be carried over any more")
