"""A control has a place in the calendar from acceptance on, which moves no more than it must (R13, R15, R17, R18)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from random import SystemRandom
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from services.control.lookups.drawn_bookings import lookups
from services.control.lookups.found_places import redrawn_place
from services.control.lookups.moving_bookings import moved_bookings, moved_plans
from services.control.planning.rules.place_names import names_of_place
from services.control.planning.rules.visit import VisitKind
from services.control.rules.course_decider import COURSE
from services.control.rules.phases import Running
from services.control.rules.planned_places import RedrawPlace
from services.control.rules.responsible_inspector import ChangeInspector
from services.control.rules.start_of_agreement import StartCourse
from services.control.rules.termination import Terminate
from services.control.rules.visits_of_course import visits_of
from shared.contracts import people
from shared.contracts.control import (
    FACTS,
    AgreementUnitChanged,
    ComplianceDeadlineSet,
    ControlBooked,
    ControlPlanned,
    ExtensionGranted,
    PlaceNotFound,
    RedrawAsked,
    TerminationGrounds,
)
from shared.contracts.vocabulary import MakesRoom, NextInspector, PlanCause, Side
from shared.deadlines.copenhagen import start_of
from shared.deadlines.deadlines import booking_due_at, control_window, extended
from shared.eventstore.change import Change, Occurred, Write
from shared.eventstore.commands import Intent, execute, read
from shared.eventstore.decider import TimerDue
from shared.eventstore.errors import Refused
from shared.eventstore.events import Event, EventTypes, Metadata
from tests.model.memory_store import MemoryDatabase, MemoryStore
from tests.public_form import public
from tests.unit.control.booked_by_itself import full_days
from tests.unit.control.control_facts import (
    AGREEMENT,
    COMPLIANCE_DAY,
    INSPECTOR,
    UNIT,
    accepted,
    at,
    complete,
    documented,
    given,
)
from tests.unit.control.planning_policy import PLANNING_POLICIES

ACCEPTED = at("2026-03-20")
POLICY = PLANNING_POLICIES.at(ACCEPTED)
WINDOW_ENDS = date(2026, 8, 21)
OTHER_INSPECTOR = "inspector-2"


def start() -> ComplianceDeadlineSet:
    command = StartCourse(at=ACCEPTED, policy=POLICY, fact=public(accepted()))
    return given().when(command).one(ComplianceDeadlineSet)


START = start()


@dataclass
class Course:
    """A course in a store in memory, with timers that look into the inspectors' calendars."""

    history: Sequence[Event] = (START,)
    full: Iterable[date] = ()
    now: datetime = ACCEPTED
    told: list[Event] = field(default_factory=list)
    """What followed on the history."""

    async def begin(self) -> "Course":
        types = EventTypes((*FACTS, *people.FACTS))
        self.store = MemoryStore("control", types, lambda: self.now, lambda message: None)
        self.store.reservations = full_days(self.full)
        self.runtime: Any = SimpleNamespace(
            policies=PLANNING_POLICIES,
            store=self.store,
            database=MemoryDatabase(self.store, {}),
            random_source=SystemRandom(),
        )
        await self.record(*self.history)
        return self

    async def record(self, *facts: Event) -> None:
        version = (await self.store.load(AGREEMENT)).version
        written = Write(AGREEMENT, version, tuple(Occurred(fact, self.now) for fact in facts))
        await self.store.append(Change(Metadata(command_id=uuid4(), actor="control"), (written,)))

    async def state(self) -> Running:
        state = (await read(cast(Any, self.store), COURSE, AGREEMENT)).state
        assert isinstance(state, Running)
        return state

    async def give(self, command: Any) -> Sequence[Event]:
        metadata = Metadata(command_id=uuid4(), actor="control")
        intent = Intent(COURSE, AGREEMENT, command)
        (decision,) = await execute(cast(Any, self.store), [intent], at=self.now, metadata=metadata)
        self.told += decision.events
        return decision.events

    async def fire(self, timer: str) -> Sequence[Event]:
        """Fires a timer that is due by now."""
        state = await self.state()
        due = COURSE.timers(state)[timer]
        self.now = max(self.now, due)
        command = await lookups(self.runtime)[f"course:{timer}"](state, TimerDue(timer, due, self.now))
        return await self.give(command)

    async def plan(self) -> ControlPlanned:
        (fact,) = await self.fire("plan-control")
        assert isinstance(fact, ControlPlanned)
        return fact


