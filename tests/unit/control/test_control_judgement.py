"""What a control decides, and a control that decides nothing (R17, R18, R20, R21, R22)."""

from datetime import date
from uuid import UUID

import pytest

from services.control.rules.judgement import FindingElsewhere
from shared.contracts.control import (
    Breached,
    ControlBooked,
    ControlCompleted,
    ControlTurnedIntoGuidance,
    Fulfilled,
    HearingOpened,
    OtherFinding,
    OtherFindingRecorded,
    SpreadFurther,
)
from shared.contracts.vocabulary import ContactForm, ControlOutcome, MeasureUse
from shared.eventstore.events import Event
from tests.unit.control.control_facts import (
    CONTROL,
    CVR,
    GLOVES,
    LIFT,
    POLICIES,
    PSYCHOSOCIAL,
    UNIT,
    at,
    book,
    booked,
    breached_course,
    complete,
    documented,
    fulfilled_course,
    given,
    in_calendar,
    measure,
    observed,
    started,
    turn,
)

FINDING = UUID(int=8)
TERMS = started()
PART = documented(TERMS)
READY = (TERMS, PART, booked(TERMS, PART))
"""Documented on 1 June, control booked for 1 July, window until 31 July."""


@pytest.mark.rule("R20")
def test_r20_no_violation_on_the_topic_means_fulfilled() -> None:
    result = given(*READY).when(complete())
    result.records(ControlCompleted, Fulfilled)
    assert result.one(ControlCompleted).control_id == CONTROL
    assert result.one(Fulfilled).fulfilled_at == at("2026-07-01")
    assert in_calendar(result) == frozenset()


@pytest.mark.rule("R24")
def test_r24_fulfilment_says_when_it_is_asked_about_again() -> None:
    assert given(*READY).when(complete()).one(Fulfilled).follow_up_on == date(2027, 7, 1)


@pytest.mark.rule("R20", "R22")
def test_r20_r22_a_violation_on_the_topic_means_breached_and_the_company_is_heard() -> None:
    result = given(*READY).when(complete(ControlOutcome.VIOLATION))
    result.records(ControlCompleted, Breached, HearingOpened)
    breach = result.one(Breached)
    assert (breach.cvr, breach.topic, breach.breached_units) == (CVR, "011", (UNIT,))
    assert breach.breached_at == at("2026-07-01")
    assert result.one(HearingOpened).answer_deadline.last_day == date(2026, 7, 15)


@pytest.mark.rule("R22")
def test_r22_on_a_psychosocial_topic_the_company_is_heard_in_writing() -> None:
    terms = started(PSYCHOSOCIAL)
    result = given(terms, booked(terms)).when(complete(ControlOutcome.VIOLATION, measures=()))
    assert result.one(HearingOpened).in_writing


@pytest.mark.rule("R22")
def test_r22_on_another_topic_it_need_not_be() -> None:
    assert not given(*READY).when(complete(ControlOutcome.VIOLATION)).one(HearingOpened).in_writing


@pytest.mark.rule("R17")
def test_r17_the_control_takes_place_without_documentation_too() -> None:
    result = given(TERMS, booked(TERMS)).when(complete(measures=()))
    result.records(ControlCompleted, Fulfilled)


@pytest.mark.rule("R17")
@pytest.mark.parametrize(
    ("day", "time", "within"),
    [("2026-07-31", "23:59", True), ("2026-08-01", "00:00", False)],
    ids=["last day", "after"],
)
def test_r17_a_control_says_whether_it_was_held_within_its_60_days(day: str, time: str, within: bool) -> None:
    late_reason = None if within else "illness"
    held = given(*READY).when(complete(on=at(day, time), late_reason=late_reason)).one(ControlCompleted)
    assert (held.within_window, held.late_reason) == (within, late_reason)


@pytest.mark.rule("R17")
def test_r17_a_control_after_its_window_says_why() -> None:
    given(*READY).when(complete(on=at("2026-08-03"))).refused("R17", "held after", last_day=date(2026, 7, 31))
    given(*READY).when(complete(on=at("2026-08-03"), late_reason="forgot")).refused("R17", "why?")


