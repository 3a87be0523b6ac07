"""What a spread agreement includes, as the company names it at acceptance (R8, R10)."""

from datetime import timedelta
from typing import Any

import pytest

from services.offers.rules.eligibility import Quarantine, Unit
from services.offers.rules.included_places import FoundIn, NamedPlace
from shared.contracts.offers import Accepted, OfferDelivered
from shared.eventstore.events import Event
from tests.unit.offers.offer_facts import (
    AGREEMENT,
    CVR,
    IN_TIME,
    OTHER,
    SISTER,
    THIRD,
    UNIT,
    accept,
    deliver,
    given,
    place,
    sent,
    spread,
)


def history(**changes: Any) -> tuple[Event, ...]:
    offer = spread(**changes)
    return offer, given(offer).when(deliver()).one(OfferDelivered)


def accepted(*places: NamedPlace, **changes: Any) -> Accepted:
    found_in = FoundIn(changes.get("department"))
    return given(*history(**changes)).when(accept(includes=places, found_in=found_in)).one(Accepted)


def test_r10_a_spread_agreement_includes_the_place_where_it_was_found_and_those_that_are_named() -> None:
    places = accepted(place(SISTER), place(THIRD)).places
    assert [one.p_number for one in places] == [UNIT, SISTER, THIRD]
    assert places[0].place_id == AGREEMENT
    assert len({one.place_id for one in places}) == 3


def test_r10_it_includes_at_least_one_other_place() -> None:
    given(*history()).when(accept()).refused("R10", "at least one other")


def test_r10_an_agreement_on_suspicion_includes_one_place() -> None:
    offer = sent()
    delivered = given(offer).when(deliver()).one(OfferDelivered)
    given(offer, delivered).when(accept(includes=(place(),))).refused("R10", "one place only")
    assert [one.p_number for one in given(offer, delivered).when(accept()).one(Accepted).places] == [UNIT]


def test_r10_a_department_is_a_place_and_its_name_is_private() -> None:
    fact = accepted(place(SISTER, "Lager"), place(SISTER, "Butik"), department="Pakkeri")
    assert [one.is_department for one in fact.places] == [True, True, True]
    assert list((fact.place_names or {}).values()) == ["Pakkeri", "Lager", "Butik"]
    assert "Lager" not in fact.public_json()


@pytest.mark.parametrize(
    "named",
    [
        (place(SISTER), place(SISTER)),
        (place(SISTER), place(SISTER, "Lager")),
        (place(SISTER, "Lager"), place(SISTER)),
        (place(SISTER, "Lager"), place(SISTER, "Lager")),
        (place(UNIT),),
        (place(UNIT, "Lager"),),
    ],
)
def test_r10_no_place_is_named_twice_or_whole_and_in_part(named: tuple[NamedPlace, ...]) -> None:
    given(*history()).when(accept(includes=named)).refused("R10", "twice")


def test_r10_another_department_of_the_same_unit_is_another_place() -> None:
    fact = accepted(place(UNIT, "Montage"), department="Lager")
    assert [(one.p_number, one.is_department) for one in fact.places] == [(UNIT, True), (UNIT, True)]
    assert list((fact.place_names or {}).values()) == ["Lager", "Montage"]


def test_r10_the_department_where_it_was_found_is_not_named_again_nor_its_whole_unit() -> None:
    for named in (place(UNIT, "Lager"), place(UNIT)):
        accepting = accept(includes=(named,), found_in=FoundIn("Lager"))
        given(*history(department="Lager")).when(accepting).refused("R10", "twice")


def test_r10_r31_where_the_department_cannot_be_read_any_more_acceptance_is_refused_and_says_so() -> None:
    unreadable = accept(includes=(place(UNIT, "Montage"),), found_in=None)
    given(*history(department="Lager")).when(unreadable).refused("R31", "was erased")
    given(*history()).when(accept(includes=(place(SISTER),), found_in=None)).refused("R31", "was erased")


def test_r10_r31_an_offer_on_suspicion_names_no_department_so_nothing_must_be_read() -> None:
    delivered = given(sent()).when(deliver()).one(OfferDelivered)
    given(sent(), delivered).when(accept(found_in=None)).records(Accepted)


def test_r10_a_unit_of_somebody_else_or_of_nobody_is_refused() -> None:
    foreign = place(SISTER, unit=Unit(SISTER, "24256790", "day-care"))
    given(*history()).when(accept(includes=(foreign,))).refused("R10", "does not belong to")
    given(*history()).when(accept(includes=(place(SISTER, unit=None),))).refused("R10", "does not know")


def test_r10_a_unit_that_has_changed_hands_since_the_offer_is_not_accepted_for() -> None:
    given(*history()).when(accept(unit=Unit(UNIT, "24256790", "day-care"))).refused("R10", "does not belong to")


def test_r8_no_place_in_construction_in_quarantine_or_taken() -> None:
    building = place(SISTER, unit=Unit(SISTER, CVR, "construction-building"))
    given(*history()).when(accept(includes=(building,))).refused("R8", "no agreements")
    quarantined = place(SISTER, quarantines=(Quarantine(OTHER, IN_TIME + timedelta(days=1)),))
    given(*history()).when(accept(includes=(quarantined,))).refused("R8", "in quarantine")
    given(*history()).when(accept(includes=(place(SISTER, slot=None),))).refused("R8", "already has", p_number=SISTER)


def test_r8_every_unit_is_taken_once_on_the_topic_while_the_agreement_runs() -> None:
    fact = accepted(place(SISTER, "Lager"), place(SISTER, "Butik"))
    assert given(*history(), fact).reservations() == {
        f"open/{UNIT}/056/1",
        f"open/{SISTER}/056/1",
        f"open-at/{UNIT}/{AGREEMENT}",
        f"open-at/{SISTER}/{AGREEMENT}",
        f"open-of/{CVR}/{AGREEMENT}",
    }


def test_r8_a_quarantine_of_somebody_else_does_not_name_the_breach() -> None:
    standing = Quarantine(None, IN_TIME + timedelta(days=1))
    refused = given(*history()).when(accept(quarantines=(standing,), includes=(place(),)))
    refused.refused("R8", "in quarantine until")
    assert refused.refusal is not None
    assert "breach" not in refused.refusal.detail
