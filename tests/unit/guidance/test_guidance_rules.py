"""Guidance, rule by rule: when it is due, who answers what, and what stops its timers (R12, R13, R21, R33)."""

from dataclasses import replace
from datetime import date

import pytest

from services.guidance.rules.meetings import NoteTurnedControl
from services.guidance.rules.phases import how_it_stands
from services.guidance.rules.schedule import CloseGuidance, due_of
from shared.contracts.guidance import (
    GuidanceDeclined,
    GuidanceHeld,
    GuidanceScheduled,
    GuidanceStands,
)
from shared.contracts.vocabulary import ContactForm
from shared.deadlines.copenhagen import start_of
from shared.deadlines.deadlines import extended
from shared.eventstore.decider import TimerDue
from shared.eventstore.events import Event
from tests.public_form import public
from tests.unit.guidance.guidance_facts import (
    AGREEMENT,
    CONTROL,
    DUE,
    OVERDUE_AT,
    accepted,
    answer,
    at,
    became_overdue,
    closed,
    declined,
    fell_due,
    given,
    held,
    offer,
    offered,
    record_meeting,
    schedule,
    scheduled,
    turned_control,
)


def test_r12_guidance_is_due_a_third_into_the_period() -> None:
    plan = given().when(schedule()).one(GuidanceScheduled)
    assert plan.due.last_day == DUE
    assert plan.due.rule == "R12"
    assert plan.coming_due_at == start_of(date(2026, 4, 6))
    assert plan.overdue_at == OVERDUE_AT
    assert (plan.cvr, plan.p_number) == ("13748136", "1000000001")


def test_r12_it_falls_due_as_its_last_day_begins_and_is_overdue_a_while_after() -> None:
    assert given(scheduled()).timers() == {"due": start_of(DUE), "overdue": OVERDUE_AT}


def test_r12_the_same_deadline_twice_schedules_once() -> None:
    given(scheduled()).when(schedule()).then()


def test_r13_another_deadline_moves_what_hangs_on_it_and_what_fell_due_is_no_longer() -> None:
    later = given(scheduled(), fell_due(), became_overdue()).when(schedule(months=6))
    later.then(scheduled(months=6))
    plan = scheduled(months=6)
    assert later.timers() == {"due": start_of(plan.due.last_day), "overdue": plan.overdue_at}
    assert plan.due.last_day > DUE


@pytest.mark.rule("R13", "R27")
def test_why_guidance_is_due_then_names_the_day_before_the_extension() -> None:
    command = schedule()
    granted_at = at("2026-04-01")
    longer = extended(command.compliance_deadline, date(2026, 9, 1), granted_at, command.policy)
    moved = given(scheduled()).when(replace(command, compliance_deadline=longer)).one(GuidanceScheduled)
    assert [one.previous_last_day for one in moved.due.extensions] == [DUE]
    assert "It was extended on 1 April 2026 (rule R13, policy" in moved.due.explain("en")
    again = given(scheduled(), moved).when(replace(command, compliance_deadline=longer))
    again.then()


def test_r13_another_deadline_leaves_an_offer_as_it_is() -> None:
    later = given(scheduled(), offered()).when(schedule(months=6))
    later.then(scheduled(months=6))
    assert later.timers() == {}
    assert how_it_stands(later.state) == "offered"


def test_r12_what_is_not_offered_falls_due_once() -> None:
    due = given(scheduled()).when(TimerDue("due", start_of(DUE), start_of(DUE)))
    due.then(fell_due())
    assert due.timers() == {"overdue": OVERDUE_AT}


def test_r12_what_is_still_not_offered_becomes_overdue_once() -> None:
    overdue = given(scheduled(), fell_due()).when(TimerDue("overdue", OVERDUE_AT, OVERDUE_AT))
    overdue.then(became_overdue())
    assert overdue.timers() == {}


