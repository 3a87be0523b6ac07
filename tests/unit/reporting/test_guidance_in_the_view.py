"""What the view shows of guidance and involvement: how it stands, whether in time, who took part (R5, R12, R33)."""

from typing import Any

import pytest

from services.reporting.cases.steps import TaskKind
from shared.contracts import control, guidance
from shared.contracts.guidance import GuidanceStands
from shared.contracts.vocabulary import ContactForm, ControlOutcome, Involvement, Participation, Side
from shared.deadlines.deadline import LengthUnit
from shared.eventstore.events import Event
from tests import reporting_facts as facts
from tests.reporting_facts import AGREEMENT, CONTROL, INSPECTOR, ORDER, on
from tests.reporting_folding import case_after, next_after, rows_after

RUNNING = (facts.sent(), facts.delivered(), facts.accepted(), facts.deadline_set(), facts.guidance_scheduled())
"""Guidance is due until the end of 20 April 2026."""


def offered(day: str = "2026-04-10", involvement: Involvement | None = None) -> Event:
    return guidance.GuidanceOffered(
        agreement_id=AGREEMENT,
        form=ContactForm.PHONE,
        offered_at=on(day),
        offered_by=INSPECTOR,
        involvement=involvement or Involvement(),
    )


def accepted() -> Event:
    return guidance.GuidanceAccepted(agreement_id=AGREEMENT, answered_at=on("2026-04-11"))


def declined() -> Event:
    return guidance.GuidanceDeclined(agreement_id=AGREEMENT, answered_at=on("2026-04-11"))


def held(stands: GuidanceStands, **more: Any) -> Event:
    return guidance.GuidanceHeld(
        agreement_id=AGREEMENT,
        meeting_id=more.pop("meeting_id", ORDER),
        form=ContactForm.PHONE,
        held_at=on("2026-04-14"),
        inspector=INSPECTOR,
        stands=stands,
        **more,
    )


def moved() -> Event:
    plan = facts.guidance_scheduled()
    assert isinstance(plan, guidance.GuidanceScheduled)
    later = facts.deadline("R12", "2026-05-12", "2026-03-20", "Accepted", 53, LengthUnit.DAYS)
    return plan.model_copy(update={"due": later})


def open_tasks(*events: Event) -> set[TaskKind]:
    return {task.kind for task in rows_after(*events).all_tasks() if task.closed_at is None}


@pytest.mark.rule("R12", "R26")
@pytest.mark.parametrize(
    ("events", "step"),
    [
        ((), "offer_guidance"),
        ((offered(),), "answer_guidance"),
        ((offered(), accepted()), "hold_guidance"),
        ((offered(), declined()), "send_documentation"),
        ((offered(), declined(), offered("2026-04-12")), "answer_guidance"),
        ((offered(), accepted(), held(GuidanceStands.HELD)), "send_documentation"),
        ((offered(), accepted(), held(GuidanceStands.HELD), offered("2026-05-02")), "answer_guidance"),
        ((held(GuidanceStands.NOT_OFFERED, informal=True),), "offer_guidance"),
    ],
)
def test_the_next_step_is_how_guidance_stands_now_also_when_it_is_offered_again(
    events: tuple[Event, ...], step: str
) -> None:
    assert next_after(*RUNNING, *events)[0] == step


@pytest.mark.rule("R12")
@pytest.mark.parametrize(("day", "in_time"), [("2026-04-10", True), ("2026-04-20", True), ("2026-04-21", False)])
def test_guidance_is_in_time_when_it_was_first_offered_before_its_due_day_was_over(day: str, in_time: bool) -> None:
    assert case_after(*RUNNING).guidance_in_time is None
    assert case_after(*RUNNING, offered(day), offered("2026-05-30")).guidance_in_time is in_time


@pytest.mark.rule("R12", "R21")
def test_a_control_that_became_guidance_is_guidance_offered() -> None:
    case = case_after(*RUNNING, held(GuidanceStands.HELD, from_control=CONTROL))
    assert (case.guidance_in_time, case.guidance_stands) == (True, "held")


@pytest.mark.rule("R12")
def test_guidance_that_is_overdue_is_a_task_of_the_inspector_and_of_whoever_leads() -> None:
    events = (*RUNNING, facts.guidance_fell_due(), facts.guidance_overdue())
    whose = {task.kind: task.inspector for task in rows_after(*events).all_tasks() if task.closed_at is None}
    assert whose[TaskKind.GUIDANCE_OVERDUE] == INSPECTOR
    assert whose[TaskKind.LOOK_INTO_GUIDANCE] is None
    assert not {TaskKind.GUIDANCE_OVERDUE, TaskKind.LOOK_INTO_GUIDANCE} & open_tasks(*events, offered("2026-05-06"))


