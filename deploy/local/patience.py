"""Waiting for something that starts: for as long as it makes progress, and quietly."""

import time
from collections.abc import Callable

STILL_SECONDS = 120.0
STILL_LOOKS = 240
"""Both must be over before it is given up. A machine that gives a server little of its time gives its watcher little,
too: what is counted besides seconds is how often one had the time to look."""
USUAL_SECONDS = 15.0
AGAIN_EVERY_SECONDS = 60.0

Say = Callable[[str], None]


class Patience:
    """With one thing that is waited for. A sign is anything that changes while it gets on: sizes, states, ports."""

    def __init__(self, what: str, say: Say = print, clock: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._say = say
        self._clock = clock
        self._begun = self._changed = clock()
        self._say_at = self._begun + USUAL_SECONDS
        self._sign: object = None
        self._looks = 0

    def lasts(self, sign: object) -> bool:
        """Whether to wait on, after a look that found this sign; says a line where it takes longer than usual."""
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
        """Since the sign last changed."""
        return self._clock() - self._changed