@pytest.mark.parametrize("timer", ["due", "overdue"])
@pytest.mark.parametrize(
    "since", [(offered(),), (offered(), declined()), (offered(), accepted(), held()), (closed(),)], ids=len
)
def test_r12_nothing_falls_due_once_it_was_offered_or_the_agreement_ended(since: tuple[Event, ...], timer: str) -> None:
    course = given(scheduled(), *since)
    assert course.timers() == {}
    course.when(TimerDue(timer, OVERDUE_AT, OVERDUE_AT)).then()


def test_r28_what_fell_due_does_not_fall_due_again() -> None:
    given(scheduled(), fell_due()).when(TimerDue("due", start_of(DUE), OVERDUE_AT)).then()


def test_r28_a_timer_of_dates_that_were_moved_does_nothing() -> None:
    given(scheduled(), scheduled(months=6)).when(TimerDue("due", start_of(DUE), start_of(DUE))).then()


def test_r12_the_inspector_offers_guidance() -> None:
    given(scheduled()).when(offer()).then(offered())


def test_r12_an_offer_that_comes_late_is_still_an_offer() -> None:
    late = given(scheduled(), fell_due(), became_overdue()).when(offer())
    late.then(offered())
    assert how_it_stands(late.state) == "offered"


def test_r12_no_guidance_is_offered_where_no_agreement_runs() -> None:
    given().when(offer()).refused("R12", "no agreement runs")


def test_r12_no_guidance_is_offered_after_the_end() -> None:
    given(scheduled(), closed()).when(offer()).refused("R12", ended_at=closed().at.isoformat())


def test_r12_an_offer_that_awaits_an_answer_is_not_repeated() -> None:
    given(scheduled(), offered()).when(offer()).refused("R12", offered_at=offered().offered_at.isoformat())


def test_r12_what_the_company_accepted_is_held_and_not_offered_again() -> None:
    given(scheduled(), offered(), accepted()).when(offer()).refused("R12", "has not been held")


@pytest.mark.parametrize("since", [(declined(),), (accepted(), held())], ids=["declined", "held"])
def test_r12_guidance_can_be_offered_anew(since: tuple[Event, ...]) -> None:
    given(scheduled(), offered(), *since).when(offer()).then(offered())


def test_r12_the_company_says_yes() -> None:
    given(scheduled(), offered()).when(answer(yes=True)).then(accepted())


def test_r12_the_company_may_say_no() -> None:
    given(scheduled(), offered()).when(answer(yes=False, reason="knows-the-solution")).then(declined())


def test_r36_a_no_needs_no_reason() -> None:
    assert given(scheduled(), offered()).when(answer(yes=False)).one(GuidanceDeclined).reason is None


@pytest.mark.parametrize(
    "since",
    [(scheduled(),), (scheduled(), offered(), declined()), (scheduled(), offered(), accepted(), held())],
    ids=["not offered", "declined", "held"],
)
def test_r12_without_an_open_offer_there_is_nothing_to_answer(since: tuple[Event, ...]) -> None:
    given(*since).when(answer(yes=True)).refused("R12", "awaits an answer")


def test_r12_no_answer_after_the_end() -> None:
    given(scheduled(), offered(), closed()).when(answer(yes=True)).refused("R12", "has ended")


def test_r12_no_answer_where_no_agreement_runs() -> None:
    given().when(answer(yes=True)).refused("R12", "no agreement runs")


def test_r33_a_meeting_says_in_what_form_with_whom_and_who_was_involved() -> None:
    meeting = given(scheduled(), offered(), accepted()).when(record_meeting())
    meeting.then(held())
    assert how_it_stands(meeting.state) == "held"


def test_r12_an_informal_contact_is_recorded_and_leaves_the_offer_still_to_be_made() -> None:
    contact = given(scheduled()).when(record_meeting(informal=True))
    contact.then(held(informal=True, stands="not_offered"))
    assert how_it_stands(contact.state) == "not offered"
    assert set(contact.timers()) == {"due", "overdue"}


def test_r12_an_informal_contact_after_the_end_is_recorded() -> None:
    contact = given(scheduled(), closed()).when(record_meeting())
    contact.then(held(stands="closed"))
    assert how_it_stands(contact.state) == "closed"


