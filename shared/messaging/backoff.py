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
        """Returns the seconds to wait before the next try, and doubles the pause after it, up to the limit."""
        pause, self._next = self._next, min(self._next * 2, LONGEST_PAUSE_SECONDS)
        return pause

    def succeeded(self) -> None:
        """Resets the pause: the next failure waits as briefly as the first one."""
        self._next = FIRST_PAUSE_SECONDS


class StreamBackoff:
    """Decides when further facts cause a parked stream to be tried again, so that other streams are not delayed.

    Only this process knows the pauses: another process, which may run newer code, tries every stream at once.
    """

    def __init__(self) -> None:
        self._last: dict[StreamKey, tuple[float, float]] = {}
        """When the pause of a stream ends, and its seconds."""

    def is_over(self, stream: StreamKey) -> bool:
        """Returns whether a stream may be tried again."""
        end, _ = self._last.get(stream, (0.0, 0.0))
        return time.monotonic() >= end

    def failed(self, stream: StreamKey) -> None:
        """Doubles the pause of a stream after a try that failed, up to the limit."""
        _, seconds = self._last.get(stream, (0.0, FIRST_STREAM_PAUSE_SECONDS / 2))
        seconds = min(2 * seconds, LONGEST_STREAM_PAUSE_SECONDS)
        self._last[stream] = time.monotonic() + seconds, seconds

    def forget(self, stream: StreamKey) -> None:
        """Removes the pause of a stream that is no longer parked."""
        self._last.pop(stream, None)