@pytest.mark.rule("R17")
def test_r17_the_reason_of_a_late_booking_counts_for_its_control() -> None:
    late = given(TERMS, PART).when(book("2026-08-03", late_reason="season")).one(ControlBooked)
    held = given(TERMS, PART, late).when(complete(on=at("2026-08-03"))).one(ControlCompleted)
    assert (held.within_window, held.late_reason) == (False, "season")


@pytest.mark.rule("R17")
def test_r17_a_control_can_be_told_afterwards() -> None:
    held = given(*READY).when(complete(on=at("2026-07-06"), held_at=at("2026-07-01")))
    assert held.one(ControlCompleted).held_at == at("2026-07-01")
    assert held.one(Fulfilled).fulfilled_at == at("2026-07-01")
    assert held.one(Fulfilled).follow_up_on == date(2027, 7, 1)


@pytest.mark.rule("R22")
def test_r22_the_company_has_its_time_to_be_heard_from_when_the_breach_was_told() -> None:
    told = given(*READY).when(complete(ControlOutcome.VIOLATION, on=at("2026-07-06"), held_at=at("2026-07-01")))
    assert told.one(Breached).breached_at == at("2026-07-01")
    assert told.one(HearingOpened).answer_deadline.last_day == date(2026, 7, 20)


@pytest.mark.rule("R17")
def test_r17_a_control_that_lies_ahead_has_not_been_held() -> None:
    given(*READY).when(complete(held_at=at("2026-07-02"))).refused("R17", "not come yet")


@pytest.mark.rule("R17")
def test_r17_a_control_was_not_held_before_the_agreement() -> None:
    given(*READY).when(complete(held_at=at("2026-03-19"))).refused("R17", "is before")


@pytest.mark.rule("R17")
def test_r17_a_control_was_not_held_before_the_company_was_done() -> None:
    given(*READY).when(complete(held_at=at("2026-05-31"))).refused("R17", "only once the company is done")


@pytest.mark.rule("R21")
def test_r21_a_control_was_not_held_before_one_that_decided_nothing() -> None:
    fact = given(*READY).when(turn()).one(ControlTurnedIntoGuidance)
    again = booked(*READY, fact, day="2026-07-20", on="2026-07-01")
    late = complete(on=at("2026-07-20"), held_at=at("2026-06-30"))
    given(*READY, fact, again).when(late).refused("R17", "is before")


@pytest.mark.rule("R18")
def test_r18_a_control_that_is_not_a_visit_needs_a_reason() -> None:
    given(*READY).when(complete(form=ContactForm.PHONE)).refused("R18", form=ContactForm.PHONE)


@pytest.mark.rule("R18")
def test_r18_and_not_any_reason() -> None:
    given(*READY).when(complete(form=ContactForm.VIRTUAL, form_reason="far-away")).refused("R18")
    given(*READY).when(complete(form_reason="recent-visit")).refused("R18", "a visit has no reason")


@pytest.mark.rule("R18")
def test_r18_with_one_of_the_special_situations_it_is_recorded() -> None:
    by_phone = complete(form=ContactForm.PHONE, form_reason="thorough-documentation")
    assert given(*READY).when(by_phone).one(ControlCompleted).form_reason == "thorough-documentation"


@pytest.mark.rule("R20")
def test_r20_what_is_seen_of_a_documented_measure_is_recorded() -> None:
    assert given(*READY).when(complete(measures=(observed(),))).one(ControlCompleted).measures == (observed(),)


@pytest.mark.rule("R20")
def test_r20_what_is_said_of_a_measure_is_said_of_one_that_was_documented() -> None:
    stranger = UUID(int=99)
    given(*READY).when(complete(measures=(observed(stranger),))).refused("R20", measure_id=stranger)


@pytest.mark.rule("R17")
def test_r17_a_control_is_booked_before_it_is_held() -> None:
    given(TERMS, PART).when(complete()).refused("R17", "no control is booked")


@pytest.mark.rule("R20")
@pytest.mark.parametrize(
    ("history", "how"),
    [((), "not_running"), (fulfilled_course(), "fulfilled"), (breached_course(), "breached")],
    ids=["none", "kept", "broken"],
)
def test_r20_a_control_decides_once(history: tuple[Event, ...], how: str) -> None:
    given(*history).when(complete()).refused("R20", how=how)


