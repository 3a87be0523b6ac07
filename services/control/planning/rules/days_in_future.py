"""The days of an inspector in one drawn future, with the visits that stand on them (R17).

A visit that has a day keeps it. One that needs a day gets the first that is free in its window, else one that others
make free: each of them moves inside of its own window, and nobody who has a day loses it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple


class Window(NamedTuple):
    """The days on which a visit can be held, by their numbers in the calendar, both included."""

    first: int
    last: int


@dataclass
class DaysInFuture:
    """How many more visits each day has room for, and which of those that stand on it may move."""

    free: list[int]
    movable: list[tuple[Window, ...]]
    """By day, the windows of the visits that may move from it."""
    others_move: bool
    """Whether visits move for one that has no day."""

    @classmethod
    def empty(cls, room: Sequence[int], others_move: bool) -> "DaysInFuture":
        """Returns days on which nothing stands yet; `room` says how many visits fit into each."""
        return cls(list(room), [()] * len(room), others_move)

    def copy(self) -> "DaysInFuture":
        """Returns the same days for another future."""
        return replace(self, free=self.free.copy(), movable=self.movable.copy())

    def stand(self, day: int, window: Window | None) -> None:
        """Puts a visit on a day; one with a window may move from it, and an announced one has none here."""
        self.free[day] -= 1
        if window is not None:
            self.movable[day] += (window,)

    def leave(self, day: int, window: Window | None) -> None:
        """Takes a visit from its day."""
        self.free[day] += 1
        if window is not None:
            self.movable[day] = _without(self.movable[day], window)

    def close(self, day: int) -> None:
        """Closes a day: nothing can be held on it any more, and what stands there is gone."""
        self.free[day], self.movable[day] = 0, ()

    def give(self, window: Window, since: int = 0) -> int | None:
        """Gives one more visit a day of its window, and returns its number; None if it can have none.

        Only days from `since` on are free or change: earlier ones are over when the visit needs its day.
        """
        left = Window(max(window.first, since), window.last)
        free = next((day for day in range(left.first, left.last + 1) if self.free[day] > 0), None)
        if free is None and self.others_move:
            free = self._made_free(left, since)
        if free is not None:
            self.stand(free, window)
        return free

    def _made_free(self, window: Window, since: int) -> int | None:
        """Makes a day of the window free by moving others, those for which fewest have to move; None if none can be.

        Windows overlap, so that the days that are reached are always all from the lowest to the highest.
        """
        lowest, highest = window
        steps: dict[int, _Step | None] = dict.fromkeys(range(lowest, highest + 1))
        asking = list(steps)
        for day in asking:  # which grows meanwhile
            for other in self.movable[day]:
                first = max(other.first, since)
                if first >= lowest and other.last <= highest:
                    continue
                new = (*range(first, lowest), *range(highest + 1, other.last + 1))
                lowest, highest = min(first, lowest), max(other.last, highest)
                steps |= dict.fromkeys(new, _Step(day, other))
                free = next((one for one in new if self.free[one] > 0), None)
                if free is not None:
                    return self._moved_to(free, steps)
                asking += new
        return None

    def _moved_to(self, free: int, steps: Mapping[int, "_Step | None"]) -> int:
        """Moves the visits that lead to a free day, and returns the day that they leave free."""
        while (step := steps[free]) is not None:
            self.leave(step.from_day, step.window)
            self.stand(free, step.window)
            free = step.from_day
        return free


class _Step(NamedTuple):
    """A visit that would move away from a day."""

    from_day: int
    window: Window


def _without(windows: tuple[Window, ...], one: Window) -> tuple[Window, ...]:
    number = windows.index(one)
    return windows[:number] + windows[number + 1 :]
