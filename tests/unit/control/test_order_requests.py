"""An order that was asked for is followed until it is issued (R7, R22, R25)."""

from datetime import date
from uuid import UUID

import pytest

from services.control.rules.order_requests import NoteOrderIssued, ResendOrderRequest
from shared.contracts.control import (
    OrderIssueNoted,
    OrderRequested,
    OrderRequestOverdue,
    OrderRequestReminded,
    OrderRequestResent,
)
from shared.deadlines.copenhagen import start_of
from shared.eventstore.decider import TimerDue
from shared.eventstore.events import Event
from tests.unit.control.control_facts import (
    ORDER_TIME,
    POLICIES,
    REQUEST,
    UNIT,
    after_a_no,
    at,
    breached_course,
    given,
    hearing_answered,
    request_order,
    started,
)

pytestmark = pytest.mark.rule("R22")
HEARD = (*breached_course(), hearing_answered())
CASE = UUID(int=50)
REMINDED_AT, OVERDUE_AT = start_of(date(2026, 7, 30)), start_of(date(2026, 8, 13))


def requested() -> OrderRequested:
    return given(*HEARD).when(request_order()).one(OrderRequested)


def timer(kind: str) -> TimerDue:
    name = f"order-{kind}:{requested().request_id}"
    due = REMINDED_AT if kind == "reminder" else OVERDUE_AT
    return TimerDue(name, due, due)


def reminded() -> OrderRequestReminded:
    return given(*HEARD, requested()).when(timer("reminder")).one(OrderRequestReminded)


def issue(request_id: UUID | None = None, p_number: str = UNIT) -> NoteOrderIssued:
    return NoteOrderIssued(ORDER_TIME, request_id, CASE, p_number)


def resend(request_id: UUID | None = None) -> ResendOrderRequest:
    on = at("2026-08-20")
    return ResendOrderRequest(on, POLICIES.at(on), request_id or requested().request_id, "inspector-1")


def test_it_is_asked_about_after_a_while_and_then_somebody_must_look_into_it() -> None:
    request_id = requested().request_id
    assert given(*HEARD, requested()).timers() == {
        f"order-reminder:{request_id}": REMINDED_AT,
        f"order-overdue:{request_id}": OVERDUE_AT,
    }
    after = given(*HEARD, requested(), reminded())
    assert set(after.timers()) == {f"order-overdue:{request_id}"}
    overdue = after.when(timer("overdue"))
    assert overdue.one(OrderRequestOverdue).request_id == request_id
    assert overdue.timers() == {}


def test_none_of_it_is_the_companys_to_see() -> None:
    overdue = given(*HEARD, requested()).when(timer("overdue")).one(OrderRequestOverdue)
    sent_again = given(*HEARD, requested()).when(resend()).one(OrderRequestResent)
    issued = given(*HEARD, requested()).when(issue()).one(OrderIssueNoted)
    assert not any(fact.seen_by_company() for fact in (reminded(), overdue, sent_again, issued))


@pytest.mark.rule("R22", "R25")
@pytest.mark.parametrize("by_id", [True, False], ids=["by the request", "by the unit"])
def test_once_it_is_issued_nothing_is_due_any_more(by_id: bool) -> None:
    noted = given(*HEARD, requested()).when(issue(requested().request_id if by_id else None))
    assert (noted.one(OrderIssueNoted).order_case_id, noted.one(OrderIssueNoted).request_id) == (
        CASE,
        requested().request_id,
    )
    assert noted.timers() == {}
    given(*HEARD, requested(), noted.one(OrderIssueNoted)).when(issue()).then()


@pytest.mark.parametrize("command", [issue(UUID(int=51)), issue(p_number="1000000009")], ids=["request", "unit"])
def test_an_order_that_was_not_asked_for_changes_nothing(command: NoteOrderIssued) -> None:
    given(*HEARD, requested()).when(command).then()


@pytest.mark.parametrize("history", [(), (started(),), HEARD], ids=["none", "running", "heard"])
def test_an_order_that_is_issued_unasked_is_not_ours(history: tuple[Event, ...]) -> None:
    given(*history).when(issue()).then()


def test_it_is_asked_for_again_under_the_same_id_and_followed_anew() -> None:
    sent_again = given(*HEARD, requested(), reminded()).when(resend())
    assert sent_again.one(OrderRequestResent).request_id == requested().request_id
    assert len(sent_again.timers()) == 2
    assert min(sent_again.timers().values()) == start_of(date(2026, 9, 3))


def test_only_what_was_asked_for_and_is_not_issued_is_asked_for_again() -> None:
    given(*HEARD, requested()).when(resend(UUID(int=51))).refused("R22", "was not asked for")
    issued = given(*HEARD, requested()).when(issue()).one(OrderIssueNoted)
    given(*HEARD, requested(), issued).when(resend()).refused("R22", "issued", case_id=CASE)
    given(started()).when(resend()).refused("R22", "running")


@pytest.mark.rule("R7")
def test_one_that_was_asked_for_after_a_no_is_refused_by_the_rule_of_the_no() -> None:
    given(*after_a_no()).when(resend(UUID(int=51))).refused("R7", "was not asked for")
    issued = given(*after_a_no()).when(issue(REQUEST)).one(OrderIssueNoted)
    given(*after_a_no(), issued).when(resend(REQUEST)).refused("R7", "issued", case_id=CASE)
