"""Nothing is offered to a unit where a control found a violation, until its agreement is decided (R14, R20, R30)."""

from uuid import UUID

import pytest

from services.offers.rules.agreement_ends import NoteEnd
from services.offers.rules.violations_pending_decision import NoteViolation
from shared.contracts.offers import Accepted, AgreementEndNoted, OfferDelivered, ViolationNoted
from shared.eventstore.events import Event
from tests.unit.offers.offer_facts import (
    AGREEMENT,
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
    place,
    send,
    sent,
    spread,
)

pytestmark = pytest.mark.rule("R14", "R20")


def running() -> tuple[Event, ...]:
    """A spread agreement of three units."""
    offer = spread()
    arrived = given(offer).when(deliver()).one(OfferDelivered)
    return offer, arrived, given(offer, arrived).when(accept(includes=(place(SISTER), place(THIRD)))).one(Accepted)


RUNNING = running()
ORIGIN, AT_SISTER, AT_THIRD = (one.place_id for one in RUNNING[2].places)  # type: ignore[attr-defined]


def found(place_id: UUID = AT_SISTER, *, violation: bool = True) -> NoteViolation:
    return NoteViolation(TOO_LATE, place_id, violation)


def held(*since: Event) -> set[str]:
    """The names under which a new offer finds what is not decided."""
    return {name for name in given(*RUNNING, *since).reservations() if name.startswith("undecided/")}


def test_a_violation_at_one_of_several_places_holds_its_unit_until_the_agreement_ends() -> None:
    noted = given(*RUNNING).when(found()).one(ViolationNoted)
    assert (noted.p_number, noted.found, noted.seen_by_company()) == (SISTER, True, False)
    assert held(noted) == {f"undecided/{SISTER}/{AGREEMENT}"}
    for outcome in ("breached", "fulfilled", "terminated"):
        ended = given(*RUNNING, noted).when(NoteEnd(TOO_LATE, outcome)).one(AgreementEndNoted)
        assert held(noted, ended) == set()


def test_each_place_holds_its_own_unit_and_a_control_without_a_violation_none() -> None:
    first = given(*RUNNING).when(found()).one(ViolationNoted)
    second = given(*RUNNING, first).when(found(ORIGIN)).one(ViolationNoted)
    assert held(first, second) == {f"undecided/{SISTER}/{AGREEMENT}", f"undecided/{UNIT}/{AGREEMENT}"}
    given(*RUNNING, first).when(found(AT_THIRD, violation=False)).then()


def test_it_is_noted_once_and_a_correction_takes_it_back() -> None:
    first = given(*RUNNING).when(found()).one(ViolationNoted)
    given(*RUNNING, first).when(found()).then()
    taken_back = given(*RUNNING, first).when(found(violation=False)).one(ViolationNoted)
    assert held(first, taken_back) == set()
    given(*RUNNING, first, taken_back).when(found()).records(ViolationNoted)


def test_of_one_place_alone_its_control_decides_at_once_and_what_has_ended_is_decided() -> None:
    given(sent(), delivered(), accepted()).when(found(AGREEMENT)).then()
    ended = given(*RUNNING).when(NoteEnd(TOO_LATE, "breached")).one(AgreementEndNoted)
    given(*RUNNING, ended).when(found()).then()
    given(*RUNNING).when(found(OTHER)).then()


def test_nothing_is_offered_to_a_unit_while_a_violation_there_is_not_decided() -> None:
    refused = given().when(send(undecided=(OTHER,)))
    refused.refused("R14", "until that is decided", agreement=OTHER, p_number=UNIT)
