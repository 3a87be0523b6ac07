"""Plays acts of many cases, one instant after the other: those of one instant side by side, of one case in order."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime

AT_ONCE = 64
"""Cases that act at the same time, at most."""
Act = Callable[[], Awaitable[None]]


class Agenda:
    """What is still to be done, and when."""

    def __init__(self) -> None:
        self._acts: list[tuple[datetime, int, Hashable, Act]] = []
        self._added = 0

    def add(self, instant: datetime, case: Hashable, act: Act) -> None:
        """Adds what a case does at an instant; what lies in the past is done next."""
        self._added += 1
        heapq.heappush(self._acts, (instant, self._added, case, act))

    def clear(self) -> None:
        """Removes everything."""
        self._acts.clear()

    def first(self) -> datetime | None:
        """Returns when the next act is due; None if there is none."""
        return self._acts[0][0] if self._acts else None

    def take(self, until: datetime) -> dict[Hashable, list[Act]]:
        """Returns all acts that are due by an instant, by case and in order, and removes them."""
        due: dict[Hashable, list[Act]] = {}
        while self._acts and self._acts[0][0] <= until:
            _, _, case, act = heapq.heappop(self._acts)
            due.setdefault(case, []).append(act)
        return due


async def play_by_days(
    agenda: Agenda,
    advance: Callable[[datetime], Awaitable[None]],
    arrived: Callable[[datetime], Awaitable[None]],
    played: Callable[[datetime], None],
) -> int:
    """Plays everything of an agenda; returns the number of acts.

    `advance` moves the clock to an instant, and returns once everything is processed. `arrived` may add acts for that
    instant; `played` is told of it once its acts are done.
    """
    free, acts = asyncio.Semaphore(AT_ONCE), 0

    async def act_in_order(of_case: list[Act]) -> None:
        async with free:
            for act in of_case:
                await act()

    while (instant := agenda.first()) is not None:
        await advance(instant)
        await arrived(instant)
        due = agenda.take(instant)
        await asyncio.gather(*(act_in_order(of_case) for of_case in due.values()))
        acts += sum(len(of_case) for of_case in due.values())
        played(instant)
    return acts
