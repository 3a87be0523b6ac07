"""Whether a case is live: history is silent, and nothing falls due of it until it is taken over."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from shared.eventstore.decider import Decider
from shared.eventstore.events import Event, Origin, Recorded, TakenOver


@dataclass(frozen=True)
class Liveness:
    """Whether a stream is live, by its first fact and by a take-over."""

    origin: Origin = Origin.LIVE
    """That of its first fact; a stream without facts counts as live."""
    live_from: datetime | None = None
    """Set once a stream that was history is taken over."""

    @property
    def is_live(self) -> bool:
        """Returns whether deadlines of the case fall due, and whether somebody is told of it."""
        return self.origin is Origin.LIVE or self.live_from is not None

    @property
    def of_next_fact(self) -> Origin:
        """Returns the origin of what is recorded next: history goes on as history until it is taken over."""
        return Origin.LIVE if self.is_live else self.origin

    def after(self, events: Iterable[Event]) -> "Liveness":
        """Returns the liveness after further facts. Only the first take-over counts, and none of a live stream."""
        if self.is_live:
            return self
        taken = next((event for event in events if isinstance(event, TakenOver)), None)
        return self if taken is None else replace(self, live_from=taken.live_from)

    def wanted(self, timers: Mapping[str, datetime], catches_up: Set[str]) -> Mapping[str, datetime]:
        """R28: returns which timers of a state are armed: none of history, and what is to come after a take-over.

        A timer in `catches_up` stands for something that a live case still needs: it falls due with the take-over.
        """
        since = self.live_from
        if self.origin is Origin.LIVE:
            return timers
        if since is None:
            return {}
        return {name: max(due, since) for name, due in timers.items() if due >= since or name in catches_up}


LIVE = Liveness()
"""That of a case which began here, and of every stream that is no case."""


def liveness_of(decider: Decider[Any, Any], recorded: Sequence[Recorded]) -> Liveness:
    """Returns the liveness of a stream from all its facts, the first one first."""
    if not decider.of_a_case or not recorded:
        return LIVE
    return Liveness(origin_in(recorded[0].metadata_json)).after(one.event for one in recorded)


def origin_in(metadata_json: str) -> Origin:
    """Returns the origin that stands in the metadata of a stored fact; facts that say nothing are live."""
    if '"origin"' not in metadata_json:  # most say nothing, and few who read a stream need their metadata
        return Origin.LIVE
    return Origin(orjson.loads(metadata_json).get("origin", Origin.LIVE))
