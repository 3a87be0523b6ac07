"""A unit of a running agreement changes its legal entity, or ceases (R40)."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from services.control.rules.after_offer_not_accepted import BookInspection, BookInspectionWhenDue
from services.control.rules.booking import place_due
from services.control.rules.course_decider import COURSE
from services.control.rules.phases import AfterNo, Broken, Kept, Running
from services.control.rules.start_of_agreement import StartCourse
from services.control.rules.termination import NoteCarriedOver
from services.control.rules.unit_changes import NoteUnitChange
from shared.contracts.control import (
    AgreementUnitChanged,
    AnnouncedControlCancelled,
    ComplianceDeadlineSet,
    ControlBooked,
    FollowUpHeld,
    InspectionPlan,
    NewInspectionBooked,
    Terminated,
)
from shared.contracts.offers import UnitChangeNoted
from shared.contracts.vocabulary import Side
from shared.eventstore.events import Event
from shared.reference.reference import termination_reasons
from tests.public_form import public
from tests.unit.control.control_facts import (
    AGREEMENT,
    CVR,
    POLICIES,
    UNIT,
    accepted,
    after_a_no,
    at,
    book,
    booked,
    breached_course,
    free_place,
    fulfilled_course,
    given,
    hearing_expired,
    hold_follow_up,
    order_requested,
    started,
)
from tests.unit.control.spread_facts import place_id, places, spread_started, unit

pytestmark = pytest.mark.rule("R40")
BUYER = "24256790"
OTHER = UUID(int=99)
SOLD_ON = date(2026, 4, 1)


def told(on: date = SOLD_ON, to: str | None = BUYER, p_number: str = UNIT, *, settled: bool = False) -> NoteUnitChange:
    fact = UnitChangeNoted(
        agreement_id=AGREEMENT,
        p_number=p_number,
        holds_from=on,
        noted_at=at("2026-04-01"),
        ceased=to is None,
        settled=settled,
        cvr=to,
    )
    return NoteUnitChange(at("2026-04-01"), fact)


def changed(command: NoteUnitChange | None = None) -> AgreementUnitChanged:
    return given(started()).when(command or told()).one(AgreementUnitChanged)


def test_it_is_a_fact_of_the_course_once_per_change_and_names_no_other_company() -> None:
    fact = changed()
    assert (fact.p_number, fact.holds_from, fact.cvr, fact.ceased) == (UNIT, SOLD_ON, BUYER, False)
    assert fact.seen_by_company()
    assert BUYER not in str(fact.company_data())
    given(started(), fact).when(told()).then()
    ceased = given(started(), fact).when(told(date(2026, 5, 1), None)).one(AgreementUnitChanged)
    assert ceased.ceased
    given(started(), fact, ceased).when(told()).then()
    given(started(), fact, ceased).when(told(date(2026, 5, 1), None)).then()


def test_a_correction_of_the_same_day_is_a_change_and_its_repetition_none() -> None:
    fact = changed()
    corrected = given(started(), fact).when(told(to="29283958")).one(AgreementUnitChanged)
    given(started(), fact, corrected).when(told(to="29283958")).then()
    given(started(), fact, corrected).when(told()).records(AgreementUnitChanged)


def test_no_control_books_itself_at_the_unit_until_it_is_settled() -> None:
    assert "book-control" in given(started()).timers()
    fact = changed()
    assert given(started(), fact).timers() == {}
    back = given(started(), fact).when(told(date(2026, 5, 1), CVR, settled=True)).one(AgreementUnitChanged)
    assert given(started(), fact, back).timers() == given(started()).timers()


def test_the_inspector_can_still_book_and_what_is_booked_stands() -> None:
    given(started(), changed()).when(book("2026-07-01")).one(ControlBooked)
    state = COURSE.fold([started(), booked(), changed()])
    assert isinstance(state, Running)
    assert state.bookings


def test_nothing_is_noted_where_no_agreement_runs() -> None:
    given().when(told()).then()


INSPECTED, CONCLUDED = after_a_no()[:2], after_a_no()[:3]


def test_after_a_no_the_case_says_it_and_what_is_booked_stands() -> None:
    """R7, R40: the inspector decides what becomes of the inspection."""
    fact = given(*INSPECTED).when(told()).one(AgreementUnitChanged)
    given(*INSPECTED, fact).when(told()).then()
    state = COURSE.fold([*INSPECTED, fact])
    assert isinstance(state, AfterNo)
    assert state.booking is not None
    assert state.changed_units == {UNIT}


def test_no_inspection_books_itself_at_a_unit_that_ceased_until_it_is_settled() -> None:
    """R7, R40."""
    (noted, *_) = INSPECTED
    assert "book-inspection" in given(noted).timers()
    gone = given(noted).when(told(to=None)).one(AgreementUnitChanged)
    assert given(noted, gone).timers() == {}
    by_itself = BookInspection(
        at("2026-04-01"), POLICIES.at(at("2026-04-01")), OTHER, free_place(), InspectionPlan(day=date(2026, 4, 20))
    )
    given(noted, gone).when(BookInspectionWhenDue(by_itself.at, by_itself.policy, by_itself)).then()
    given(noted, gone).when(by_itself).one(NewInspectionBooked)
    back = given(noted, gone).when(told(date(2026, 5, 1), CVR, settled=True)).one(AgreementUnitChanged)
    assert "book-inspection" in given(noted, gone, back).timers()


@pytest.mark.parametrize("decided", [fulfilled_course(), breached_course()], ids=["follow-up", "order"])
def test_after_the_decision_it_says_so_while_something_is_left(decided: tuple[Event, ...]) -> None:
    """R22, R24, R40: also where a correction lets the agreement run again."""
    fact = given(*decided).when(told()).one(AgreementUnitChanged)
    given(*decided, fact).when(told()).then()
    state = COURSE.fold([*decided, fact])
    assert isinstance(state, Kept | Broken)
    assert state.course.changed_units == {UNIT}


def test_a_case_in_which_nothing_is_left_to_do_says_nothing() -> None:
    """R7, R14, R22, R24, R40."""
    followed_up = given(*fulfilled_course()).when(hold_follow_up()).one(FollowUpHeld)
    stopped = given(started(), changed()).when(NoteCarriedOver(at("2026-05-01"), OTHER)).one(Terminated)
    ordered = (*breached_course(), hearing_expired(), order_requested("R22"))
    for history in (CONCLUDED, (*fulfilled_course(), followed_up), (started(), stopped), ordered):
        given(*history).when(told()).then()


def test_carried_over_the_deadline_stays_and_the_former_owners_agreement_ends() -> None:
    former = COURSE.fold([started(), booked(announced=True), changed()])
    assert isinstance(former, Running)
    fact = accepted().model_copy(
        update={"agreement_id": OTHER, "cvr": BUYER, "accepted_at": at("2026-05-01"), "carries_over": AGREEMENT}
    )
    command = StartCourse(at=fact.accepted_at, policy=POLICIES.at(fact.accepted_at), fact=public(fact), carried=former)
    goes_on = given().when(command).one(ComplianceDeadlineSet)
    assert (goes_on.cvr, goes_on.compliance_deadline) == (BUYER, former.deadline)
    late = replace(command, fact=public(fact.model_copy(update={"accepted_at": at("2026-09-01")})))
    anew = given().when(late).one(ComplianceDeadlineSet)
    assert anew.compliance_deadline.last_day == date(2026, 12, 1)

    ended = given(started(), booked(announced=True), changed()).when(NoteCarriedOver(at("2026-05-01"), OTHER))
    ended.records(AnnouncedControlCancelled, Terminated)
    told = ended.one(Terminated)
    assert (told.by, told.reason, told.carried_over_to) == (Side.AUTHORITY, "changed-owner", OTHER)
    assert str(OTHER) not in str(told.company_data())
    assert "changed-owner" in termination_reasons()
    given().when(NoteCarriedOver(at("2026-05-01"), OTHER)).then()


def test_of_several_places_only_those_at_the_unit_wait() -> None:
    course = spread_started(*places(3))
    noted = given(*course).when(told(p_number=unit(1))).one(AgreementUnitChanged)
    state = given(*course, noted).state
    assert isinstance(state, Running)
    assert state.sample == (place_id(0), place_id(1))
    assert place_due(state, place_id(0)) == state.books_control_at
    assert place_due(state, place_id(1)) is None
    assert given(*course, noted).timers() == given(*course).timers()
