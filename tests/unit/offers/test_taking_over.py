"""A case that is history goes on here, from a day on (R28, R30)."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.offers.rules.taking_over import TakeOver
from shared.contracts.offers import CaseTakenOver
from shared.deadlines.copenhagen import local_day, start_of
from shared.eventstore.events import Event
from tests.unit.offers.offer_facts import AGREEMENT, ANY_TIME, AVAILABLE_AT, given, sent

pytestmark = pytest.mark.rule("R28", "R30")
TODAY = local_day(AVAILABLE_AT)


def take_over(**changes: Any) -> TakeOver:
    values: dict[str, Any] = {
        "at": AVAILABLE_AT,
        "by": "inspector-1",
        "from_day": TODAY,
        "reason": "It goes on here.",
        "is_live": False,
    }
    return TakeOver(**values | changes)


@pytest.mark.parametrize("facts", [pytest.param(facts, id=name) for name, facts in ANY_TIME.items()])
def test_it_can_be_taken_over_at_any_time_and_is_live_from_the_beginning_of_that_day(facts: tuple[Event, ...]) -> None:
    history = given(sent(), *facts)
    taken = history.when(take_over()).one(CaseTakenOver)
    assert (taken.agreement_id, taken.live_from, taken.taken_over_by) == (AGREEMENT, start_of(TODAY), "inspector-1")
    assert history.when(take_over()).state == history.state, "nothing else changes"


def test_an_earlier_day_is_possible_and_a_later_one_is_not() -> None:
    earlier = date(2026, 3, 1)
    assert given(sent()).when(take_over(from_day=earlier)).one(CaseTakenOver).live_from == start_of(earlier)
    tomorrow = TODAY + timedelta(days=1)
    given(sent()).when(take_over(from_day=tomorrow)).refused("R30", "from today or an earlier day", from_day=tomorrow)


def test_a_live_case_is_not_taken_over() -> None:
    given(sent()).when(take_over(is_live=True)).refused("R30", "live already")


def test_an_offer_that_nobody_sent_is_not_taken_over() -> None:
    given().when(take_over()).refused("R30", "not open")
