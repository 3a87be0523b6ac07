"""Which places of a spread agreement are controlled (R10, R19)."""

from dataclasses import replace

import pytest

from services.control.rules.booking import places_due
from shared.contracts.control import AnnouncedControlCancelled, ComplianceDeadlineSet, Fulfilled, SampleChosen
from shared.contracts.vocabulary import AgreementKind, ControlOutcome
from shared.eventstore.events import Event
from tests.unit.control.control_facts import (
    AGREEMENT,
    INSPECTOR,
    at,
    breached_course,
    fulfilled_course,
    given,
    in_calendar,
    running,
    started,
)
from tests.unit.control.spread_facts import (
    after,
    booked_at,
    choose,
    control,
    control_of,
    place_id,
    places,
    ready,
    sampled,
    spread_start,
    spread_started,
)

TWELVE = spread_started(*places(12))


@pytest.mark.rule("R10")
def test_a_spread_agreement_includes_the_places_that_the_company_named() -> None:
    terms = given().when(spread_start(*places(3))).one(ComplianceDeadlineSet)
    assert (terms.kind, terms.places) == (AgreementKind.SPREAD, places(3))


@pytest.mark.rule("R10")
def test_an_agreement_on_suspicion_is_of_the_place_where_it_arose() -> None:
    course = running(started())
    assert [place.place_id for place in course.places] == [AGREEMENT] == list(course.sample)


@pytest.mark.rule("R19")
@pytest.mark.parametrize(
    ("count", "at_least"), [(2, 2), (3, 2), (10, 2), (11, 3), (20, 3), (21, 4), (80, 4)], ids=lambda number: str(number)
)
def test_the_more_places_the_more_controls(count: int, at_least: int) -> None:
    drawn = given().when(spread_start(*places(count))).one(SampleChosen)
    assert (drawn.at_least, len(set(drawn.places)), drawn.chosen_by) == (at_least, at_least, "control")
    assert set(drawn.places) <= {place.place_id for place in places(count)}


@pytest.mark.rule("R19")
@pytest.mark.parametrize(
    ("count", "at_least"), [(2, 2), (11, 2), (12, 3), (21, 3), (22, 4)], ids=lambda number: str(number)
)
def test_where_the_policy_counts_only_the_others_one_place_more_is_needed(count: int, at_least: int) -> None:
    command = spread_start(*places(count))
    sample = command.policy.control.sample.model_copy(update={"origin_counts": False})
    control_policy = command.policy.control.model_copy(update={"sample": sample})
    policy = command.policy.model_copy(update={"control": control_policy})
    drawn = given().when(replace(command, policy=policy)).one(SampleChosen)
    assert (drawn.at_least, len(set(drawn.places)), drawn.places[0]) == (at_least, at_least, AGREEMENT)


@pytest.mark.rule("R19")
def test_the_place_where_it_was_found_is_always_controlled() -> None:
    for count in range(2, 40):
        assert given().when(spread_start(*places(count))).one(SampleChosen).places[0] == AGREEMENT


@pytest.mark.rule("R19")
def test_the_sample_is_what_was_drawn_first() -> None:
    command = spread_start(*places(12))
    drawn = given().when(replace(command, drawn=command.drawn[::-1])).one(SampleChosen)
    assert drawn.places == (AGREEMENT, place_id(11), place_id(10))
    assert running(*given().when(command).events).drawn == {AGREEMENT, place_id(1), place_id(2)}


@pytest.mark.rule("R19")
def test_nobody_leaves_out_a_place_that_was_drawn() -> None:
    given(*TWELVE).when(choose(0, 1, 5)).refused("R19", "was drawn", place=place_id(2))
    more = given(*TWELVE).when(choose(0, 1, 2, 5)).one(SampleChosen)
    given(*TWELVE, more).when(choose(0, 1, 5)).refused("R19", "was drawn", place=place_id(2))
    given(*TWELVE, more).when(choose(0, 1, 2, 7)).records(SampleChosen)


@pytest.mark.rule("R19")
def test_what_an_inspector_left_out_before_that_was_refused_stays_out() -> None:
    replaced = TWELVE[-1].model_copy(update={"places": (AGREEMENT, place_id(5), place_id(1)), "chosen_by": INSPECTOR})
    given(*TWELVE, replaced).when(choose(0, 1, 7)).records(SampleChosen)
    given(*TWELVE, replaced).when(choose(0, 5, 7)).refused("R19", "was drawn", place=place_id(1))