def test_r12_a_meeting_names_who_took_part_and_an_informal_contact_may() -> None:
    given(scheduled(), offered(), accepted()).when(record_meeting(participants=())).refused("R12", "who took part")
    given(scheduled(), offered(), accepted()).when(record_meeting(participants=(), informal=True)).records(GuidanceHeld)


def test_r12_a_meeting_needs_an_agreement() -> None:
    given().when(record_meeting()).refused("R12", "no agreement was offered")


def test_r12_a_meeting_that_has_not_taken_place_is_not_recorded() -> None:
    tomorrow = at("2026-04-23")
    given(scheduled()).when(record_meeting(held_at=tomorrow)).refused("R12", held_at=tomorrow.isoformat())


def test_r21_a_control_that_was_turned_into_guidance_is_a_meeting_held() -> None:
    fact = turned_control()
    meeting = given(scheduled(), fell_due()).when(NoteTurnedControl(at=at("2026-06-11"), fact=public(fact)))
    meeting.then(
        GuidanceHeld(
            agreement_id=AGREEMENT,
            meeting_id=CONTROL,
            form=ContactForm.VISIT,
            held_at=fact.held_at,
            inspector="inspector-1",
            participants=("manager", "employees"),
            purposes=("control",),
            involvement=fact.involvement,
            from_control=CONTROL,
            stands=GuidanceStands.HELD,
        )
    )
    assert meeting.timers() == {}


@pytest.mark.parametrize("since", [(), (scheduled(), closed())], ids=["unknown", "ended"])
def test_r21_a_turned_control_is_recorded_and_never_refused(since: tuple[Event, ...]) -> None:
    given(*since).when(NoteTurnedControl(at=at("2026-06-11"), fact=public(turned_control()))).records(GuidanceHeld)


def test_r21_a_turned_control_that_is_noted_late_does_not_open_guidance_again() -> None:
    late = given(scheduled(), closed()).when(NoteTurnedControl(at=at("2026-06-24"), fact=public(turned_control())))
    assert how_it_stands(late.state) == "closed"


def test_the_end_of_the_agreement_closes_guidance() -> None:
    end = given(scheduled()).when(CloseGuidance(closed().at, AGREEMENT))
    end.then(closed())
    assert end.timers() == {}


@pytest.mark.parametrize("since", [(), (scheduled(), closed())], ids=["unknown", "closed"])
def test_what_never_ran_or_is_closed_closes_no_more(since: tuple[Event, ...]) -> None:
    given(*since).when(CloseGuidance(closed().at, AGREEMENT)).then()


def test_r13_a_closed_agreement_is_not_scheduled_again() -> None:
    given(scheduled(), closed()).when(schedule(months=6)).then()


def test_every_fact_concerns_the_company_and_its_unit() -> None:
    ids = {"cvr": "13748136", "pnumber": "1000000001"}
    for since in ((), (offered(),), (offered(), accepted(), held()), (closed(),)):
        assert given(scheduled(), *since).concerns() == ids
    assert given().concerns() == {}


def test_the_company_sees_how_guidance_stands_and_not_when_the_inspector_must_offer_it() -> None:
    history: list[Event] = [scheduled(), fell_due(), became_overdue(), offered(), accepted(), held(), closed()]
    seen = [event for event in history if event.seen_by_company()]
    words = [how_it_stands(given(*seen[:count]).state) for count in range(len(seen) + 1)]
    assert words == ["not offered", "offered", "accepted", "held"]
    assert due_of(given(*seen).state) is None


def test_r27_the_day_on_which_guidance_is_due_can_be_explained() -> None:
    due = due_of(given(scheduled()).state)
    assert due is not None
    assert "1/3" in due.explain("en")


def test_how_guidance_stands_while_nobody_offers_it() -> None:
    waits: list[Event] = [scheduled(), fell_due(), became_overdue()]
    assert [how_it_stands(given(*waits[:count]).state) for count in (1, 2, 3)] == ["not offered", "due", "overdue"]
