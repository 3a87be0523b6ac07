"""What the loops of a service say of themselves: that they turn, what they wait for, and what fails."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

STILL_SECONDS = 120.0
"""A loop that has said nothing for so long stands still. Longer than any single step may take: a send to Kafka is given
up after 30 s, a statement after 30 s, a connection after 40 s."""


@dataclass
class Followed:
    """How far a consumer is with one topic."""

    batches: int = 0
    records: int = 0
    lag: int = 0
    """Records that had not been read when the consumer last said so."""


@dataclass
class Pulse:
    """Called by one loop, often and cheaply; read by health and metrics. Times are of the monotonic clock."""

    name: str
    still_after: float = STILL_SECONDS
    """Seconds."""
    clock: Callable[[], float] = time.monotonic
    waits_since: float | None = None
    waiting_for: str | None = None
    """The server without which it cannot go on: `kafka` or `postgres`."""
    failing: str | None = None
    """The kind of the fault with which the last turn ended; the fault's text may hold a name, and stays in the log."""
    failures: int = 0
    tried_again: int = 0
    """Batches that had to be tried again, each attempt counted."""
    trying_again: bool = False
    topics: dict[str, Followed] = field(default_factory=dict)
    last_batch_at: float | None = None

    def __post_init__(self) -> None:
        self._turned_at = self.clock()

    def turned(self) -> None:
        """A turn has ended well, also one that found nothing to do."""
        self._turned_at = self.clock()
        self.waits_since = self.waiting_for = self.failing = None
        self.trying_again = False

    def waits_for(self, server: str) -> None:
        """It needs a server that does not answer, and will try again. That is turning."""
        self._turned_at = self.clock()
        if self.waiting_for != server:
            self.waiting_for, self.waits_since = server, self._turned_at

    def failed(self, error: BaseException) -> None:
        """A turn ended with a fault, and the loop starts again. That is turning, too: a restart would not mend it."""
        self._turned_at = self.clock()
        self.failing = type(error).__name__
        self.failures += 1

    def batch_taken(self, topic: str, *, records: int, lag: int) -> None:
        """A consumer's batch has its effect; `lag` is how many records of the topic it has not yet read."""
        self.turned()
        self.last_batch_at = self._turned_at
        followed = self.topics.setdefault(topic, Followed())
        followed.batches += 1
        followed.records += records
        followed.lag = lag

    def behind(self, topic: str, lag: int) -> None:
        """How many records of a topic a consumer has not yet read, where it finds out between two batches."""
        self.topics.setdefault(topic, Followed()).lag = lag

    def batch_tried_again(self, error: BaseException) -> None:
        """A consumer's batch met a fault and will be tried again."""
        self._turned_at = self.clock()
        self.tried_again += 1
        self.trying_again = True
        self.failing = type(error).__name__

    @property
    def silent_seconds(self) -> float:
        """Since it last said anything."""
        return self.clock() - self._turned_at

    @property
    def still(self) -> bool:
        """Whether it hangs."""
        return self.silent_seconds > self.still_after

    @property
    def waited_seconds(self) -> float:
        """For how long the server has been away; 0 where none is waited for."""
        return self.clock() - self.waits_since if self.waits_since is not None else 0.0

    @property
    def seconds_since_batch(self) -> float | None:
        """None before the first batch of this process."""
        return self.clock() - self.last_batch_at if self.last_batch_at is not None else None


class Loops:
    """The loops of one service in this process, by name, and what they have found to be missing."""

    def __init__(self) -> None:
        self._pulses: dict[str, Pulse] = {}
        self.missing: dict[str, int] = {}
        """Facts by source that had not come when they were last compared with what the source tells."""

    def pulse(self, name: str, *, still_after: float = STILL_SECONDS) -> Pulse:
        """That of a loop; it begins with the first call."""
        return self._pulses.setdefault(name, Pulse(name, still_after))

    def report_missing(self, source: str, facts: int) -> None:
        """What a comparison with a source's heads has found; 0 takes an earlier report back."""
        self.missing[source] = facts

    def __iter__(self) -> Iterator[Pulse]:
        return iter(list(self._pulses.values()))
