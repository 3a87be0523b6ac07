"""What was planned and moves with its window is as hard to guess as a day that is drawn once (R18)."""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import SystemRandom
from uuid import UUID

import pytest

from services.control.planning.lookups.drawing import DrawnDay, draw
from services.control.planning.rules.calendar import Calendar, FreePlace
from services.control.planning.rules.place_names import TakenPlaces
from services.control.planning.rules.working_time import default_working_time
from services.control.rules.booking import days_inside, drawn_from
from services.control.rules.phases import Running
from services.control.rules.planned_places import PlanControl, PlanPlaces, plan_fits
from shared.contracts.control import ControlPlanned
from shared.contracts.vocabulary import PlanCause
from tests.unit.control.control_facts import AGREEMENT, COMPLIANCE_DAY, INSPECTOR, at, documented, given
from tests.unit.control.planning_policy import PLANNING_POLICIES
from tests.unit.control.test_planned_controls import ACCEPTED, START

DRAWS = 8000
POLICY = PLANNING_POLICIES.at(ACCEPTED)
NOTHING, USUAL = TakenPlaces(frozenset(), {}), default_working_time(POLICY)
CHANCE = SystemRandom()


def drawn(course: Running, when: datetime) -> DrawnDay:
    spans = drawn_from(course, AGREEMENT, days_inside(course, AGREEMENT, when, POLICY), POLICY)
    found = draw(Calendar(INSPECTOR, USUAL, NOTHING, POLICY), spans, (), POLICY, CHANCE)
    assert found is not None
    return found


def planned(found: DrawnDay) -> ControlPlanned:
    place: FreePlace = found.place
    plan = PlanControl(ACCEPTED, AGREEMENT, UUID(int=8), found.day, place, found.how, PlanCause.ACCEPTED)
    return given(START).when(PlanPlaces(POLICY, (plan,))).one(ControlPlanned)


@pytest.mark.rule("R18")
@pytest.mark.parametrize("days_before", [25, 32, 39, 50])
def test_r18_no_day_comes_up_more_often_because_the_company_documents_early(days_before: int) -> None:
    """Days of the first draw that fit stay; were others drawn from the same days again, some would come up twice."""
    when = at((COMPLIANCE_DAY - timedelta(days=days_before)).isoformat())
    begun = given(START).state
    done = given(START, documented(START, day=when.date().isoformat())).state
    assert isinstance(begun, Running)
    assert isinstance(done, Running)
    plans = {found.day: planned(found) for found in (drawn(begun, ACCEPTED) for _ in range(600))}
    possible = len(plans)
    days = Counter[date]()
    for _ in range(DRAWS):
        plan = CHANCE.choice(list(plans.values()))
        course = replace(done, plans={AGREEMENT: plan})
        days[plan.day if plan_fits(course, plan) else drawn(course, when).day] += 1
    share = 1 / possible
    sigma = (share * (1 - share) / DRAWS) ** 0.5
    assert possible >= 20
    # The highest of many days: five deviations, where three bound a guess that is made beforehand.
    assert max(days.values()) / DRAWS <= share + 5 * sigma, days.most_common(3)