@pytest.fixture
async def course() -> Course:
    return await Course().begin()


def granted(until: str, on: str = "2026-06-10") -> ExtensionGranted:
    deadline = extended(START.compliance_deadline, date.fromisoformat(until), at(on), POLICY)
    return ExtensionGranted(
        agreement_id=AGREEMENT,
        extension_id=UUID(int=70),
        inspector=INSPECTOR,
        granted_at=at(on),
        accepted_at=ACCEPTED,
        compliance_deadline=deadline,
        control_window=control_window(deadline, POLICY, before=START.control_window),
        books_control_at=booking_due_at(deadline, POLICY),
        reasons="The lift is late.",
    )


def unit_changed(*, settled: bool) -> AgreementUnitChanged:
    return AgreementUnitChanged(
        agreement_id=AGREEMENT, p_number=UNIT, holds_from=ACCEPTED.date(), noted_at=at("2026-04-01"), settled=settled
    )


def names(*visits: ControlPlanned | ControlBooked) -> set[str]:
    return {name for visit in visits for name in names_of_place(visit)}


async def held(course: Course) -> set[str]:
    return {name for name in COURSE.reservations(await course.state()) if name.startswith(("place/", "calendar/"))}


@pytest.mark.rule("R17")
async def test_r17_a_control_gets_a_place_in_its_window_when_the_agreement_is_accepted(course: Course) -> None:
    assert COURSE.timers(await course.state())["plan-control"] == ACCEPTED
    plan = await course.plan()
    assert COMPLIANCE_DAY < plan.day <= WINDOW_ENDS
    assert (plan.cause, plan.replaces, plan.window) == (PlanCause.ACCEPTED, None, START.control_window)
    assert plan.drawn.possible is not None
    assert plan.drawn.possible >= 8
    assert await held(course) == names(plan)
    assert "plan-control" not in COURSE.timers(await course.state()), "it fits"
    assert COURSE.timers(await course.state())["book-control"] == START.books_control_at


@pytest.mark.rule("R17")
async def test_r17_an_agreement_of_an_earlier_policy_is_booked_as_before() -> None:
    before = START.model_copy(update={"plans_controls": False})
    assert set(COURSE.timers(COURSE.fold([before]))) == {"book-control"}


@pytest.mark.rule("R18")
async def test_r18_no_company_is_told_of_a_plan_nor_that_none_was_found(course: Course) -> None:
    plan = await course.plan()
    assert not plan.seen_by_company()
    missing = await Course(full=_window()).begin()
    (none,) = await missing.fire("plan-control")
    assert not none.seen_by_company()
    assert {"plan_id", "day", "slot", "hours"} <= plan.left_out_of_dry_runs()


@pytest.mark.rule("R17", "R18")
async def test_r18_the_planned_place_is_booked_without_another_draw_and_its_names_pass_on(course: Course) -> None:
    plan = await course.plan()
    taken = await held(course)
    (booked,) = await course.fire("book-control")
    assert isinstance(booked, ControlBooked)
    assert (booked.day, booked.slot, booked.hours) == (plan.day, plan.slot, plan.hours)
    assert (booked.drawn, booked.plan_id, booked.cause) == (plan.drawn, plan.plan_id, None)
    assert not booked.announced
    assert await held(course) == taken
    assert (await course.state()).plans == {}
    assert COURSE.timers(await course.state()) == {}


async def redraw(course: Course) -> Sequence[Event]:
    state = await course.state()
    found = await redrawn_place(course.runtime, state, AGREEMENT, course.now, POLICY)
    return await course.give(RedrawPlace(course.now, POLICY, "anna", AGREEMENT, "The company was told.", found))