@pytest.mark.rule("R12", "R13")
def test_what_fell_due_by_the_day_before_an_extension_is_no_task_by_the_new_one() -> None:
    late = (*RUNNING, facts.guidance_fell_due(), facts.guidance_overdue(), moved())
    assert not {TaskKind.GUIDANCE_DUE, TaskKind.GUIDANCE_OVERDUE, TaskKind.LOOK_INTO_GUIDANCE} & open_tasks(*late)
    assert case_after(*late).guidance_overdue_at is not None, "that it was overdue still counts"
    again = guidance.GuidanceFellDue(agreement_id=AGREEMENT, at=on("2026-05-12", 0))
    assert open_tasks(*late, again) >= {TaskKind.GUIDANCE_DUE}
    assert TaskKind.GUIDANCE_OVERDUE not in open_tasks(*late, again)


@pytest.mark.rule("R5")
def test_whom_nobody_reached_is_still_to_be_asked() -> None:
    halfway = (facts.sent(), facts.delivered(), facts.halfway())
    tried = guidance.OfferUnderstandingAsked(
        agreement_id=AGREEMENT,
        contact_id=ORDER,
        form=ContactForm.PHONE,
        held_at=on("2026-03-19"),
        inspector=INSPECTOR,
        initiated_by=Side.AUTHORITY,
        reached=False,
    )
    assert TaskKind.OFFER_UNANSWERED in open_tasks(*halfway, tried)
    reached = tried.model_copy(update={"reached": True, "understood": True})
    assert TaskKind.OFFER_UNANSWERED not in open_tasks(*halfway, reached)
    wrong = guidance.OfferUnderstandingCorrected(
        agreement_id=AGREEMENT,
        contact_id=ORDER,
        corrected_at=on("2026-03-20"),
        corrected_by=INSPECTOR,
        form=ContactForm.PHONE,
        held_at=on("2026-03-19"),
        reached=False,
        received=None,
        understood=None,
        knows_dates=None,
        participants=(),
        minutes_spent=5,
    )
    asked = reached.model_copy(update={"minutes_spent": 20})
    assert case_after(*halfway, asked).minutes_offer == 20
    case = case_after(*halfway, asked, wrong)
    assert (case.understanding_asked_at, case.offer_understood, case.minutes_offer) == (None, None, 5)
    assert TaskKind.OFFER_UNANSWERED in open_tasks(*halfway, asked, wrong)


SAFETY = Involvement(safety_representative=Participation.TOOK_PART)
EMPLOYEES = Involvement(employees=Participation.INFORMED)


@pytest.mark.rule("R33")
def test_who_was_involved_is_as_told_last_of_each_side_and_silence_takes_nothing_back() -> None:
    told = (offered(involvement=EMPLOYEES), accepted(), held(GuidanceStands.HELD, involvement=SAFETY))
    silent = held(GuidanceStands.HELD, informal=True, meeting_id=CONTROL)
    assert case_after(*RUNNING, *told, silent).guidance_involvement == {
        "employees": "informed",
        "safety_representative": "took_part",
    }
    assert case_after(*RUNNING, silent).guidance_involvement is None


@pytest.mark.rule("R20", "R33")
def test_of_several_places_one_violation_is_the_agreements_whichever_is_told_of_last() -> None:
    first = facts.controlled(ControlOutcome.VIOLATION)
    assert isinstance(first, control.ControlCompleted)
    first = first.model_copy(update={"involvement": SAFETY})
    second = first.model_copy(
        update={
            "control_id": ORDER,
            "place_id": ORDER,
            "outcome": ControlOutcome.NO_VIOLATION,
            "involvement": Involvement(),
        }
    )
    case = case_after(*RUNNING, first, second)
    assert (case.control_outcome, case.control_involvement) == ("violation", {"safety_representative": "took_part"})
    corrected = control.ControlCorrected(
        agreement_id=AGREEMENT,
        control_id=ORDER,
        place_id=ORDER,
        corrected_at=on("2026-06-16"),
        corrected_by=INSPECTOR,
        form_reason=None,
        **{name: getattr(second, name) for name in ("outcome", "form", "judged_by", "spoke_with", "measures")},
        involvement=Involvement(),
    )
    assert case_after(*RUNNING, first, second, corrected).control_outcome == "violation"
    none = corrected.model_copy(update={"control_id": CONTROL, "place_id": AGREEMENT})
    assert case_after(*RUNNING, first, second, none).control_outcome == "no_violation"


@pytest.mark.rule("R17")
def test_why_a_control_was_late_is_what_the_control_says_or_else_the_booking() -> None:
    late = facts.controlled()
    assert isinstance(late, control.ControlCompleted)
    late = late.model_copy(update={"within_window": False, "late_reason": "season"})
    case = case_after(*RUNNING, late)
    assert (case.within_60_days, case.control_late_reason) == (False, "season")