@pytest.mark.rule("R21")
@pytest.mark.parametrize("reason", ["work_unfinished", "processes_not_running"])
def test_r21_a_control_that_cannot_decide_becomes_guidance_and_nothing_is_decided(reason: str) -> None:
    result = given(*READY).when(turn(reason=reason))
    result.records(ControlTurnedIntoGuidance)
    fact = result.one(ControlTurnedIntoGuidance)
    assert (fact.control_id, fact.reason) == (CONTROL, reason)
    assert set(result.timers()) == {"book-control"}


@pytest.mark.rule("R21")
def test_r21_and_a_new_control_can_be_booked_and_held() -> None:
    fact = given(*READY).when(turn()).one(ControlTurnedIntoGuidance)
    again = booked(*READY, fact, day="2026-07-20", on="2026-07-01")
    given(*READY, fact, again).when(complete(on=at("2026-07-20"))).records(ControlCompleted, Fulfilled)


@pytest.mark.rule("R21")
def test_r21_not_for_any_reason() -> None:
    given(*READY).when(turn(reason="no_time")).refused("R21", given="no_time")


@pytest.mark.rule("R21")
def test_r21_on_the_last_day_of_the_window_still() -> None:
    given(*READY).when(turn(on=at("2026-07-31", "23:59"))).records(ControlTurnedIntoGuidance)


@pytest.mark.rule("R21")
def test_r21_not_after_the_window() -> None:
    given(*READY).when(turn(on=at("2026-08-01", "00:00"))).refused("R21", last_day=date(2026, 7, 31))


@pytest.mark.rule("R21")
def test_r21_not_without_a_booked_control() -> None:
    given(TERMS, PART).when(turn()).refused("R17", "no control is booked")


@pytest.mark.rule("R21")
@pytest.mark.parametrize("history", [(), fulfilled_course(), breached_course()], ids=["none", "kept", "broken"])
def test_r21_only_while_the_matter_is_open(history: tuple[Event, ...]) -> None:
    given(*history).when(turn()).refused("R21")


@pytest.mark.rule("R21")
def test_r21_inside_the_deadline_although_the_window_has_ended() -> None:
    terms = started(months=6)
    part = documented(terms, day="2026-04-07")
    late = given(terms, part).when(book("2026-07-01", late_reason="processes-not-running")).events
    given(terms, part, *late).when(turn(on=at("2026-07-01"))).records(ControlTurnedIntoGuidance)


@pytest.mark.rule("R20")
def test_r20_a_control_says_of_every_documented_measure_whether_it_is_in_use() -> None:
    part = documented(TERMS, measures=(measure(LIFT), measure(GLOVES)))
    both = (TERMS, part, booked(TERMS, part))
    given(*both).when(complete()).refused("R20", "nothing is said of", missing=str(GLOVES))
    given(*both).when(complete(measures=(observed(), observed(GLOVES)))).records(ControlCompleted, Fulfilled)


@pytest.mark.rule("R20")
def test_r20_a_control_says_one_thing_of_a_measure() -> None:
    twice = (observed(), observed(use=MeasureUse.LIMITED))
    given(*READY).when(complete(measures=twice)).refused("R20", "two things", measure_id=LIFT)


@pytest.mark.rule("R20")
def test_r20_other_findings_are_recorded_and_decide_nothing() -> None:
    wet_floor = FindingElsewhere(FINDING, OtherFinding(topic="092", text="The floor is wet."))
    result = given(*READY).when(complete(other_findings=(wet_floor,)))
    result.records(ControlCompleted, OtherFindingRecorded, Fulfilled)
    found = result.one(OtherFindingRecorded)
    assert (found.finding_id, found.control_id, found.topic, found.text) == (
        FINDING,
        CONTROL,
        "092",
        wet_floor.told.text,
    )


@pytest.mark.rule("R20")
def test_r20_a_finding_on_the_topic_is_no_other_finding() -> None:
    noise = FindingElsewhere(FINDING, OtherFinding(topic="011", text="It is loud."))
    given(*READY).when(complete(other_findings=(noise,))).refused("R20", "it decides", topic="011")


@pytest.mark.rule("R20")
def test_r20_only_a_violation_concludes() -> None:
    given(*READY).when(complete(concludes=True)).refused("R20", "only a violation")


