"""The timers of bookings with the calendar that they look into, on a store in memory (R7, R17)."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from random import SystemRandom
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from services.control.http.after_offer_not_accepted_view import view_after_no
from services.control.lookups.drawn_bookings import lookups
from services.control.rules.course_decider import COURSE
from shared.contracts.control import FACTS, ControlBooked, FreshInvestigationNeeded, NewInspectionBooked
from shared.eventstore.change import Change, Occurred, Write
from shared.eventstore.commands import Intent, execute, read
from shared.eventstore.decider import TimerDue
from shared.eventstore.events import Event, EventTypes, Metadata, Recorded
from tests.model.memory_store import MemoryDatabase, MemoryStore
from tests.unit.control.booked_by_itself import full_days
from tests.unit.control.control_facts import (
    AGREEMENT,
    POLICIES,
    after_a_no,
    at,
    booked,
    documented,
    given,
    started,
    turned,
)
from tests.unit.control.spread_facts import afresh

NOTED, *_ = after_a_no()
TERMS, PART = started(), documented()
LAST_DAY, LONGER = date(2026, 7, 31), date(2026, 8, 21)
"""Of the days that the documentation started, a Friday, and of those that the deadline did."""


def turned_on(day: str, *history: Event) -> tuple[Event, ...]:
    """A course with this history whose control decided nothing."""
    standing = booked(*history, day=day, on=day)
    return (*history, standing, turned(*history, standing, on=at(day)))


async def booked_again(*history: Event, on: str, full: Iterable[date] = ()) -> ControlBooked:
    """The control that books itself after that."""
    fact = (await fired("book-control", *history, on=at(on, "11:00"), full=full)).event
    assert isinstance(fact, ControlBooked)
    return fact


async def inspection(on: str, full: Iterable[date] = ()) -> NewInspectionBooked:
    """The one that books itself after a no on 1 April, 28 days before 29 April."""
    fact = (await fired("book-inspection", NOTED, on=at(on), full=full)).event
    assert isinstance(fact, NewInspectionBooked)
    return fact


def late(booking: ControlBooked | NewInspectionBooked) -> tuple[date, str | None]:
    """The first of the late days among which one was drawn, and why it is late."""
    assert booking.drawn is not None
    assert booking.drawn.first <= booking.day <= booking.drawn.last
    return booking.drawn.first, booking.late_reason


async def fired(timer: str, *history: Event, on: datetime, full: Iterable[date] = ()) -> Recorded:
    """What a timer of a course with this history records, when it fires so late and these days are full."""
    store = MemoryStore("control", EventTypes(FACTS), lambda: on, lambda message: None)
    store.reservations = full_days(full)
    written = Write(AGREEMENT, 0, tuple(Occurred(fact, on) for fact in history))
    await store.append(Change(Metadata(command_id=uuid4(), actor="control"), (written,)))
    runtime: Any = SimpleNamespace(
        policies=POLICIES, store=store, database=MemoryDatabase(store, {}), random_source=SystemRandom()
    )
    state = (await read(cast(Any, store), COURSE, AGREEMENT)).state
    due = TimerDue(timer, COURSE.timers(state)[timer], on)
    command: Any = await lookups(runtime)[f"course:{timer}"](state, due)
    metadata = Metadata(command_id=UUID(int=90), actor="control")
    await execute(cast(Any, store), [Intent(COURSE, AGREEMENT, command)], at=on, metadata=metadata)
    return (await store.load(AGREEMENT)).events[-1]


@pytest.mark.rule("R17")
async def test_a_control_that_books_itself_names_the_policy_by_which_its_day_was_chosen() -> None:
    recorded = await fired("book-control", started(), on=at("2026-06-08"))
    assert isinstance(recorded.event, ControlBooked)
    assert recorded.metadata["policy"] == POLICIES.at(at("2026-06-08")).version


@pytest.mark.rule("R7")
async def test_and_so_does_an_inspection_after_a_no() -> None:
    recorded = await fired("book-inspection", NOTED, on=at("2026-04-01"))
    assert isinstance(recorded.event, NewInspectionBooked)
    assert recorded.metadata["policy"] == POLICIES.at(at("2026-04-01")).version


@pytest.mark.rule("R21", "R17")
async def test_after_guidance_on_the_last_day_of_the_window_the_next_control_is_late_for_that_reason() -> None:
    again = await booked_again(*turned_on("2026-07-31", TERMS, PART), on="2026-07-31")
    assert (again.window, again.late_reason) == (PART.control_window, "turned-into-guidance")
    assert again.day > LAST_DAY


@pytest.mark.rule("R21", "R17")
async def test_and_so_it_is_where_only_a_weekend_is_left() -> None:
    until_saturday = documented(day="2026-06-02")
    again = await booked_again(*turned_on("2026-07-31", TERMS, until_saturday), on="2026-07-31")
    assert (again.window.last_day, again.late_reason) == (date(2026, 8, 1), "turned-into-guidance")


@pytest.mark.rule("R21", "R17")
async def test_a_control_that_is_turned_twice_before_christmas_is_late_after_it() -> None:
    """Complete on 25 October, so until 24 December, a closed day; turned on the 21st and on the 23rd."""
    terms, part = started(months=9), documented(started(months=9), day="2026-10-25")
    once = turned_on("2026-12-21", terms, part)
    inside = await booked_again(*once, on="2026-12-21")
    assert (inside.day in (date(2026, 12, 22), date(2026, 12, 23)), inside.late_reason) == (True, None)
    again = await booked_again(*once, inside, turned(*once, inside, on=at("2026-12-23")), on="2026-12-23")
    assert (again.window.last_day, again.late_reason) == (date(2026, 12, 24), "turned-into-guidance")
    assert again.day >= date(2026, 12, 28)


@pytest.mark.rule("R21", "R17")
async def test_an_investigation_afresh_that_comes_late_says_that_it_is_the_reason() -> None:
    standing = booked(TERMS, PART, day="2026-07-31", on="2026-07-31")
    found = given(TERMS, PART, standing).when(afresh(on=at("2026-07-31"))).one(FreshInvestigationNeeded)
    again = await booked_again(TERMS, PART, standing, found, on="2026-07-31")
    assert (again.window, again.late_reason) == (PART.control_window, "investigated-afresh")


@pytest.mark.rule("R21", "R17")
async def test_while_a_working_day_is_left_the_new_control_is_booked_on_it() -> None:
    again = await booked_again(*turned_on("2026-07-30", TERMS, PART), on="2026-07-30")
    assert (again.day, again.window.last_day, again.late_reason) == (LAST_DAY, LAST_DAY, None)


@pytest.mark.rule("R17")
async def test_a_control_is_late_because_of_a_full_calendar_only_where_full_days_were_passed_over() -> None:
    undecided = turned_on("2026-07-30", TERMS, PART)
    full = await booked_again(*undecided, on="2026-07-30", full=[LAST_DAY])
    assert late(full) == (date(2026, 8, 3), "calendar-full")
    fired_late = await booked_again(*undecided, on="2026-08-03", full=[date(2026, 8, 4)])
    assert late(fired_late) == (date(2026, 8, 5), "no-day-left")


@pytest.mark.rule("R17")
async def test_where_no_other_days_run_the_new_control_is_late_as_none_is_left() -> None:
    again = await booked_again(*turned_on("2026-08-21", TERMS), on="2026-08-21")
    assert (again.window.last_day, late(again)) == (LONGER, (date(2026, 8, 24), "turned-into-guidance"))
    after_the_deadline = documented(TERMS, day="2026-07-01")
    later = await booked_again(*turned_on("2026-08-28", TERMS, after_the_deadline), on="2026-08-28")
    assert (later.window.last_day, later.late_reason) == (date(2026, 8, 30), "turned-into-guidance")


@pytest.mark.rule("R7")
async def test_an_inspection_after_a_no_is_in_time_while_a_day_is_free_and_else_late_and_says_why() -> None:
    days = [date(2026, 4, 2) + timedelta(days=number) for number in range(28)]
    in_time = await inspection("2026-04-01", full=days[:-1])
    assert (in_time.day, in_time.late_reason) == (date(2026, 4, 29), None)
    too_late = await inspection("2026-04-01", full=days)
    assert late(too_late) == (date(2026, 4, 30), "calendar-full")
    fired_late = await inspection("2026-05-04")
    assert late(fired_late) == (date(2026, 5, 5), "no-day-left")
    shown = view_after_no(given(NOTED, too_late).state, []).new_inspection
    assert shown is not None
    assert (shown.day, shown.late_reason) == (too_late.day, "calendar-full")