@pytest.mark.rule("R18")
async def test_r18_a_hidden_day_is_drawn_again_with_a_reason_that_is_kept(course: Course) -> None:
    before = await course.plan()
    asked, drawn = await redraw(course)
    assert isinstance(asked, RedrawAsked)
    assert isinstance(drawn, ControlPlanned)
    assert (asked.reason, asked.requested_by) == ("The company was told.", "anna")
    assert (drawn.cause, drawn.replaces) == (PlanCause.REDRAWN, before.plan_id)
    assert drawn.day != before.day
    assert not asked.seen_by_company()
    assert await held(course) == names(drawn)
    await course.fire("book-control")
    _, booked = await redraw(course)
    assert isinstance(booked, ControlBooked)
    assert booked.day != drawn.day
    assert await held(course) == names(booked)


@pytest.mark.rule("R18")
async def test_r18_every_other_day_of_the_window_can_come_of_a_redraw(course: Course) -> None:
    await course.plan()
    drawn = [fact.day for _ in range(400) for fact in await redraw(course) if isinstance(fact, ControlPlanned)]
    assert all(one != other for one, other in pairwise(drawn))
    assert len(set(drawn)) == 30, "two thirds of the working days of the window"


@pytest.mark.rule("R18")
async def test_r18_nothing_is_drawn_of_what_the_company_knows_or_where_nothing_stands(course: Course) -> None:
    with pytest.raises(Refused, match="no control is planned or booked"):
        await redraw(course)
    plan = await course.plan()
    for day in sorted({date.fromisoformat(name.split("/")[2]) for name in full_days(_window())} - {plan.day}):
        course.store.reservations |= full_days([day])
    with pytest.raises(Refused, match="no other day"):
        await redraw(course)
    await course.fire("book-control")
    booking = (await course.state()).bookings[AGREEMENT]
    await course.record(booking.model_copy(update={"announced": True, "control_id": uuid4()}))
    with pytest.raises(Refused, match="the company was told"):
        await redraw(course)


@pytest.mark.rule("R17")
async def test_r17_a_plan_stands_in_the_calendar_of_the_authority(course: Course) -> None:
    plan = await course.plan()
    (visit,) = visits_of(await course.state(), POLICY)
    assert (visit.kind, visit.visit_id, visit.inspector) == (VisitKind.PLANNED_CONTROL, plan.plan_id, INSPECTOR)
    assert (visit.day, visit.slot, visit.hours, visit.p_number) == (plan.day, plan.slot, plan.hours, UNIT)
    assert (visit.announced, visit.is_late, visit.drawn) == (False, False, plan.drawn)


@pytest.mark.rule("R13", "R17")
async def test_r13_a_longer_deadline_gives_another_plan_and_one_that_still_fits_stays(course: Course) -> None:
    plan = await course.plan()
    await course.record(granted("2026-08-31"))
    course.now = at("2026-06-10")
    assert COURSE.timers(await course.state())["plan-control"] == course.now
    moved = await course.plan()
    assert moved.day > date(2026, 8, 31)
    assert (moved.cause, moved.replaces) == (PlanCause.DEADLINE_EXTENDED, plan.plan_id)
    assert await held(course) == names(moved)
    longer = granted((moved.day - timedelta(days=3)).isoformat(), on="2026-06-11")
    await course.record(longer)
    assert "plan-control" not in COURSE.timers(await course.state()), "the day is after the deadline as it is now"


@pytest.mark.rule("R17", "R18")
async def test_r17_early_documentation_books_at_once_and_keeps_a_planned_day_that_fits(course: Course) -> None:
    """The 60 days from 1 June end on 31 July: later plans are drawn anew, the others stay as they were drawn."""
    kept, drawn = set[bool](), 0
    while kept != {True, False} and drawn < 200:
        one = await Course().begin()
        plan = await one.plan()
        await one.record(documented(START))
        one.now = at("2026-06-01")
        assert "plan-control" not in COURSE.timers(await one.state()), "it is booked at once"
        (booked,) = await one.fire("book-control")
        assert isinstance(booked, ControlBooked)
        assert booked.day <= date(2026, 7, 31)
        stays = plan.day <= date(2026, 7, 31)
        assert (booked.day == plan.day, booked.plan_id) == (True, plan.plan_id) if stays else booked.plan_id is None
        assert booked.cause is (None if stays else PlanCause.DOCUMENTATION_COMPLETE)
        assert await held(one) == names(booked)
        kept.add(stays)
        drawn += 1
    assert kept == {True, False}


