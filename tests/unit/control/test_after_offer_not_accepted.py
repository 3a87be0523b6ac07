"""What follows a no: a new inspection and its result, or an order at once (R7)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest

from services.control.planning.rules.calendar import FreePlace
from services.control.rules.after_offer_not_accepted import (
    BookInspection,
    BookInspectionWhenDue,
    ConcludeInvestigation,
    NoteNotAccepted,
    days_in_time,
    days_too_late,
)
from shared.contracts.control import (
    InspectionPlan,
    InvestigationConcluded,
    InvestigationReport,
    NewInspectionBooked,
    OfferNotAcceptedNoted,
    OrderRequested,
)
from shared.contracts.offers import NotAccepted
from shared.contracts.vocabulary import AgreementKind, InvestigationOutcome
from tests.unit.control.control_facts import (
    AGREEMENT,
    CVR,
    INSPECTOR,
    NOISE,
    POLICIES,
    UNIT,
    at,
    free_place,
    given,
    in_calendar,
    started,
    with_told,
)

pytestmark = pytest.mark.rule("R7")
NO = at("2026-06-03")
INSPECTION = UUID(int=40)
VISIT = at("2026-06-08")


def note(kind: AgreementKind = AgreementKind.SUSPICION, how: str = "declined") -> NoteNotAccepted:
    offer = NotAccepted(kind=kind, cvr=CVR, p_number=UNIT, topic=NOISE, inspector=INSPECTOR)
    return NoteNotAccepted(NO, POLICIES.at(NO), AGREEMENT, how, offer)


def noted() -> OfferNotAcceptedNoted:
    return given().when(note()).one(OfferNotAcceptedNoted)


def inspection(
    day: str = "2026-06-08",
    place: FreePlace | None = None,
    inspection_id: UUID = INSPECTION,
    late_reason: str | None = None,
) -> BookInspection:
    plan = InspectionPlan(day=date.fromisoformat(day), late_reason=late_reason)
    return BookInspection(NO, POLICIES.at(NO), inspection_id, place or free_place(), plan)


def booked() -> NewInspectionBooked:
    return given(noted()).when(BookInspectionWhenDue(NO, POLICIES.at(NO), inspection())).one(NewInspectionBooked)


def conclude(outcome: InvestigationOutcome, on: datetime = VISIT, **changes: Any) -> ConcludeInvestigation:
    values: dict[str, Any] = {
        "at": on,
        "policy": POLICIES.at(on),
        "held_at": on,
        "inspector": INSPECTOR,
        "outcome": outcome,
        "request_id": UUID(int=41),
        "minutes_spent": 90,
        "findings": "The noise is found.",
    }
    return ConcludeInvestigation(**with_told(InvestigationReport, values | changes))


@pytest.mark.parametrize("how", ["declined", "lapsed"])
def test_a_suspicion_is_investigated_again_and_the_inspection_books_itself_at_once(how: str) -> None:
    begun = given().when(note(how=how))
    begun.records(OfferNotAcceptedNoted)
    assert begun.timers() == {"book-inspection": NO}
    done = given(noted()).when(BookInspectionWhenDue(NO, POLICIES.at(NO), inspection()))
    assert done.timers() == {}
    assert in_calendar(done) == {f"place/{INSPECTOR}/2026-06-08/slot/1"}
    assert not done.one(NewInspectionBooked).seen_by_company(), "its day is nobody's but the authority's"


def test_a_found_violation_gives_an_order_at_once() -> None:
    begun = given().when(note(AgreementKind.SPREAD))
    begun.records(OfferNotAcceptedNoted, OrderRequested)
    order = begun.one(OrderRequested)
    assert (order.rule, order.p_number, order.topic) == ("R7", UNIT, NOISE)
    assert {name.partition(":")[0] for name in begun.timers()} == {"order-reminder", "order-overdue"}


def test_a_no_is_noted_once_and_never_of_an_agreement_that_runs() -> None:
    given(noted()).when(note()).then()
    given(started()).when(note()).then()


def test_the_inspector_may_choose_another_day() -> None:
    moved = given(noted(), booked()).when(inspection("2026-06-10", inspection_id=UUID(int=42)))
    assert moved.one(NewInspectionBooked).replaces == INSPECTION
    assert in_calendar(moved) == {f"place/{INSPECTOR}/2026-06-10/slot/1"}


def test_on_a_working_day_that_is_not_over_and_within_the_policys_days() -> None:
    given(noted()).when(inspection("2026-06-02")).refused("R7", "is over")
    given(noted()).when(inspection("2026-06-05")).refused("R7", "not a working day")
    late = "2026-07-02"
    given(noted()).when(inspection(late)).refused("R7", "needs a reason", last_day=date(2026, 7, 1))
    given(noted()).when(inspection(late, late_reason="forgot")).refused("R7", "needs a reason")
    explained = given(noted()).when(inspection(late, late_reason="illness")).one(NewInspectionBooked)
    assert explained.late_reason == "illness"
    in_time = given(noted()).when(inspection("2026-07-01", late_reason="illness")).one(NewInspectionBooked)
    assert in_time.late_reason is None


def test_days_to_draw_from_are_working_days_from_tomorrow_on() -> None:
    state = given(noted()).state
    days = days_in_time(state, NO, POLICIES.at(NO))
    assert (days[:3], days[-1]) == ([date(2026, 6, 4), date(2026, 6, 8), date(2026, 6, 9)], date(2026, 7, 1))
    late = days_too_late(state, NO, POLICIES.at(NO))
    assert [next(late) for _ in range(3)] == [date(2026, 7, 2), date(2026, 7, 3), date(2026, 7, 6)]


def test_it_ends_in_an_order() -> None:
    ended = given(noted(), booked()).when(conclude(InvestigationOutcome.ORDER))
    ended.records(InvestigationConcluded, OrderRequested)
    assert ended.one(OrderRequested).rule == "R7"
    assert in_calendar(ended) == frozenset()


@pytest.mark.parametrize("outcome", [InvestigationOutcome.SPREAD_OFFER, InvestigationOutcome.NO_VIOLATION])
def test_or_in_a_spread_offer_or_in_no_violation(outcome: InvestigationOutcome) -> None:
    ended = given(noted(), booked()).when(conclude(outcome))
    ended.records(InvestigationConcluded)
    assert ended.timers() == {}
    again = conclude(InvestigationOutcome.ORDER)
    given(noted(), booked(), ended.one(InvestigationConcluded)).when(again).refused("R7", "ended at")
    given(noted(), booked(), ended.one(InvestigationConcluded)).when(inspection()).refused("R7", "ended at")


def test_it_ends_at_an_inspection_that_was_booked_and_has_been_held() -> None:
    given(noted()).when(conclude(InvestigationOutcome.ORDER)).refused("R7", "no inspection is booked")
    early = conclude(InvestigationOutcome.ORDER, held_at=at("2026-06-02"))
    given(noted(), booked()).when(early).refused("R7", "is before")
    ahead = conclude(InvestigationOutcome.ORDER, held_at=at("2026-06-09"))
    given(noted(), booked()).when(ahead).refused("R7", "has not come yet")


def test_after_a_found_violation_nothing_is_inspected() -> None:
    facts = given().when(note(AgreementKind.SPREAD)).events
    given(*facts).when(inspection()).refused("R7", "found already")
    given(*facts).when(conclude(InvestigationOutcome.ORDER)).refused("R7", "found already")


def test_nothing_of_it_belongs_to_an_agreement_that_runs() -> None:
    given(started()).when(inspection()).refused("R7", "running")
    given(started()).when(conclude(InvestigationOutcome.ORDER)).refused("R7", "running")
