"""Time spent by phase, recorded and corrected (R30, R37)."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from services.offers.http.views import view
from services.offers.rules.time_spent import CorrectTime, SpendTime
from shared.contracts.offers import SpentTime, TimeCorrected, TimeSpent
from shared.contracts.vocabulary import WorkPhase
from shared.eventstore.events import Event
from tests.unit.offers.offer_facts import ANY_TIME, AVAILABLE_AT, IN_TIME, given, recorded, sent

ENTRY = UUID(int=11)
SPENT = SpentTime(phase=WorkPhase.INVESTIGATION, minutes=90)
TIME = SpendTime(AVAILABLE_AT, ENTRY, "inspector-1", AVAILABLE_AT.date(), SPENT)


@pytest.mark.parametrize("since", ANY_TIME.values(), ids=ANY_TIME)
def test_r37_time_is_recorded_at_any_time_by_phase(since: tuple[Event, ...]) -> None:
    spent = given(sent(), *since).when(TIME).one(TimeSpent)
    assert (spent.phase, spent.minutes, spent.seen_by_company()) == (WorkPhase.INVESTIGATION, 90, False)


def test_r37_no_time_is_spent_on_a_day_that_has_not_come() -> None:
    given(sent()).when(replace(TIME, on_day=date(2026, 3, 6))).refused("R37", "has not come")


def correct(phase: WorkPhase = WorkPhase.OFFER, minutes: int = 40, on_day: date | None = None) -> CorrectTime:
    told = SpentTime(phase=phase, minutes=minutes)
    return CorrectTime(IN_TIME, ENTRY, "inspector-2", on_day, told, "The other case's.")


@pytest.mark.rule("R30", "R37")
@pytest.mark.parametrize("since", ANY_TIME.values(), ids=ANY_TIME)
def test_time_is_corrected_at_any_time_by_a_new_fact_with_a_reason(since: tuple[Event, ...]) -> None:
    spent = given(sent()).when(TIME).one(TimeSpent)
    corrected = given(sent(), spent, *since).when(correct())
    fact = corrected.one(TimeCorrected)
    assert (fact.phase, fact.minutes, fact.previous_phase, fact.previous_minutes) == ("offer", 40, "investigation", 90)
    assert (fact.inspector, fact.corrected_by, fact.on_day) == ("inspector-1", "inspector-2", spent.on_day)
    assert not fact.seen_by_company()
    assert fact.private_parts() == {"": {"reason": "The other case's."}}
    (shown,) = view(corrected.state, recorded(sent(), spent, *since, fact), "da").time
    assert (shown.entry_id, shown.phase, shown.minutes, shown.inspector) == (ENTRY, "offer", 40, "inspector-1")


@pytest.mark.rule("R30", "R37")
def test_time_that_was_not_spent_is_taken_back_and_can_be_corrected_again() -> None:
    spent = given(sent()).when(TIME).one(TimeSpent)
    taken_back = given(sent(), spent).when(correct(minutes=0)).one(TimeCorrected)
    assert taken_back.minutes == 0
    again = given(sent(), spent, taken_back).when(correct(minutes=5)).one(TimeCorrected)
    assert (again.minutes, again.previous_phase, again.previous_minutes) == (5, "offer", 0)


@pytest.mark.rule("R30", "R37")
def test_only_time_that_was_recorded_and_otherwise_is_corrected() -> None:
    first_release = given(sent()).when(TIME).one(TimeSpent).model_copy(update={"entry_id": None})
    for history in ((sent(),), (sent(), first_release)):
        given(*history).when(correct()).refused("R30", "no time is known", entry_id=ENTRY)
    spent = given(sent()).when(TIME).one(TimeSpent)
    given(sent(), spent).when(correct(WorkPhase.INVESTIGATION, 90)).refused("R30", "that is what was recorded")
    given(sent(), spent).when(correct(on_day=date(2027, 1, 1))).refused("R37", "has not come")


def test_r37_no_time_belongs_to_an_offer_that_was_never_sent() -> None:
    given().when(TIME).refused("R37", "never sent")
    given().when(correct()).refused("R30", "never sent")
