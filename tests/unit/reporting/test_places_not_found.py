"""What the view tells of a control, or of an inspection after a no, for which no day was found (R7, R17, R18)."""

from datetime import date
from uuid import UUID

import pytest

from services.reporting.cases.steps import TaskKind
from services.reporting.cases.tasks import Task
from shared.contracts import control
from shared.contracts.vocabulary import Side
from shared.eventstore.events import Event
from tests import reporting_facts as facts
from tests.reporting_facts import AGREEMENT, INSPECTOR, on
from tests.reporting_folding import case_after, next_after, rows_after

pytestmark = pytest.mark.rule("R17")
DELIVERED = (facts.sent(), facts.delivered())
RUNNING = (*DELIVERED, facts.accepted(), facts.deadline_set(), facts.guidance_scheduled(), facts.documented())
NOT_FOUND = facts.place_not_found()
OTHER_PLACE = UUID(int=9)


def task_of(*events: Event) -> Task:
    (task,) = [one for one in rows_after(*events).tasks[AGREEMENT] if one.kind is TaskKind.PLACE_NOT_FOUND]
    return task


def inspection_booked() -> Event:
    return control.NewInspectionBooked(
        agreement_id=AGREEMENT,
        inspection_id=UUID(int=8),
        inspector=INSPECTOR,
        day=date(2026, 5, 20),
        slot=1,
        booked_at=on("2026-05-05"),
    )


def terminated() -> Event:
    return control.Terminated(
        agreement_id=AGREEMENT, by=Side.COMPANY, terminated_at=on("2026-05-05"), terminated_by="company-1"
    )


def test_an_inspector_has_to_make_room_by_the_end_of_the_first_window() -> None:
    """R17: since it was first known, however often a day was looked for in vain since then."""
    early = facts.place_not_found(OTHER_PLACE, last_day="2026-07-31")
    again = facts.place_not_found(OTHER_PLACE, at="2026-05-05", last_day="2026-07-31")
    task = task_of(*RUNNING, NOT_FOUND, early, again)
    assert (task.inspector, task.since, task.closed_at) == (INSPECTOR, on("2026-05-04"), None)
    assert task.due is not None
    assert task.due.isoformat() == "2026-07-31T22:00:00+00:00"
    known = case_after(*RUNNING, NOT_FOUND, early, again).places_not_found[str(OTHER_PLACE)]
    assert known == {
        "since": on("2026-05-04").isoformat(),
        "last_day": "2026-07-31",
        "again_at": on("2026-05-06").isoformat(),
        "cause": "absence",
        "would_make_room": ["colleague"],
        "late_too": False,
    }


@pytest.mark.rule("R26")
def test_what_must_happen_next_stays_as_it_was() -> None:
    assert next_after(*RUNNING, NOT_FOUND) == next_after(*RUNNING)


@pytest.mark.parametrize(
    "settled",
    [
        facts.place_fits_again(),
        facts.planned(),
        facts.booked(announced=False),
        facts.inspector_changed(),
        facts.sample_chosen(OTHER_PLACE),
        facts.controlled(),
        facts.turned_into_guidance(),
        terminated(),
        facts.fulfilled(),
        facts.breached(),
    ],
    ids=lambda fact: type(fact).__name__,
)
def test_a_day_another_inspector_or_the_end_of_the_course_settles_it(settled: Event) -> None:
    assert task_of(*RUNNING, NOT_FOUND, settled).closed_at is not None
    assert case_after(*RUNNING, NOT_FOUND, settled).places_not_found == {}


@pytest.mark.parametrize(
    "settled", [facts.place_fits_again(), facts.planned(), facts.sample_chosen(AGREEMENT, OTHER_PLACE)]
)
def test_another_place_still_has_no_day(settled: Event) -> None:
    events = (*RUNNING, facts.place_not_found(OTHER_PLACE), settled)
    assert task_of(*events).closed_at is None
    assert set(case_after(*events).places_not_found) == {str(OTHER_PLACE)}


@pytest.mark.rule("R7")
def test_an_inspection_after_a_no_needs_a_day_too() -> None:
    assert task_of(*DELIVERED, facts.declined(), NOT_FOUND).closed_at is None
    assert task_of(*DELIVERED, facts.declined(), NOT_FOUND, inspection_booked()).closed_at is not None


@pytest.mark.rule("R18")
def test_a_company_learns_nothing_of_it() -> None:
    """R18: neither in its row nor in the counts and times from which it could guess."""
    seen = case_after(*RUNNING, NOT_FOUND, facts.planned(), facts.place_fits_again(), NOT_FOUND, audience="company")
    assert seen == case_after(*RUNNING, audience="company")
    assert seen.places_not_found == {}
