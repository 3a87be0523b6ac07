"""Backoff: pauses that double from failure to failure, of a loop and of each parked stream."""

import time

from shared.messaging.inbox import StreamKey

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
FIRST_STREAM_PAUSE_SECONDS = 1.0
LONGEST_STREAM_PAUSE_SECONDS = 300.0


class Backoff:
    """Pauses that grow from failure to failure, up to a limit."""

    def __init__(self) -> None:
        self._next = FIRST_PAUSE_SECONDS

    def failed(self) -> float:
        """Seconds to wait before the next try."""
        pause, self._next = self._next, min(self._next * 2, LONGEST_PAUSE_SECONDS)
        return pause

    def succeeded(self) -> None:
        """The next failure waits as briefly as the first one."""
        self._next = FIRST_PAUSE_SECONDS


class StreamBackoff:
    """Says when further facts make a parked stream be tried again, so that others lose nothing by it.

    It is known to one process only: the next one, which may know better, tries every stream at once.
    """

    def __init__(self) -> None:
        self._last: dict[StreamKey, tuple[float, float]] = {}
        """When the pause of a stream ends, and its seconds."""

    def is_over(self, stream: StreamKey) -> bool:
        """Whether a stream may be tried again."""
        end, _ = self._last.get(stream, (0.0, 0.0))
        return time.monotonic() >= end

    def failed(self, stream: StreamKey) -> None:
        """It was tried in vain: wait twice as long as before."""
        _, seconds = self._last.get(stream, (0.0, FIRST_STREAM_PAUSE_SECONDS / 2))
        seconds = min(2 * seconds, LONGEST_STREAM_PAUSE_SECONDS)
        self._last[stream] = time.monotonic() + seconds, seconds

    def forget(self, stream: StreamKey) -> None:
        """It is free again."""
        self._last.pop(stream, None)
