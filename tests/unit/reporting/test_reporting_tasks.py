"""Which tasks an inspector gets, and when they are done."""

from datetime import date
from uuid import UUID

import pytest

from services.reporting.cases.tasks import Task
from shared.contracts.control import WindowAtRisk, WindowSafeAgain
from shared.contracts.vocabulary import ControlOutcome, Drawn
from shared.eventstore.events import Event
from tests import reporting_facts as facts
from tests.reporting_facts import AGREEMENT, INSPECTOR, on
from tests.reporting_folding import rows_after

DELIVERED = (facts.sent(), facts.delivered())
RUNNING = (*DELIVERED, facts.accepted(), facts.deadline_set(), facts.guidance_scheduled())
BREACH = (*RUNNING, facts.controlled(ControlOutcome.VIOLATION), facts.breached())


def tasks_after(*events: Event) -> list[Task]:
    return rows_after(*events).tasks[AGREEMENT]


def open_kinds(*events: Event) -> set[str]:
    return {task.kind.value for task in tasks_after(*events) if task.closed_at is None}


def drawn_among(possible: int) -> Event:
    """R18: a control on a day that was drawn, where the policy asks for eight possible days."""
    first, last = date(2026, 6, 2), date(2026, 7, 31)
    drawn = Drawn(first=first, last=last, possible=possible, least=8)
    return facts.booked(announced=False).model_copy(update={"drawn": drawn})


OTHER_PLACE = UUID(int=9)


def at_risk(place: UUID = AGREEMENT, risk: str = "few-places") -> Event:
    """R17: the control of a place may have to be late."""
    told = {
        "agreement_id": AGREEMENT,
        "place_id": place,
        "inspector": INSPECTOR,
        "last_day": "2026-08-21",
        "risk": risk,
    }
    counts = {"places_left": 2, "missed_percent": 10, "noted_at": on("2026-05-04")}
    return WindowAtRisk.model_validate({**told, **counts})


def safe_again() -> Event:
    return WindowSafeAgain(agreement_id=AGREEMENT, place_id=AGREEMENT, noted_at=on("2026-05-05"))


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (DELIVERED, set()),
        ((*DELIVERED, facts.halfway()), {"offer-unanswered"}),
        ((*DELIVERED, facts.declined()), {"answer-received"}),
        (RUNNING, {"answer-received"}),
        ((*RUNNING, facts.guidance_fell_due()), {"answer-received", "guidance-due"}),
        (
            (*RUNNING, facts.guidance_fell_due(), facts.guidance_overdue()),
            {"answer-received", "guidance-overdue", "look-into-guidance"},
        ),
        ((*RUNNING, facts.guidance_fell_due(), facts.guidance_offered()), set()),
        ((*RUNNING, facts.documented()), {"documentation-received"}),
        ((*RUNNING, facts.booked(announced=True, at="2026-04-01")), {"control-to-hold"}),
        (
            (*RUNNING, facts.documented(), facts.booked(announced=False)),
            {"documentation-received", "control-to-hold"},
        ),
        (
            (*RUNNING, facts.documented(), drawn_among(7)),
            {"documentation-received", "control-to-hold", "day-among-few"},
        ),
        ((*RUNNING, facts.documented(), drawn_among(8)), {"documentation-received", "control-to-hold"}),
        ((*RUNNING, at_risk()), {"answer-received", "window-at-risk"}),
        ((*RUNNING, at_risk(), at_risk(risk="impossible"), safe_again()), {"answer-received"}),
        ((*RUNNING, at_risk(OTHER_PLACE), safe_again()), {"answer-received", "window-at-risk"}),
        ((*RUNNING, at_risk(), facts.controlled()), set()),
        (
            (*RUNNING, facts.documented(), drawn_among(7), facts.booked(announced=True)),
            {"documentation-received", "control-to-hold"},
        ),
        (
            (*RUNNING, facts.documented(), drawn_among(7), facts.controlled(), facts.fulfilled()),
            set(),
        ),
        ((*RUNNING, facts.documented(), facts.booked(announced=True), facts.controlled(), facts.fulfilled()), set()),
        (BREACH, {"order-to-request"}),
        ((*BREACH, facts.hearing_opened()), {"hearing-running"}),
        ((*BREACH, facts.hearing_opened(), facts.hearing_expired()), {"order-to-request"}),
        ((*BREACH, facts.order_requested()), set()),
        ((*RUNNING, facts.controlled(), facts.fulfilled(), facts.follow_up_fell_due()), {"follow-up-due"}),
        (
            (*RUNNING, facts.controlled(), facts.fulfilled(), facts.follow_up_fell_due(), facts.follow_up_held()),
            set(),
        ),
    ],
)
def test_a_case_gives_its_inspector_the_tasks_that_stand_open(events: tuple[Event, ...], expected: set[str]) -> None:
    assert open_kinds(*events) == expected


def test_a_task_names_its_inspector_its_due_time_and_since_when_it_stands() -> None:
    (task,) = tasks_after(*DELIVERED, facts.halfway())
    assert (task.inspector, task.since) == (INSPECTOR, on("2026-03-19"))
    assert task.due is not None
    assert task.due.isoformat() == "2026-04-07T22:00:00+00:00"


def test_a_task_that_is_done_says_since_when() -> None:
    task = tasks_after(*DELIVERED, facts.halfway(), facts.accepted())[0]
    assert (task.kind.value, task.closed_at) == ("offer-unanswered", on("2026-03-20"))


def test_a_control_that_decided_nothing_closes_its_task_and_the_new_booking_opens_another() -> None:
    again = facts.booked(announced=True, day="2026-06-29", at="2026-06-16")
    events = (*RUNNING, facts.documented(), facts.booked(announced=True), facts.turned_into_guidance(), again)
    controls = [task for task in tasks_after(*events) if task.kind.value == "control-to-hold"]
    assert [(task.number, task.closed_at is None) for task in controls] == [(1, False), (2, True)]
