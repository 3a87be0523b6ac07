"""How the rows of cases follow from facts."""

from dataclasses import fields, replace
from datetime import date
from itertools import permutations

import pytest

from services.reporting.cases import agreement_steps
from services.reporting.cases.case import Case
from services.reporting.cases.case_types import Status
from services.reporting.cases.steps import Step, TaskKind
from services.reporting.projection.fact import numbered
from services.reporting.projection.fold_batch import Rows, fold_batch
from shared.contracts import orders
from shared.contracts.vocabulary import ControlOutcome
from shared.eventstore.events import Event
from tests import reporting_facts as facts
from tests.reporting_facts import AGREEMENT, ORDER, Feed, on
from tests.reporting_folding import case_after, next_after, rows_after, statuses

RUNNING = (facts.sent(), facts.delivered(), facts.accepted(), facts.deadline_set())
TO_FULFILMENT = (*RUNNING, facts.documented(), facts.booked(announced=True), facts.controlled(), facts.fulfilled())
TO_BREACH = (*RUNNING, facts.booked(announced=True), facts.controlled(ControlOutcome.VIOLATION), facts.breached())


def test_an_offer_goes_from_offered_to_fulfilled() -> None:
    assert statuses(TO_FULFILMENT) == ["offered", "delivered", "running", "awaiting_control", "fulfilled"]


def test_a_breach_is_a_status_of_its_own_and_ends_the_agreement() -> None:
    case = case_after(*TO_BREACH)
    assert case.status is Status.BREACHED
    assert case.ended_at == on("2026-06-15", 11)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((facts.sent(),), ("deliver_offer", "authority", None)),
        ((facts.sent(), facts.delivered()), ("answer_offer", "company", "2026-04-07T22:00:00+00:00")),
        ((facts.sent(), facts.delivered(), facts.declined()), ("resume_inspection", "inspector", None)),
        ((facts.sent(), facts.delivered(), facts.accepted()), ("set_deadline", "authority", None)),
        (RUNNING, ("send_documentation", "company", "2026-06-22T22:00:00+00:00")),
        ((*RUNNING, facts.guidance_scheduled()), ("offer_guidance", "inspector", "2026-04-20T22:00:00+00:00")),
        ((*RUNNING, facts.guidance_offered()), ("answer_guidance", "company", "2026-06-22T22:00:00+00:00")),
        (
            (*RUNNING, facts.guidance_offered(), facts.guidance_accepted()),
            ("hold_guidance", "inspector", "2026-06-22T22:00:00+00:00"),
        ),
        ((*RUNNING, facts.documented()), ("hold_control", "inspector", "2026-07-31T22:00:00+00:00")),
        (
            (*RUNNING, facts.documented(), facts.booked(announced=True)),
            ("hold_control", "inspector", "2026-06-15T22:00:00+00:00"),
        ),
        ((*RUNNING, facts.documented(complete=False)), ("send_documentation", "company", "2026-06-22T22:00:00+00:00")),
        (TO_FULFILMENT, ("hold_follow_up", "inspector", "2027-06-15T22:00:00+00:00")),
        ((*TO_FULFILMENT, facts.follow_up_fell_due(), facts.follow_up_held()), (None, None, None)),
        (TO_BREACH, ("request_order", "inspector", None)),
        ((*TO_BREACH, facts.hearing_opened()), ("answer_hearing", "company", "2026-06-30T22:00:00+00:00")),
        (
            (*TO_BREACH, facts.hearing_opened(), facts.hearing_expired(), facts.order_requested()),
            ("issue_order", "order-system", None),
        ),
        ((*TO_BREACH, facts.order_requested(), facts.order_issued()), (None, None, None)),
    ],
)
def test_a_case_says_what_must_happen_next(
    events: tuple[Event, ...], expected: tuple[str | None, str | None, str | None]
) -> None:
    assert next_after(*events) == expected


def test_r17_a_control_booked_after_the_deadline_no_longer_waits_for_documentation() -> None:
    late = facts.booked(announced=True, at="2026-06-23", day="2026-07-01")
    assert next_after(*RUNNING, late) == ("hold_control", "inspector", "2026-07-01T22:00:00+00:00")


