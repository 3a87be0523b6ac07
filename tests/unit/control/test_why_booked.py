"""Every booking answers why: this day, this person, which policy, how many others, and what has moved it (R17, R27)."""

from collections.abc import Sequence
from datetime import UTC, date, timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest

from services.control.rules.phases import Running
from services.control.rules.termination import Terminate
from services.control.rules.why_booked import WhyThere, move_in_words, why_there
from shared.contracts.control import ControlBooked, ControlPlanned, TerminationGrounds
from shared.contracts.vocabulary import Drawn, PlanCause, Side
from shared.eventstore.events import Event, Recorded
from tests.unit.control.control_facts import (
    AGREEMENT,
    INSPECTOR,
    OTHER_CONTROL,
    after_a_no,
    at,
    book,
    booked,
    complete,
    documented,
    free_place,
    given,
    started,
)
from tests.unit.control.planning_policy import PLANNING_POLICIES

pytestmark = pytest.mark.rule("R17", "R27")
POLICY = PLANNING_POLICIES.at(at("2026-06-01"))
DRAW = Drawn(first=date(2026, 6, 23), last=date(2026, 8, 3), spread="evenly", possible=28, least=8)
DONE = (started(), documented(started()))
BOOKED = (*DONE, booked(*DONE, drawn=DRAW))


def recorded(events: Sequence[Event], actors: Sequence[str]) -> list[Recorded]:
    """The facts of a course as they are stored, an hour apart, each by its actor."""
    begun = at("2026-06-02").astimezone(UTC)
    return [
        Recorded(
            position=number,
            stream=AGREEMENT,
            version=number + 1,
            event=event,
            metadata_json=orjson.dumps({"actor": actor, "policy": f"policy-{number}"}).decode(),
            occurred_at=begun + timedelta(hours=number),
            recorded_at=begun,
            event_id=uuid4(),
        )
        for number, (event, actor) in enumerate(zip(events, actors, strict=True))
    ]


def why(*events: Event, by: Sequence[str] = ()) -> list[WhyThere]:
    actors = [*["control"] * (len(events) - len(by)), *by]
    return why_there(recorded(events, actors), POLICY)


def moved(*history: Event, day: str, **changes: Any) -> tuple[Event, ...]:
    return (*history, *given(*history).when(book(day, control_id=OTHER_CONTROL, **changes)).events)


def test_a_drawn_day_says_among_how_many_and_by_which_policy() -> None:
    (told,) = why(*BOOKED)
    english, danish = told.explained("en"), told.explained("da")
    assert "Wednesday 1 July 2026" in english
    assert "drawn among 28 possible days from Tuesday 23 June 2026 to Monday 3 August 2026" in english
    assert "policy-2" in english
    assert f"in the calendar of {INSPECTOR}" in english
    assert "lodtrækning blandt 28 mulige dage" in danish
    assert "onsdag den 1. juli 2026" in danish
    (move,) = told.moves
    assert (move.before, move.fact, move.policy) == (None, "ControlBooked", "policy-2")


def test_a_day_that_somebody_chose_says_who() -> None:
    (told,) = why(*moved(*BOOKED, day="2026-07-03"), by=("inspector-anna",))
    assert told.chosen_by == "inspector-anna"
    assert "Friday 3 July 2026, chosen by inspector-anna" in told.explained("en")
    assert "valgt af inspector-anna" in told.explained("da")
    first, second = told.moves
    assert (first.after, second.before) == (second.before, first.after)
    assert "moved from Wednesday 1 July 2026 (inspector-1) to Friday 3 July 2026" in move_in_words(second, "en")
    (same_day,) = why(*moved(*BOOKED, day="2026-07-01"), by=("inspector-anna",))
    assert "chosen by inspector-anna" in same_day.explained("en")
    assert len(same_day.moves) == 1, "it did not move"
    (undrawn,) = why(*DONE, booked(*DONE))
    assert "earlier release" in undrawn.explained("en")
    assert "tidligere udgave" in undrawn.explained("da")


def test_what_the_system_moved_says_by_which_cause() -> None:
    changed = moved(*BOOKED, day="2026-07-06", cause=PlanCause.ABSENCE, drawn=DRAW)
    (told,) = why(*changed)
    assert [one.cause for one in told.moves] == [None, PlanCause.ABSENCE]
    assert move_in_words(told.moves[1], "da").endswith("Den tilsynsførende er fraværende.")
    assert move_in_words(told.moves[1], "en").endswith("The inspector is away.")
    assert move_in_words(told.moves[0], "da").startswith("2. juni 2026 kl. 12.00: lagt onsdag den 1. juli 2026")


def test_a_planned_day_keeps_its_draw_and_its_policy_when_it_is_booked() -> None:
    begun = started().model_copy(update={"plans_controls": True})
    course = given(begun).state
    assert isinstance(course, Running)
    plan = ControlPlanned(
        agreement_id=AGREEMENT,
        plan_id=uuid4(),
        place_id=AGREEMENT,
        inspector=INSPECTOR,
        day=date(2026, 7, 1),
        slot=1,
        hours=free_place().hours,
        window=course.window(AGREEMENT),
        planned_at=at("2026-03-20"),
        drawn=DRAW,
        cause=PlanCause.ACCEPTED,
    )
    (told,) = why(begun, plan, booked(begun, plan, drawn=DRAW, plan_id=plan.plan_id))
    assert (told.policy, len(told.moves), told.moves[0].cause) == ("policy-1", 1, PlanCause.ACCEPTED)


def test_a_late_day_says_since_when_and_why() -> None:
    (told,) = why(*moved(*BOOKED, day="2026-08-17", late_reason="season"))
    assert told.visit.is_late
    assert "It lies after the window, which ends on" in told.explained("en")
    assert "Det ligger efter vinduet, som slutter" in told.explained("da")


def test_what_was_held_or_fell_away_stands_nowhere() -> None:
    assert why(*BOOKED, *given(*BOOKED).when(complete()).events) == []
    ended = given(*BOOKED).when(Terminate(at("2026-06-05"), Side.AUTHORITY, INSPECTOR, TerminationGrounds()))
    assert why(*BOOKED, *ended.events) == []
    assert why(*after_a_no()) == []
    (inspection,) = why(*after_a_no()[:2])
    assert inspection.visit.inspector == INSPECTOR


def test_a_visit_that_fell_away_and_came_back_tells_both() -> None:
    announced = booked(*DONE, drawn=DRAW, announced=True)
    again = moved(*DONE, announced, day="2026-07-08")
    (told,) = why(*again)
    assert [type(event) for event in again[3:]][-1] is ControlBooked
    words = [move_in_words(move, "en") for move in told.moves]
    assert [": put on" in words[0], ": fell away from" in words[1], ": put on" in words[2]] == [True, True, True]
    assert ": faldt bort fra" in move_in_words(told.moves[1], "da")