@pytest.mark.rule("R18", "R19")
def test_the_company_does_not_see_the_sample() -> None:
    assert not given(*TWELVE).when(choose(0, 1, 2)).one(SampleChosen).seen_by_company()
    seen = [event for event in TWELVE if event.seen_by_company()]
    assert running(*seen).sample == (AGREEMENT,)


@pytest.mark.rule("R19")
def test_the_inspector_adds_places() -> None:
    for numbers in ((0, 1, 2, 7), (0, 1, 2, 3, 4)):
        chosen = given(*TWELVE).when(choose(*reversed(numbers))).one(SampleChosen)
        assert chosen.places == tuple(place_id(number) for number in numbers)
        assert (chosen.at_least, chosen.chosen_by) == (3, INSPECTOR)
        assert running(*TWELVE, chosen).awaited == chosen.places


@pytest.mark.rule("R19")
def test_a_sample_is_not_smaller_than_the_policy_asks_for() -> None:
    policy = choose(0).policy
    more = policy.control.model_copy(update={"sample": policy.control.sample.model_copy(update={"steps": ()})})
    stricter = policy.model_copy(update={"control": more})
    given(*TWELVE).when(replace(choose(0, 1, 2), policy=stricter)).refused("R19", at_least=4)
    given(*TWELVE).when(replace(choose(0, 1, 2, 2), policy=stricter)).refused("R19", at_least=4)
    given(*TWELVE).when(replace(choose(0, 1, 2, 3), policy=stricter)).records(SampleChosen)


@pytest.mark.rule("R19")
def test_a_sample_contains_the_place_where_it_was_found() -> None:
    given(*TWELVE).when(choose(1, 2, 3)).refused("R19", "always in the sample", origin=AGREEMENT)


@pytest.mark.rule("R19")
def test_a_sample_is_of_places_of_the_agreement() -> None:
    command = choose(0, 1, 2, 50)
    given(*TWELVE).when(command).refused("R19", "not part of the agreement", place_id=place_id(50))


@pytest.mark.rule("R19")
def test_a_place_that_was_controlled_stays_in_the_sample() -> None:
    held = after(ready(0, 1, count=4), control(1))
    given(*held).when(choose(0, 1, 2)).records(SampleChosen)
    added = after(ready(0, 1, 2, count=4), control(2))
    given(*added).when(choose(0, 1)).refused("R19", "was controlled", place=place_id(2))


@pytest.mark.rule("R17", "R19")
def test_what_is_booked_for_a_place_that_leaves_the_sample_falls_away() -> None:
    history = booked_at(0, 2, history=sampled(0, 1, 2, count=4), day="2026-06-30")
    chosen = given(*history).when(choose(0, 1, on="2026-06-09"))
    chosen.records(SampleChosen)
    assert {name.rsplit("/", 1)[-1] for name in in_calendar(chosen)} == {"1"}
    assert places_due(running(*history, *chosen.events), at("2026-06-09")) == (place_id(1),)


@pytest.mark.rule("R18", "R19")
def test_and_the_company_hears_of_it_where_it_had_been_told() -> None:
    history = booked_at(0, 2, history=sampled(0, 1, 2, count=4), day="2026-06-30", announced=True)
    chosen = given(*history).when(choose(0, 1))
    chosen.records(SampleChosen, AnnouncedControlCancelled)
    assert chosen.one(AnnouncedControlCancelled).control_id == control_of(2)


@pytest.mark.rule("R19", "R20")
def test_a_sample_that_is_controlled_already_decides() -> None:
    held = after(ready(0, 1, 2, count=4), control(0), control(1))
    given(*held).when(choose(0, 1)).records(SampleChosen, Fulfilled)


@pytest.mark.rule("R19")
@pytest.mark.parametrize("history", [(), fulfilled_course(), breached_course()], ids=["none", "kept", "broken"])
def test_a_sample_is_chosen_while_the_matter_is_open(history: tuple[Event, ...]) -> None:
    given(*history).when(choose(0)).refused("R19")


@pytest.mark.rule("R19")
def test_a_control_is_of_a_place_of_the_sample() -> None:
    history = ready(0, 1, count=4)
    given(*history).when(control(2)).refused("R19", "not in the sample", place_id=place_id(2))
    given(*history).when(control(50)).refused("R19", "not part of the agreement", place_id=place_id(50))


@pytest.mark.rule("R19")
@pytest.mark.parametrize("outcome", ControlOutcome)
def test_a_place_is_controlled_once(outcome: ControlOutcome) -> None:
    held = after(ready(0, 1, count=4), control(0))
    given(*held).when(control(0, outcome)).refused("R19", "was controlled", place_id=AGREEMENT)