def test_r17_a_control_booked_before_the_deadline_leaves_documentation_awaited() -> None:
    early = facts.booked(announced=True, at="2026-06-02", day="2026-07-01")
    assert next_after(*RUNNING, early)[0] == "send_documentation"


@pytest.mark.rule("R12", "R17", "R26")
@pytest.mark.parametrize(
    "control_comes",
    [facts.booked(announced=False, at="2026-06-23", day="2026-07-01"), facts.documented()],
    ids=["after the deadline", "after complete documentation"],
)
def test_overdue_guidance_is_named_until_the_control_is_all_that_is_left(control_comes: Event) -> None:
    """R12, R17, R26: guidance that nobody offered in time helps nobody once the control has come; its tasks stay."""
    overdue = (*RUNNING, facts.guidance_scheduled(), facts.guidance_fell_due(), facts.guidance_overdue())
    assert next_after(*overdue)[0] == "offer_guidance"
    assert next_after(*overdue, control_comes)[0] == "hold_control"
    open_now = {task.kind for task in rows_after(*overdue, control_comes).tasks[AGREEMENT] if task.closed_at is None}
    assert {"guidance-overdue", "look-into-guidance"} <= open_now
    due_only = (*RUNNING, facts.guidance_scheduled(), facts.guidance_fell_due(), control_comes)
    assert next_after(*due_only)[0] == "offer_guidance"


@pytest.mark.rule("R26", "R29")
def test_the_next_step_and_the_tasks_are_of_one_list() -> None:
    """R26, R29: whoever must take the next step has the task for it, and by the same time."""
    booked = case_after(*RUNNING, facts.documented(), facts.booked(announced=True))
    pending = agreement_steps.pending(booked)
    (control,) = [one for one in pending if one.step is Step.HOLD_CONTROL]
    assert (booked.next_step, booked.next_by, booked.next_due) == (control.step, control.by, control.due)
    assert control.tasks == (TaskKind.CONTROL_TO_HOLD,)
    (task,) = [
        task
        for task in rows_after(*RUNNING, facts.documented(), facts.booked(announced=True)).tasks[AGREEMENT]
        if task.kind is TaskKind.CONTROL_TO_HOLD
    ]
    assert task.due == control.due


def test_r21_a_control_turned_into_guidance_gives_its_booking_up_and_decides_nothing() -> None:
    case = case_after(*RUNNING, facts.documented(), facts.booked(announced=True), facts.turned_into_guidance())
    assert (case.status, case.control_day, case.controls_undecided) == (Status.AWAITING_CONTROL, None, 1)


def test_r18_an_unannounced_booking_changes_nothing_in_the_companys_row() -> None:
    before, hidden, after = (*RUNNING, facts.documented()), facts.booked(announced=False), (facts.controlled(),)
    assert case_after(*before, hidden, audience="company") == case_after(*before, audience="company")
    assert case_after(*before, hidden, *after, audience="company") == case_after(*before, *after, audience="company")
    assert case_after(*before, hidden).control_day == date(2026, 6, 15)


def test_r12_what_only_the_authority_may_know_is_not_in_the_companys_row() -> None:
    hidden = (facts.halfway(), facts.guidance_scheduled(), facts.guidance_fell_due(), facts.guidance_overdue())
    assert case_after(*RUNNING, *hidden, audience="company") == case_after(*RUNNING, audience="company")


def test_a_row_counts_the_facts_that_its_audience_has_seen() -> None:
    events = (*RUNNING, facts.booked(announced=False))
    assert case_after(*events).visible_version == 5
    assert case_after(*events, audience="company").visible_version == 4


def test_facts_of_different_services_may_come_in_any_order() -> None:
    late = (facts.accepted(), facts.deadline_set(), facts.documented(), facts.fulfilled())
    rows = {
        case_after(facts.sent(), facts.delivered(), *order).status: case_after(facts.sent(), *order).next_step
        for order in permutations(late)
    }
    assert rows == {"fulfilled": "hold_follow_up"}


