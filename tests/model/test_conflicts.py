"""Conflicts between cases are recorded on each, linked, and give a task, in whatever order they come (R41)."""

from datetime import date
from uuid import UUID

import pytest

from shared.contracts.orders import OrderAppealed, OrderCompliedWith, OrderDeadlineMoved, OrderRevoked
from shared.eventstore.events import Event
from tests.model.conflicting_cases import FOREIGN_UNIT, OTHER_CVR, OTHER_UNIT, ConflictingCases

pytestmark = pytest.mark.rule("R41")
TASK = "conflict-to-look-into"


@pytest.fixture
def cases() -> ConflictingCases:
    return ConflictingCases()


def test_an_order_on_the_topic_of_a_running_agreement_is_a_conflict_of_both(cases: ConflictingCases) -> None:
    agreement = cases.agreed()
    assert TASK not in cases.tasks(agreement)
    order = str(cases.issue())
    assert TASK in cases.tasks(agreement)
    assert cases.links(agreement) == {(order, "order", True)}
    assert cases.links(order) == {(agreement, "order", True)}


def test_an_order_that_came_before_the_acceptance_is_one_too(cases: ConflictingCases) -> None:
    offer = cases.offered()
    order = str(cases.issue())
    assert cases.links(order) == set()
    agreement = cases.accept(offer)
    assert TASK in cases.tasks(agreement)
    assert cases.links(order) == {(agreement, "order", True)}


@pytest.mark.parametrize("seed", range(5))
def test_whichever_of_both_is_heard_first_it_is_recorded_once(cases: ConflictingCases, seed: int) -> None:
    cases.world._random.seed(seed)
    agreement = cases.accept(cases.offered(), settle=False)
    order = str(cases.issue(settle=False))
    cases.world.settle()
    assert [fact["other_case_id"] for fact in cases.facts(agreement)] == [UUID(order)]
    assert cases.links(agreement) == {(order, "order", True)}


def test_an_order_at_any_unit_of_a_spread_agreement_is_one(cases: ConflictingCases) -> None:
    agreement = cases.accept(cases.offered(spread=True), OTHER_UNIT)
    order = str(cases.issue(unit=OTHER_UNIT))
    assert cases.links(agreement) == {(order, "order", True)}


def test_other_topics_other_units_and_orders_without_a_topic_are_none(cases: ConflictingCases) -> None:
    agreement = cases.agreed()
    cases.issue(topic="011")
    cases.issue(topic=None)
    cases.issue(unit=OTHER_UNIT)
    cases.issue(unit=FOREIGN_UNIT, cvr=OTHER_CVR)
    assert cases.links(agreement) == set()
    assert TASK not in cases.tasks(agreement)


@pytest.mark.parametrize("end", [OrderRevoked, OrderCompliedWith])
def test_the_task_ends_with_the_order_and_the_conflict_stays_told(cases: ConflictingCases, end: type[Event]) -> None:
    agreement = cases.agreed()
    order = cases.issue()
    day = "revoked_on" if end is OrderRevoked else "complied_on"
    cases.tell(order, end.model_validate({"case_id": order, day: date(2026, 3, 4)}))
    assert TASK not in cases.tasks(agreement)
    assert cases.links(agreement) == {(str(order), "order", False)}
    assert cases.links(str(order)) == {(agreement, "order", False)}


def test_an_order_that_is_over_before_the_acceptance_is_none(cases: ConflictingCases) -> None:
    order = cases.issue()
    cases.tell(order, OrderRevoked(case_id=order, revoked_on=date(2026, 3, 2)))
    agreement = cases.agreed()
    assert cases.links(agreement) == set()


def test_an_order_that_is_appealed_or_moved_still_stands(cases: ConflictingCases) -> None:
    agreement = cases.agreed()
    order = cases.issue()
    cases.tell(order, OrderDeadlineMoved(case_id=order, deadline=date(2026, 6, 1), moved_on=date(2026, 3, 4)))
    cases.tell(order, OrderAppealed(case_id=order, appealed_on=date(2026, 3, 5), suspends=True))
    assert cases.links(agreement) == {(str(order), "order", True)}
    assert TASK in cases.tasks(agreement)