@pytest.mark.rule("R15", "R18")
async def test_r15_a_plan_moves_with_the_inspector_on_its_day_and_its_draw_is_kept(course: Course) -> None:
    plan = await course.plan()
    state = await course.state()
    policy = PLANNING_POLICIES.at(course.now)
    change = ChangeInspector(
        at=course.now,
        by="leader-1",
        told=NextInspector(inspector=OTHER_INSPECTOR, reason="Leave."),
        bookings=await moved_bookings(course.runtime, state, OTHER_INSPECTOR, course.now, policy),
        plans=await moved_plans(course.runtime, state, OTHER_INSPECTOR, course.now, policy),
    )
    _, moved = await course.give(change)
    assert isinstance(moved, ControlPlanned)
    assert (moved.inspector, moved.day, moved.drawn) == (OTHER_INSPECTOR, plan.day, plan.drawn)
    assert (moved.cause, moved.replaces) == (PlanCause.INSPECTOR_CHANGED, plan.plan_id)
    assert await held(course) == names(moved)
    assert "plan-control" not in COURSE.timers(await course.state())


@pytest.mark.rule("R40", "R17")
async def test_r40_a_unit_that_changes_loses_its_plan_until_the_change_is_settled(course: Course) -> None:
    await course.plan()
    await course.record(unit_changed(settled=False))
    assert (await held(course), COURSE.timers(await course.state())) == (set(), {})
    await course.record(unit_changed(settled=True))
    again = await course.plan()
    assert again.cause is PlanCause.UNIT_CHANGED
    assert await held(course) == names(again)


@pytest.mark.rule("R14", "R17")
async def test_r14_a_plan_falls_away_with_the_agreement_and_no_company_is_told(course: Course) -> None:
    await course.plan()
    ended = given(START, *course.told).when(
        Terminate(at("2026-04-01"), Side.AUTHORITY, INSPECTOR, TerminationGrounds(grounds="Closed."))
    )
    assert [type(fact).__name__ for fact in ended.events] == ["Terminated"]
    assert not any(name.startswith(("place/", "calendar/")) for name in ended.reservations())


@pytest.mark.rule("R20", "R17")
async def test_r20_a_plan_ends_with_the_control_of_its_place(course: Course) -> None:
    await course.plan()
    await course.fire("book-control")
    held_at = at((await course.state()).bookings[AGREEMENT].day.isoformat(), "12:00")
    state = given(START, *course.told).when(complete(on=held_at, measures=())).state
    assert not [name for name in COURSE.reservations(state) if name.startswith(("place/", "calendar/", "running/"))]


@pytest.mark.rule("R17")
async def test_r17_no_place_inside_the_window_is_a_fact_and_tried_again_on_the_next_working_day() -> None:
    course = await Course(full=_window()).begin()
    (missing,) = await course.fire("plan-control")
    assert isinstance(missing, PlaceNotFound)
    assert (missing.place_id, missing.inspector, missing.last_day) == (AGREEMENT, INSPECTOR, WINDOW_ENDS)
    assert missing.cause is PlanCause.ACCEPTED
    assert missing.would_make_room == (MakesRoom.VISIT_GIVEN_UP, MakesRoom.COLLEAGUE, MakesRoom.LATER_DAY)
    assert missing.again_at == start_of(date(2026, 3, 23)), "Monday, as the agreement was accepted on a Friday"
    assert COURSE.timers(await course.state())["plan-control"] == missing.again_at
    course.store.reservations = {}
    assert (await course.plan()).cause is PlanCause.ACCEPTED
    assert (await course.state()).not_found == {}


@pytest.mark.rule("R17")
async def test_r17_a_window_without_a_place_is_booked_late_before_the_deadline_all_the_same() -> None:
    course = await Course(full=_window()).begin()
    await course.fire("plan-control")
    course.now = START.books_control_at
    (booked,) = await course.fire("book-control")
    assert isinstance(booked, ControlBooked)
    assert (booked.day > WINDOW_ENDS, booked.late_reason, booked.cause) == (True, "calendar-full", PlanCause.ACCEPTED)
    assert COURSE.timers(await course.state()) == {}


def _window() -> list[date]:
    return [COMPLIANCE_DAY + timedelta(days=number) for number in range(1, 61)]
