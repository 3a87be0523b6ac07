"""The inspectors' calendars: which place on which day is free for a control (R17)."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import date, datetime
from itertools import islice
from uuid import UUID, uuid5

from services.control.booking import CALENDAR_FULL, BookControl, candidate_days
from services.control.course import BookWhenDue
from services.control.phases import Running, State
from shared.contracts.vocabulary import ContactForm
from shared.kernel.decider import TimerDue
from shared.policy.policy import Policy
from shared.service import Runtime

_DAYS_LOOKED_AT = 400
"""Days that are tried before the calendar counts as broken; far more than any window has."""


class NoDayFree(Exception):
    """Not one place is free in more than a year."""


def lookups(runtime: Runtime) -> dict[str, Callable[[State, TimerDue], Awaitable[object]]]:
    """What the timers of control look up: the booking timer needs a free day."""

    async def booking(state: State, timer: TimerDue) -> object:
        if not isinstance(state, Running):
            return timer
        return BookWhenDue(await free_booking(runtime, state, timer))

    return {"course:book-control": booking}


async def free_booking(runtime: Runtime, course: Running, timer: TimerDue) -> BookControl:
    """The best day with a free place in the inspector's calendar; after the window where there is none inside."""
    policy = runtime.policies.at(timer.at)
    days = islice(candidate_days(course, timer.at, policy), _DAYS_LOOKED_AT)
    day, slot = await _first_free(runtime, course.started.inspector, days, policy)
    return BookControl(
        at=timer.at,
        policy=policy,
        control_id=control_id(course, timer.at),
        day=day,
        slot=slot,
        form=ContactForm.VISIT,
        form_reason=None,
        # A company that was told of a day is told of the one that replaces it.
        announced=course.booking.announced if course.booking else False,
        late_reason=CALENDAR_FULL if day > course.window.last_day else None,
    )


async def free_slot(runtime: Runtime, inspector: str, day: date, policy: Policy) -> int | None:
    """A free place on a day; None where the day is full."""
    taken = await _taken(runtime, inspector)
    return next((slot for slot in _slots(policy) if (day, slot) not in taken), None)


def control_id(course: Running, at: datetime) -> UUID:
    """The same for the same booking however often it is tried."""
    return uuid5(course.started.agreement_id, f"control/{at.isoformat()}")


async def _first_free(runtime: Runtime, inspector: str, days: Iterable[date], policy: Policy) -> tuple[date, int]:
    taken = await _taken(runtime, inspector)
    free = ((day, slot) for day in days for slot in _slots(policy) if (day, slot) not in taken)
    found = next(free, None)
    if found is None:
        raise NoDayFree(f"inspector {inspector} has no free place in {_DAYS_LOOKED_AT} days")
    return found


async def _taken(runtime: Runtime, inspector: str) -> set[tuple[date, int]]:
    async with runtime.database.acquire() as connection:
        rows = await connection.fetch("select name from reservations where name like $1", f"calendar/{inspector}/%")
    parts = [row["name"].split("/") for row in rows]
    return {(date.fromisoformat(day), int(slot)) for _, _, day, slot in parts}


def _slots(policy: Policy) -> range:
    return range(1, policy.control.controls_per_day + 1)
