"""The follow-up, a year after fulfilment (R24, R35, R39)."""

from datetime import date
from uuid import UUID

import pytest

from shared.contracts.control import FollowUpFellDue, FollowUpHeld, Fulfilled, SpreadFurther
from shared.contracts.vocabulary import MeasureUse
from shared.deadlines.copenhagen import start_of
from shared.eventstore.decider import TimerDue
from shared.eventstore.events import Event
from tests.unit.control.control_facts import (
    AGREEMENT,
    GLOVES,
    LIFT,
    at,
    breached_course,
    fulfilled_course,
    given,
    hold_follow_up,
    measure,
    observed,
    started,
)

FULFILLED = fulfilled_course()
"""On 1 July 2026."""
DUE = start_of(date(2027, 7, 1))
FALLS_DUE = TimerDue("follow-up", DUE, DUE)


def fell_due() -> FollowUpFellDue:
    return FollowUpFellDue(agreement_id=AGREEMENT, at=DUE)


def held() -> FollowUpHeld:
    return given(*FULFILLED, fell_due()).when(hold_follow_up()).one(FollowUpHeld)


def without_follow_up() -> tuple[Event, ...]:
    """The same course under a policy that has follow-ups switched off."""
    return tuple(
        event.model_copy(update={"follow_up_on": None}) if isinstance(event, Fulfilled) else event
        for event in FULFILLED
    )


@pytest.mark.rule("R24")
def test_r24_a_year_after_fulfilment_it_falls_due() -> None:
    assert given(*FULFILLED).timers() == {"follow-up": DUE}
    due = given(*FULFILLED).when(FALLS_DUE)
    due.then(fell_due())
    assert due.timers() == {}


@pytest.mark.rule("R24")
def test_r24_the_company_does_not_see_that_it_fell_due() -> None:
    assert not fell_due().seen_by_company()


@pytest.mark.rule("R24")
def test_r24_where_the_policy_has_it_switched_off_nothing_falls_due() -> None:
    assert given(*without_follow_up()).timers() == {}


@pytest.mark.rule("R35", "R39")
def test_r35_r39_it_says_whether_the_measures_are_in_use_and_have_spread() -> None:
    seen = observed(LIFT, MeasureUse.LIMITED, "in-the-way")
    follow_up = given(*FULFILLED, fell_due()).when(hold_follow_up(measures=(seen,))).one(FollowUpHeld)
    assert follow_up.measures == (seen,)
    assert follow_up.spread_further is True


@pytest.mark.rule("R24")
def test_r24_what_is_said_of_a_measure_is_said_of_one_that_was_documented() -> None:
    stranger = UUID(int=99)
    unknown = hold_follow_up(measures=(observed(stranger),))
    given(*FULFILLED, fell_due()).when(unknown).refused("R24", measure_id=stranger)


@pytest.mark.rule("R24")
def test_r24_nothing_is_left_out_although_what_is_not_known_may_be_said() -> None:
    two = (*fulfilled_course(measures=(measure(LIFT), measure(GLOVES))), fell_due())
    given(*two).when(hold_follow_up(measures=())).refused("R24", "nothing is said of", missing=f"{LIFT}, {GLOVES}")
    given(*two).when(hold_follow_up(measures=(observed(LIFT),))).refused("R24", missing=str(GLOVES))
    said = (observed(LIFT), observed(GLOVES, MeasureUse.UNKNOWN))
    assert given(*two).when(hold_follow_up(measures=said)).one(FollowUpHeld).measures == said


@pytest.mark.rule("R24")
def test_r24_a_follow_up_of_a_course_without_measures_has_none_to_ask_about() -> None:
    given(*fulfilled_course(measures=())).when(hold_follow_up(measures=())).records(FollowUpHeld)


@pytest.mark.rule("R35")
def test_r35_a_measure_that_fell_out_of_use_says_why() -> None:
    unexplained = hold_follow_up(measures=(observed(use=MeasureUse.NOT_IN_USE),))
    given(*FULFILLED, fell_due()).when(unexplained).refused("R35", "why is measure", measure_id=LIFT)


@pytest.mark.rule("R24")
def test_r24_it_is_held_once() -> None:
    given(*FULFILLED, fell_due(), held()).when(hold_follow_up()).refused("R24", "held already")


@pytest.mark.rule("R24")
@pytest.mark.parametrize("history", [(), (started(),), breached_course()], ids=["none", "running", "broken"])
def test_r24_only_a_fulfilled_agreement_is_followed_up(history: tuple[Event, ...]) -> None:
    given(*history).when(hold_follow_up()).refused("R24")


@pytest.mark.rule("R28")
def test_r28_what_was_held_does_not_fall_due() -> None:
    given(*FULFILLED, held()).when(FALLS_DUE).then()


@pytest.mark.rule("R24")
def test_r24_it_is_not_held_before_a_year_has_passed() -> None:
    given(*FULFILLED).when(hold_follow_up(at("2026-07-02"))).refused("R24")


@pytest.mark.rule("R24")
def test_r24_where_the_policy_has_it_switched_off_none_is_held() -> None:
    given(*without_follow_up()).when(hold_follow_up()).refused("R24")


@pytest.mark.rule("R24")
def test_a_follow_up_can_be_told_afterwards() -> None:
    told = hold_follow_up(at("2027-07-05"), held_at=at("2027-07-02"))
    assert given(*FULFILLED).when(told).one(FollowUpHeld).held_at == at("2027-07-02")


@pytest.mark.rule("R24")
def test_but_not_before_its_time_or_before_it_happened() -> None:
    given(*FULFILLED).when(hold_follow_up(held_at=at("2027-06-30"))).refused("R24", due=date(2027, 7, 1))
    given(*FULFILLED).when(hold_follow_up(held_at=at("2027-07-02"))).refused("R24", "not come yet")


@pytest.mark.rule("R39")
def test_what_spread_since_is_recorded() -> None:
    more = SpreadFurther(
        carried_on=(LIFT,), added_measures=(measure(GLOVES),), measure_descriptions={GLOVES: "Gloves."}
    )
    fact = given(*FULFILLED).when(hold_follow_up(spread=more)).one(FollowUpHeld)
    assert (fact.spread_further, fact.carried_on, fact.added_measures) == (True, (LIFT,), (measure(GLOVES),))
    assert fact.measure_descriptions == {GLOVES: "Gloves."}


@pytest.mark.rule("R39")
def test_what_is_said_to_have_spread_is_a_measure_that_is_known() -> None:
    given(*FULFILLED).when(hold_follow_up(spread=SpreadFurther(carried_on=(GLOVES,)))).refused("R39")
    given(*FULFILLED).when(hold_follow_up(spread=SpreadFurther(spread_further=False, carried_on=(LIFT,)))).refused(
        "R39"
    )