def test_a_status_that_is_known_late_still_gets_its_own_time_in_the_history() -> None:
    history = rows_after(facts.sent(), facts.fulfilled(), facts.accepted()).history
    accepted = [row for row in history if row.status is Status.RUNNING]
    assert {row.effective_at for row in accepted} == {on("2026-03-20")}


@pytest.mark.rule("R26")
def test_a_status_holds_from_the_time_that_its_fact_names_however_late_it_is_recorded() -> None:
    (sent,) = Feed().receive(facts.sent())
    late = sent._replace(message=replace(sent.message, occurred_at=on("2026-05-04")))
    assert [row.effective_at for row in fold_batch(Rows(), numbered([late], 1)).history] == [on("2026-03-04")] * 2


def test_a_case_whose_opening_fact_has_not_come_has_no_status_yet() -> None:
    assert case_after(facts.guidance_scheduled()).status is Status.UNKNOWN
    assert case_after(facts.guidance_scheduled(), facts.sent()).status is Status.OFFERED


def test_r22_an_order_is_linked_to_its_agreement_and_the_agreement_to_it() -> None:
    rows = rows_after(*TO_BREACH, facts.order_issued()).cases
    assert rows["company", ORDER].agreement_id == AGREEMENT
    assert rows["company", AGREEMENT].followed_by == ORDER


def test_r25_an_appeal_in_time_suspends_an_order() -> None:
    appealed = orders.OrderAppealed(case_id=ORDER, appealed_on=date(2026, 7, 20), suspends=True)
    case = case_after(facts.order_issued(), appealed, case_id=ORDER)
    assert (case.status, case.next_step, case.next_by, case.next_due) == (
        Status.APPEALED,
        "decide_appeal",
        "authority",
        None,
    )


def test_r25_an_appeal_that_suspends_nothing_leaves_the_deadline_standing() -> None:
    appealed = orders.OrderAppealed(case_id=ORDER, appealed_on=date(2026, 7, 20), suspends=False)
    moved = orders.OrderDeadlineMoved(case_id=ORDER, deadline=date(2026, 9, 30), moved_on=date(2026, 7, 21))
    case = case_after(facts.order_issued(), appealed, moved, case_id=ORDER)
    assert case.next_step == "comply_with_order"
    assert case.next_due is not None
    assert case.next_due.isoformat() == "2026-09-30T22:00:00+00:00"


def test_r25_an_order_ends_when_it_is_complied_with() -> None:
    complied = orders.OrderCompliedWith(case_id=ORDER, complied_on=date(2026, 8, 20))
    case = case_after(facts.order_issued(agreement_id=None), complied, case_id=ORDER)
    assert (case.status, case.next_step) == (Status.COMPLIED_WITH, None)
    assert case.ended_at is not None


def test_r7_an_inspection_that_resumes_a_declined_case_is_what_followed() -> None:
    opened = orders.OtherCaseOpened(
        case_id=ORDER,
        case_kind=orders.OtherCaseKind.INSPECTION,
        cvr=facts.CVR,
        p_number=facts.UNIT,
        opened_on=date(2026, 4, 10),
        agreement_id=AGREEMENT,
    )
    events = (facts.sent(), facts.delivered(), facts.declined(), opened)
    assert next_after(*events) == (None, None, None)
    assert case_after(*events, case_id=ORDER).status is Status.OPEN


def test_r27_a_deadline_is_kept_with_all_that_explains_it() -> None:
    response = case_after(facts.sent(), facts.delivered()).deadlines["response"]
    assert (response["rule"], response["last_day"], response["anchor_event"]) == ("R3", "2026-04-07", "OfferDelivered")


def test_unknown_facts_change_no_row() -> None:
    feed = Feed()
    known = feed.receive(facts.sent())
    with_unknown = fold_batch(Rows(), numbered([*known, feed.unknown()], 1))
    assert with_unknown == fold_batch(Rows(), numbered(known, 1))


def test_a_fold_gives_a_row_no_column_that_the_table_has_not() -> None:
    case = case_after(*TO_BREACH, facts.hearing_opened(), facts.order_issued(), facts.follow_up_held())
    assert set(vars(case)) == {field.name for field in fields(Case)}
