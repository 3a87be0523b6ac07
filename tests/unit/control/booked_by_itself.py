"""Days that the system chooses, many times over: the look-ups of the timers with a calendar in memory (R7, R17)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from random import Random, SystemRandom
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from services.control.lookups.drawn_bookings import free_bookings, free_inspection
from services.control.planning.rules.half_hours import of_slot
from services.control.planning.rules.place_names import half_hour_name, slot_name
from services.control.rules.after_offer_not_accepted import BookInspection
from services.control.rules.booking import BookControl
from services.control.rules.phases import AfterNo, Running
from shared.eventstore.events import EventTypes
from tests.model.memory_store import MemoryDatabase, MemoryStore
from tests.unit.control.control_facts import INSPECTOR, POLICIES

CHANCE = SystemRandom()


def full_days(days: Iterable[date]) -> dict[str, UUID]:
    """The names that are reserved where two visits take each of these days."""
    names = (
        name
        for day in days
        for slot in (1, 2)
        for name in (
            slot_name(INSPECTOR, day, slot),
            *(half_hour_name(INSPECTOR, day, number) for number in of_slot(slot)),
        )
    )
    return dict.fromkeys(names, UUID(int=91))


def runtime(now: datetime, full: Iterable[date] = (), chance: Random = CHANCE) -> Any:
    """A service whose inspector has these days full."""
    store = MemoryStore("control", EventTypes(()), lambda: now, lambda message: None)
    store.reservations = full_days(full)
    return SimpleNamespace(policies=POLICIES, store=store, database=MemoryDatabase(store, {}), random_source=chance)


async def control(
    course: Running, at: datetime, full: Iterable[date] = (), chance: Random = CHANCE, agreement: UUID | None = None
) -> BookControl:
    """The control that books itself for a course of one place, of this agreement or another one like it."""
    if agreement is not None:
        started = course.started.model_copy(update={"agreement_id": agreement})
        course = replace(course, started=started, sample=(agreement,))
    (booking,) = await free_bookings(runtime(at, full, chance), course, at, POLICIES.at(at))
    return booking


async def inspection(
    state: AfterNo, at: datetime, full: Iterable[date] = (), chance: Random = CHANCE, agreement: UUID | None = None
) -> BookInspection:
    """The inspection that books itself after a no (R7)."""
    if agreement is not None:
        state = replace(state, noted=state.noted.model_copy(update={"agreement_id": agreement}))
    booking = await free_inspection(runtime(at, full, chance), state, at, POLICIES.at(at))
    assert booking is not None
    return booking


def chi_square(found: Sequence[date], among: Sequence[date]) -> float:
    """How far the days are from an even spread: about as much as there are days, where they are drawn evenly."""
    expected = len(found) / len(among)
    return sum((found.count(day) - expected) ** 2 / expected for day in among)