def test_one_of_two_orders_that_ends_leaves_the_task(cases: ConflictingCases) -> None:
    agreement = cases.agreed()
    first, second = cases.issue(), cases.issue()
    cases.tell(first, OrderRevoked(case_id=first, revoked_on=date(2026, 3, 4)))
    assert TASK in cases.tasks(agreement)
    assert cases.links(agreement) == {(str(first), "order", False), (str(second), "order", True)}


def test_what_has_ended_is_in_no_conflict_until_a_correction_lets_it_run_again(cases: ConflictingCases) -> None:
    """R30: a breach that was concluded early is taken back, and the other places are awaited again."""
    agreement = cases.accept(cases.offered(spread=True), OTHER_UNIT)
    control_id = cases.controlled(agreement, "violation", concludes=True)
    order = str(cases.issue())
    assert cases.links(agreement) == set()
    cases.corrected(agreement, control_id, "no_violation")
    assert cases.links(agreement) == {(order, "order", True)}
    assert TASK in cases.tasks(agreement)


def test_an_agreement_that_runs_again_beside_the_one_that_took_its_place_is_a_conflict(
    cases: ConflictingCases,
) -> None:
    """R30: at the unit that had not breached another agreement was made meanwhile."""
    first = cases.accept(cases.offered(spread=True), OTHER_UNIT)
    control_id = cases.controlled(first, "violation", concludes=True)
    second = cases.accept(cases.offered(unit=OTHER_UNIT))
    assert cases.links(second) == set()
    cases.corrected(first, control_id, "no_violation")
    assert cases.links(first) == {(second, "agreement", True)}
    assert cases.links(second) == {(first, "agreement", True)}


def test_a_breach_that_was_a_mistake_ends_the_conflict_of_an_acceptance(cases: ConflictingCases) -> None:
    """R8, R30: the acceptance was recorded before offers knew of the breach."""
    breached = cases.accept(cases.offered("011", spread=True), OTHER_UNIT)
    offer = cases.offered()
    control_id = cases.controlled(breached, "violation", concludes=True, settle=False)
    accepted = cases.accept(offer)
    assert cases.links(accepted) == {(breached, "quarantine", True)}
    assert cases.links(accepted, "company") == set()
    assert TASK in cases.tasks(accepted)
    cases.corrected(breached, control_id, "no_violation")
    assert cases.links(breached) == {(accepted, "quarantine", False)}
    assert TASK not in cases.tasks(accepted)


def test_a_company_sees_its_own_order_and_no_other(cases: ConflictingCases) -> None:
    agreement = cases.agreed()
    own = str(cases.issue())
    former = str(cases.issue(cvr=OTHER_CVR))  # issued to whoever had the unit before
    assert cases.links(agreement) == {(own, "order", True), (former, "order", True)}
    assert cases.links(agreement, "company") == {(own, "order", True)}
    assert cases.links(own, "company") == {(agreement, "order", True)}
    assert cases.links(former, "company") == set()


def test_the_end_of_an_agreement_ends_its_conflicts(cases: ConflictingCases) -> None:
    agreement = cases.agreed()
    order = str(cases.issue())
    cases.controlled(agreement, "no_violation")
    assert TASK not in cases.tasks(agreement)
    assert cases.links(order) == {(agreement, "order", False)}


def test_two_agreements_on_one_topic_at_one_unit_are_a_conflict_of_both() -> None:
    """A policy may allow two of them: somebody looks into it all the same."""
    cases = ConflictingCases(open_per_topic=2)
    first, second = cases.agreed(), cases.agreed()
    assert cases.links(first) == {(second, "agreement", True)}
    assert cases.links(second) == {(first, "agreement", True)}
    assert TASK in cases.tasks(first)
    assert TASK in cases.tasks(second)
    cases.controlled(first, "no_violation")
    assert cases.links(second) == {(first, "agreement", False)}
    assert TASK not in cases.tasks(second)