@pytest.mark.rule("R39")
def test_r39_what_spread_further_is_recorded() -> None:
    more = SpreadFurther(
        carried_on=(LIFT,),
        added_measures=(measure(GLOVES),),
        measure_descriptions={GLOVES: "Gloves for the night shift."},
    )
    held = given(*READY).when(complete(spread=more)).one(ControlCompleted)
    assert (held.spread_further, held.carried_on, held.added_measures) == (True, (LIFT,), (measure(GLOVES),))
    assert held.measure_descriptions == {GLOVES: "Gloves for the night shift."}


@pytest.mark.rule("R39")
@pytest.mark.parametrize("said", [True, False, None])
def test_r39_whether_anything_spread_can_be_said_without_more(said: bool | None) -> None:
    assert (
        given(*READY).when(complete(spread=SpreadFurther(spread_further=said))).one(ControlCompleted).spread_further
        is said
    )


@pytest.mark.rule("R39")
def test_r39_what_is_told_is_not_denied() -> None:
    given(*READY).when(complete(spread=SpreadFurther(spread_further=False, carried_on=(LIFT,)))).refused(
        "R39", "nothing spread"
    )


@pytest.mark.rule("R39")
def test_r39_what_is_carried_on_is_a_measure_that_was_documented() -> None:
    given(*READY).when(complete(spread=SpreadFurther(carried_on=(GLOVES,)))).refused("R39", measure_id=GLOVES)


@pytest.mark.rule("R39")
def test_r39_what_is_added_is_told_as_the_company_tells_its_own() -> None:
    elsewhere = measure(GLOVES).model_copy(update={"places": (FINDING,)})
    given(*READY).when(complete(spread=SpreadFurther(added_measures=(elsewhere,)))).refused("R19", place_id=FINDING)
    levelled = measure(GLOVES, psychosocial_level=2)
    given(*READY).when(complete(spread=SpreadFurther(added_measures=(levelled,)))).refused("R16", topic="011")


@pytest.mark.rule("R16", "R39")
def test_r39_what_is_added_on_a_psychosocial_topic_has_a_level_on_its_ladder() -> None:
    terms = started(PSYCHOSOCIAL)
    for added, refused in ((measure(GLOVES), True), (measure(GLOVES, psychosocial_level=2), False)):
        told = given(terms, booked(terms)).when(complete(measures=(), spread=SpreadFurther(added_measures=(added,))))
        if refused:
            told.refused("R16", "which level", topic=PSYCHOSOCIAL)
        else:
            told.records(ControlCompleted, Fulfilled)


@pytest.mark.rule("R37")
def test_r37_the_time_that_a_control_took_is_recorded() -> None:
    assert given(*READY).when(complete(minutes_spent=90)).one(ControlCompleted).minutes_spent == 90


@pytest.mark.rule("R22")
def test_r22_where_the_policy_hears_nobody_first_no_hearing_opens() -> None:
    policy = POLICIES.at(at("2026-07-01"))
    unheard = policy.model_copy(update={"breach": policy.breach.model_copy(update={"heard_first": False})})
    result = given(*READY).when(complete(ControlOutcome.VIOLATION, policy=unheard))
    result.records(ControlCompleted, Breached)
    assert result.timers() == {}


@pytest.mark.rule("R35")
def test_r35_a_measure_that_is_not_in_use_says_why() -> None:
    unexplained = complete(measures=(observed(use=MeasureUse.NOT_IN_USE),))
    given(*READY).when(unexplained).refused("R35", "why is measure")
    explained = complete(measures=(observed(use=MeasureUse.NOT_IN_USE, non_use_reason="in-the-way"),))
    given(*READY).when(explained).records(ControlCompleted, Fulfilled)


@pytest.mark.rule("R17")
def test_r17_no_control_decides_before_the_deadline_unless_the_company_is_done() -> None:
    early = (TERMS, booked(TERMS, day="2026-07-01"))
    given(*early).when(complete(on=at("2026-06-22", "23:59"))).refused("R17", "only once the company is done")
    given(*early).when(complete(on=at("2026-06-23", "00:00"), measures=())).records(ControlCompleted, Fulfilled)
    given(*READY).when(complete(on=at("2026-07-01"))).records(ControlCompleted, Fulfilled)
