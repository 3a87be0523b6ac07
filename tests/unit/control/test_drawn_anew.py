"""Unannounced days of the old rule that are still ahead are drawn anew once, as facts (R7, R18)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from random import SystemRandom
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest

from services.control.lookups.drawing_anew import draw_anew
from services.control.rules.course_decider import COURSE
from shared.contracts.control import FACTS, ControlBooked, InspectorChanged, NewInspectionBooked
from shared.eventstore.change import Change, Occurred, Write
from shared.eventstore.commands import read
from shared.eventstore.events import Event, EventTypes, Metadata
from tests.model.memory_store import MemoryDatabase, MemoryStore
from tests.unit.control.control_facts import (
    AGREEMENT,
    CONTROL,
    INSPECTOR,
    OTHER_CONTROL,
    POLICIES,
    after_a_no,
    at,
    booked,
    documented,
    started,
)

pytestmark = pytest.mark.rule("R18")
BY_ITSELF, ANNA = "control", "inspector-anna"
TERMS, PART = started(), documented()
NOTED, INSPECTION, *_ = after_a_no()
RELEASED = at("2026-06-10")


@dataclass
class Upgraded:
    """A course whose facts an earlier release recorded, and the service of this one."""

    now: datetime = RELEASED
    store: MemoryStore = field(init=False)

    def __post_init__(self) -> None:
        self.store = MemoryStore("control", EventTypes(FACTS), lambda: self.now, lambda message: None)

    async def record(self, *facts: Event, by: str = BY_ITSELF) -> None:
        """In one command."""
        version = self.store.version(AGREEMENT)
        written = Write(AGREEMENT, version, tuple(Occurred(fact, self.now) for fact in facts))
        await self.store.append(Change(Metadata(command_id=uuid4(), actor=by), (written,)))
        state = (await read(cast(Any, self.store), COURSE, AGREEMENT)).state
        self.store.reservations = dict.fromkeys(COURSE.reservations(state), AGREEMENT)

    async def draw(self) -> Sequence[Event]:
        """Take the step, as often as a process is killed and started; what it recorded."""
        before = self.store.version(AGREEMENT)
        runtime: Any = SimpleNamespace(
            name="control",
            clock=SimpleNamespace(now=lambda: self.now),
            policies=POLICIES,
            store=self.store,
            database=MemoryDatabase(self.store, {}),
            random_source=SystemRandom(),
        )
        done = [await draw_anew(runtime, AGREEMENT) for _ in range(3)]
        assert done[1:] == [False, False], "once"
        recorded = [one.event for one in (await self.store.load(AGREEMENT)).events][before:]
        assert done[0] == bool(recorded)
        state = (await read(cast(Any, self.store), COURSE, AGREEMENT)).state
        calendar = {name for name in COURSE.reservations(state) if name.startswith(("calendar/", "place/"))}
        kept = {name for name in self.store.reservations if name.startswith(("calendar/", "place/"))}
        assert not recorded or kept == calendar
        return recorded


def moved(booking: ControlBooked, day: str) -> tuple[InspectorChanged, ControlBooked]:
    """As the release before moved a booking to another inspector."""
    changed = InspectorChanged(
        agreement_id=AGREEMENT, inspector="inspector-2", previous=INSPECTOR, changed_at=RELEASED, changed_by=ANNA
    )
    values = {"control_id": OTHER_CONTROL, "inspector": "inspector-2", "replaces": booking.control_id}
    return changed, booking.model_copy(update={**values, "day": date.fromisoformat(day)})


async def test_a_control_that_booked_itself_gets_a_day_that_is_drawn() -> None:
    course = Upgraded()
    await course.record(TERMS, PART)
    await course.record(booked(TERMS, PART))
    (anew,) = await course.draw()
    assert isinstance(anew, ControlBooked)
    assert (anew.replaces, anew.announced, anew.late_reason) == (CONTROL, False, None)
    assert anew.drawn is not None
    assert (anew.drawn.first, anew.drawn.last) == (date(2026, 6, 11), date(2026, 7, 15))
    assert anew.drawn.first <= anew.day <= anew.drawn.last


@pytest.mark.rule("R7")
async def test_so_does_an_inspection_after_a_no() -> None:
    course = Upgraded(at("2026-04-02"))
    await course.record(NOTED)
    await course.record(INSPECTION)
    (anew,) = await course.draw()
    assert isinstance(anew, NewInspectionBooked)
    assert anew.drawn is not None
    assert (anew.replaces, anew.drawn.last) == (CONTROL, date(2026, 4, 29))


async def test_days_are_no_longer_those_of_the_old_rule() -> None:
    days = set()
    for _ in range(40):
        course = Upgraded()
        await course.record(TERMS, PART)
        await course.record(booked(TERMS, PART))
        (anew,) = await course.draw()
        assert isinstance(anew, ControlBooked)
        days.add(anew.day)
    assert len(days) > 10


async def test_a_day_that_an_inspector_chose_stands() -> None:
    course = Upgraded()
    await course.record(TERMS, PART)
    await course.record(booked(TERMS, PART), by=ANNA)
    assert await course.draw() == []


async def test_a_day_that_the_company_was_told_of_stands() -> None:
    course = Upgraded()
    await course.record(TERMS, PART)
    await course.record(booked(TERMS, PART, announced=True))
    assert await course.draw() == []


@pytest.mark.parametrize("now", ["2026-07-01", "2026-07-02"], ids=["today", "over"])
async def test_a_day_that_is_not_ahead_stands(now: str) -> None:
    course = Upgraded(at(now))
    await course.record(TERMS, PART)
    await course.record(booked(TERMS, PART, day="2026-07-01"))
    assert await course.draw() == []


@pytest.mark.rule("R15")
@pytest.mark.parametrize(
    ("by", "day", "drawn_anew"),
    [(BY_ITSELF, "2026-07-01", 1), (BY_ITSELF, "2026-07-02", 1), (ANNA, "2026-07-01", 0), (ANNA, "2026-07-02", 1)],
)
async def test_what_moved_to_another_inspector_has_the_day_of_who_chose_it(by: str, day: str, drawn_anew: int) -> None:
    course, booking = Upgraded(), booked(TERMS, PART)
    await course.record(TERMS, PART)
    await course.record(booking, by=by)
    await course.record(*moved(booking, day), by=ANNA)
    anew = await course.draw()
    assert len(anew) == drawn_anew
    assert all(isinstance(one, ControlBooked) and one.inspector == "inspector-2" for one in anew)


async def test_where_nothing_is_booked_nothing_is_drawn() -> None:
    course = Upgraded()
    assert await course.draw() == []
    await course.record(TERMS, PART)
    assert await course.draw() == []
