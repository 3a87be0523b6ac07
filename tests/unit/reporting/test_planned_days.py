"""The day of a control that is planned and not booked yet stands with its place, for the authority alone (R17, R18)."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

import pytest

from services.reporting.cases.places import rules
from shared.contracts import control
from shared.contracts.vocabulary import Place, Side
from shared.eventstore.events import Event
from tests import reporting_facts as facts
from tests.reporting_facts import AGREEMENT, UNIT, on
from tests.reporting_folding import rows_after

pytestmark = pytest.mark.rule("R17")
FIRST, SECOND = UUID(int=1), UUID(int=2)
_PLACES = (Place(place_id=FIRST, p_number=UNIT), Place(place_id=SECOND, p_number="1003388395"))
RUNNING = (facts.sent(), facts.delivered(), facts.accepted().model_copy(update={"places": _PLACES}))
PLANNED = (*RUNNING, facts.planned(FIRST), facts.planned(SECOND, day="2026-07-02"))


def days(*events: Event) -> Mapping[UUID, date | None]:
    return {place: row.planned_on for place, row in rows_after(*events).places[AGREEMENT].items()}


def at(event: Event, place: UUID = FIRST) -> Event:
    return event.model_copy(update={"place_id": place})


def unit_changed(*, settled: bool = False) -> Event:
    return control.AgreementUnitChanged(
        agreement_id=AGREEMENT, p_number=UNIT, holds_from=date(2026, 5, 5), noted_at=on("2026-05-05"), settled=settled
    )


def terminated() -> Event:
    return control.Terminated(
        agreement_id=AGREEMENT, by=Side.COMPANY, terminated_at=on("2026-05-05"), terminated_by="company-1"
    )


def test_a_place_has_the_day_that_was_planned_last() -> None:
    assert days(*PLANNED) == {FIRST: date(2026, 7, 1), SECOND: date(2026, 7, 2)}
    assert days(*PLANNED, facts.planned(FIRST, day="2026-07-03"))[FIRST] == date(2026, 7, 3)


@pytest.mark.parametrize(
    "ending",
    [at(facts.booked(announced=False)), at(facts.controlled()), facts.sample_chosen(SECOND), unit_changed()],
    ids=lambda fact: type(fact).__name__,
)
def test_a_plan_ends_with_what_is_about_its_place(ending: Event) -> None:
    """R17, R19, R40: a booking, a control, the sample, or a change of its unit; other places keep their day."""
    assert days(*PLANNED, ending) == {FIRST: None, SECOND: date(2026, 7, 2)}


@pytest.mark.parametrize(
    "ending",
    [facts.inspector_changed(), terminated(), facts.fulfilled(), facts.breached()],
    ids=lambda fact: type(fact).__name__,
)
def test_all_plans_end_with_the_inspector_or_the_course(ending: Event) -> None:
    assert days(*PLANNED, ending) == {FIRST: None, SECOND: None}


@pytest.mark.rule("R40")
def test_a_unit_that_is_settled_keeps_its_plan() -> None:
    assert days(*PLANNED, unit_changed(settled=True))[FIRST] == date(2026, 7, 1)


@pytest.mark.rule("R18")
def test_no_company_is_told_of_a_plan() -> None:
    """R18: a company's places are folded from what it may know, and no field of a plan is among that."""
    assert rules.about(control.ControlPlanned)
    assert not facts.planned().seen_by_company()
