"""When further facts make a parked stream be tried again: after growing pauses, so that others lose nothing."""

import time

from shared.messaging.inbox import StreamKey

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 300.0


class Pauses:
    """Of one process: the next one, which may know better, tries every stream at once."""

    def __init__(self) -> None:
        self._last: dict[StreamKey, tuple[float, float]] = {}
        """When the pause of a stream ends, and its seconds."""

    def over(self, stream: StreamKey) -> bool:
        """Whether a stream may be tried again."""
        end, _ = self._last.get(stream, (0.0, 0.0))
        return time.monotonic() >= end

    def failed(self, stream: StreamKey) -> None:
        """It was tried in vain: wait twice as long as before."""
        _, seconds = self._last.get(stream, (0.0, FIRST_SECONDS / 2))
        seconds = min(2 * seconds, LONGEST_SECONDS)
        self._last[stream] = time.monotonic() + seconds, seconds

    def forget(self, stream: StreamKey) -> None:
        """It is free again."""
        self._last.pop(stream, None)
