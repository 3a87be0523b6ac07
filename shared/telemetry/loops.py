"""What the loops of a service report about themselves: when they last succeeded, what they wait for, and what fails."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

STALLED_SECONDS = 120.0
"""A loop that has reported nothing for this long is stalled.

No single step may take as long: a send to Kafka is given up after 30 s, a statement after 30 s, a connection after 40
s.
"""


@dataclass
class Followed:
    """How far a consumer has read one topic."""

    batches: int = 0
    records: int = 0
    lag: int = 0
    """Number of records that were not read when the consumer last reported."""


@dataclass
class Heartbeat:
    """Called by one loop, often and cheaply, to report its state to health and metrics. The clock is monotonic."""

    name: str
    stalled_after: float = STALLED_SECONDS
    """Seconds without a report after which the loop is stalled."""
    clock: Callable[[], float] = time.monotonic
    waits_since: float | None = None
    awaited_server: str | None = None
    """The unreachable server for which the loop waits: `kafka` or `postgres`."""
    failing: str | None = None
    """The type of the error that ended the last iteration; its text may hold a name, and is only logged."""
    failures: int = 0
    retries: int = 0
    """Number of retries of batches."""
    retrying: bool = False
    topics: dict[str, Followed] = field(default_factory=dict)
    last_batch_at: float | None = None

    def __post_init__(self) -> None:
        self._reported_at = self.clock()

    def succeeded(self) -> None:
        """Reports an iteration that succeeded, also one that found nothing to do."""
        self._reported_at = self.clock()
        self.waits_since = self.awaited_server = self.failing = None
        self.retrying = False

    def waiting_for(self, server: str) -> None:
        """Reports that the loop waits for an unreachable server, and will retry. Such a loop is alive."""
        self._reported_at = self.clock()
        if self.awaited_server != server:
            self.awaited_server, self.waits_since = server, self._reported_at

    def failed(self, error: BaseException) -> None:
        """Reports an error that ended an iteration. The loop is restarted, and still counts as alive."""
        self._reported_at = self.clock()
        self.failing = type(error).__name__
        self.failures += 1

    def batch_processed(self, topic: str, *, records: int, lag: int) -> None:
        """Reports that a consumer has processed a batch; `lag` is the number of records of the topic not yet read."""
        self.succeeded()
        self.last_batch_at = self._reported_at
        followed = self.topics.setdefault(topic, Followed())
        followed.batches += 1
        followed.records += records
        followed.lag = lag

    def set_lag(self, topic: str, lag: int) -> None:
        """Sets the number of records of a topic not yet read, if a consumer learns it between two batches."""
        self.topics.setdefault(topic, Followed()).lag = lag

    def batch_retried(self, error: BaseException) -> None:
        """Reports that a batch failed and will be retried."""
        self._reported_at = self.clock()
        self.retries += 1
        self.retrying = True
        self.failing = type(error).__name__

    @property
    def silent_seconds(self) -> float:
        """Returns the seconds since the last report."""
        return self.clock() - self._reported_at

    @property
    def is_stalled(self) -> bool:
        """Returns whether the loop is stalled."""
        return self.silent_seconds > self.stalled_after

    @property
    def waited_seconds(self) -> float:
        """Returns for how long the server has been unreachable; 0 if the loop waits for none."""
        return self.clock() - self.waits_since if self.waits_since is not None else 0.0

    @property
    def seconds_since_batch(self) -> float | None:
        """Returns the seconds since the last batch; None before the first batch of this process."""
        return self.clock() - self.last_batch_at if self.last_batch_at is not None else None


class Loops:
    """The loops of one service in this process, by name, and the number of missing facts that they have found."""

    def __init__(self) -> None:
        self._heartbeats: dict[str, Heartbeat] = {}
        self.missing: dict[str, int] = {}
        """Number of facts, by source, that were not received when they were last compared with the source's report."""

    def heartbeat(self, name: str, *, stalled_after: float = STALLED_SECONDS) -> Heartbeat:
        """Returns the heartbeat of a loop; the first call creates it."""
        return self._heartbeats.setdefault(name, Heartbeat(name, stalled_after))

    def report_missing(self, source: str, facts: int) -> None:
        """Reports how many facts a comparison with a source's heads found to be missing; 0 clears an earlier report."""
        self.missing[source] = facts

    def __iter__(self) -> Iterator[Heartbeat]:
        return iter(list(self._heartbeats.values()))
