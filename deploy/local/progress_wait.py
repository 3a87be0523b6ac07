"""Waits for something that is starting, as long as it makes progress; prints nothing if that takes a usual time."""

import time
from collections.abc import Callable

STILL_SECONDS = 120.0
STILL_LOOKS = 240
"""The wait ends when seconds and looks have both run out. On a busy machine a server gets little time, and so does the
process that waits for it: counting its looks, too, gives the server a fair chance."""
USUAL_SECONDS = 15.0
AGAIN_EVERY_SECONDS = 60.0

Say = Callable[[str], None]


class ProgressWait:
    """Decides how long to wait for one thing. A sign is any value that changes as it makes progress, e.g. a size."""

    def __init__(self, what: str, say: Say = print, clock: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._say = say
        self._clock = clock
        self._begun = self._changed = clock()
        self._say_at = self._begun + USUAL_SECONDS
        self._sign: object = None
        self._looks = 0

    def keep_waiting(self, sign: object) -> bool:
        """Notes a sign; returns whether to keep waiting. Prints a line if the wait takes longer than usual."""
        now = self._clock()
        if sign != self._sign:
            self._sign, self._changed, self._looks = sign, now, 0
        self._looks += 1
        if now >= self._say_at:
            self._say(f"{self._what} takes longer than usual: {now - self._begun:.0f} s until now ...")
            self._say_at = now + AGAIN_EVERY_SECONDS
        return self._looks < STILL_LOOKS or self.still_seconds < STILL_SECONDS

    @property
    def still_seconds(self) -> float:
        """Seconds since the sign last changed."""
        return self._clock() - self._changed
