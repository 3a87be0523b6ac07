"""The timers of bookings with the calendar that they look into, on a store in memory (R7, R17)."""

from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from services.control.course import COURSE
from services.control.inspector_calendar import lookups
from shared.contracts.control import FACTS, ControlBooked, NewInspectionBooked
from shared.kernel.commands import Intent, execute, read
from shared.kernel.decider import TimerDue
from shared.kernel.event_store import Change, Occurred, Write
from shared.kernel.events import Event, EventTypes, Metadata, Recorded
from tests.model.memory_store import MemoryDatabase, MemoryStore
from tests.unit.control.control_facts import AGREEMENT, POLICIES, after_a_no, at, started

NOTED, *_ = after_a_no()


async def fired(timer: str, *history: Event, on: datetime) -> Recorded:
    """What a timer of a course with this history records, when it fires so late."""
    store = MemoryStore("control", EventTypes(FACTS), lambda: on, lambda message: None)
    written = Write(AGREEMENT, 0, tuple(Occurred(fact, on) for fact in history))
    await store.append(Change(Metadata(command_id=uuid4(), actor="control"), (written,)))
    runtime: Any = SimpleNamespace(policies=POLICIES, database=MemoryDatabase(store, {}))
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
