"""Checks what a reader received that follows writers by position: the same check for every log.

It is part of the adapters, also of one that runs without the rest of this project.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

EVENTS_OF_A_STREAM = 4
"""The number of events of a stream; each is written with its own call."""


def findings(
    acknowledged: Iterable[tuple[object, int]],
    log: Iterable[tuple[int, object, int]],
    given: Sequence[tuple[int, object, int]],
) -> list[dict[str, Any]]:
    """Returns findings as dictionaries. Events are stream and version; in the log and as received, with position."""
    written = list(acknowledged)
    by_position = sorted(log)
    kept = Counter((stream, version) for _, stream, version in by_position)
    received = Counter(position for position, _, _ in given)
    span = by_position[-1][0] - by_position[0][0] + 1 if by_position else 0
    return [
        {
            "what": "acknowledged events, in the log once",
            "looked_at": len(written),
            "missed": sum(kept[event] == 0 for event in written),
            "doubled": sum(kept[event] > 1 for event in written),
        },
        {"what": "positions, dense", "looked_at": len(by_position), "missed": span - len(by_position)},
        {
            "what": "events of the log, in the order of their stream",
            "looked_at": len(by_position),
            "reordered": _reordered(by_position),
        },
        {
            "what": "events, given to a reader that follows the positions",
            "looked_at": len(by_position),
            "missed": sum(received[position] == 0 for position, _, _ in by_position),
            "doubled": sum(times - 1 for times in received.values()),
            "reordered": _reordered(given),
        },
    ]


def _reordered(events: Iterable[tuple[int, object, int]]) -> int:
    """Returns how many events come after a later one of their stream."""
    newest: Counter[object] = Counter()
    count = 0
    for _, stream, version in events:
        count += version < newest[stream]
        newest[stream] = max(newest[stream], version)
    return count
