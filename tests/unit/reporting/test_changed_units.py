"""What the view shows of a unit that changes its legal entity, or ceases, while a case is open (R40)."""

from datetime import date

import pytest

from services.reporting.cases.units import Unit
from services.reporting.projection.fold_batch import Rows, fold_units
from shared.contracts import control, offers
from shared.contracts.register import UnitCeased
from shared.contracts.vocabulary import ControlOutcome, InvestigationOutcome, Side
from shared.eventstore.events import Event
from tests import reporting_facts as facts
from tests.reporting_facts import AGREEMENT, on
from tests.reporting_folding import case_after, rows_after

pytestmark = pytest.mark.rule("R40")
BUYER = "24256790"
DELIVERED = (facts.sent(), facts.delivered())
RUNNING = (*DELIVERED, facts.accepted(), facts.deadline_set(), facts.guidance_scheduled())
TOLD = {
    "agreement_id": AGREEMENT,
    "p_number": facts.UNIT,
    "holds_from": date(2026, 3, 20),
    "noted_at": on("2026-03-20"),
    "cvr": BUYER,
}


def offer_changed(**changes: object) -> Event:
    return offers.OfferUnitChanged.model_validate({**TOLD, **changes})


def agreement_changed(**changes: object) -> Event:
    return control.AgreementUnitChanged.model_validate({**TOLD, **changes})


def concluded() -> Event:
    return control.InvestigationConcluded(
        agreement_id=AGREEMENT,
        inspection_id=AGREEMENT,
        held_at=on("2026-04-02"),
        inspector="inspector-1",
        outcome=InvestigationOutcome.NO_VIOLATION,
    )


def open_tasks(*events: Event) -> set[str]:
    return {task.kind.value for task in rows_after(*events).tasks[AGREEMENT] if task.closed_at is None}


@pytest.mark.parametrize(
    "history", [(*DELIVERED, offer_changed()), (*RUNNING, agreement_changed())], ids=["open offer", "running agreement"]
)
def test_the_inspector_decides_next_and_has_a_task(history: tuple[Event, ...]) -> None:
    case = case_after(*history)
    assert (case.next_step, case.next_by) == ("decide_on_changed_unit", "inspector")
    assert "unit-changed" in open_tasks(*history)
    assert case.changed_units == {facts.UNIT: {"since": "2026-03-20", "ceased": False}}


def test_the_task_ends_with_the_case() -> None:
    withdrawn = offers.Withdrawn(agreement_id=AGREEMENT, rule="R9", withdrawn_at=on("2026-03-21"))
    ended = control.Terminated(
        agreement_id=AGREEMENT, by=Side.AUTHORITY, terminated_at=on("2026-04-21"), terminated_by="inspector-1"
    )
    for history in ((*DELIVERED, offer_changed(), withdrawn), (*RUNNING, agreement_changed(), ended)):
        assert "unit-changed" not in open_tasks(*history)
        assert case_after(*history).next_step is None


DECLINED = (*DELIVERED, facts.declined())
FULFILLED = (*RUNNING, facts.controlled(), facts.fulfilled())
BREACHED = (*RUNNING, facts.controlled(ControlOutcome.VIOLATION), facts.breached())


@pytest.mark.parametrize(
    ("history", "done"),
    [(DECLINED, concluded()), (FULFILLED, facts.follow_up_held()), (BREACHED, facts.order_requested())],
    ids=["inspection", "follow-up", "order"],
)
def test_the_inspector_has_a_task_while_something_is_left_to_do_at_the_unit(
    history: tuple[Event, ...], done: Event
) -> None:
    """R7, R22, R24, R40: the next step stays what it is."""
    assert "unit-changed" in open_tasks(*history, agreement_changed())
    assert case_after(*history, agreement_changed()).next_step == case_after(*history).next_step
    assert "unit-changed" not in open_tasks(*history, agreement_changed(), done)


def test_and_where_the_unit_comes_back() -> None:
    back = offer_changed(holds_from=date(2026, 3, 25), settled=True, cvr=facts.CVR)
    assert "unit-changed" not in open_tasks(*DELIVERED, offer_changed(), back)
    assert case_after(*DELIVERED, offer_changed(), back).next_step == "answer_offer"


def test_a_company_is_told_that_it_happened_and_not_who_has_the_unit() -> None:
    rows = rows_after(*DELIVERED, offer_changed())
    company = rows.cases["company", AGREEMENT]
    assert company.changed_units == {facts.UNIT: {"since": "2026-03-20", "ceased": False}}
    assert BUYER not in str(vars(company))


def test_a_unit_that_ceased_is_a_row_of_its_day() -> None:
    rows = Rows()
    fold_units(rows, [UnitCeased(p_number=facts.UNIT, effective_from=date(2026, 5, 1))])
    assert rows.units == {(facts.UNIT, date(2026, 5, 1)): Unit(facts.UNIT, date(2026, 5, 1))}
