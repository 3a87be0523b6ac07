"""What will go wrong, when and for how long: drawn from a seed before anything starts, so that it can be repeated."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import TypeVar

One = TypeVar("One")


class Kind(StrEnum):
    """A way to fail, in the words of the report."""

    KILL = "processes killed (SIGKILL)"
    PAUSE = "processes stopped and continued"
    POSTGRES_CRASH = "PostgreSQL crashed (SIGQUIT)"
    POSTGRES_RESTART = "PostgreSQL restarted"
    KAFKA_CRASH = "Kafka crashed (SIGKILL)"
    KAFKA_RESTART = "Kafka restarted"
    DELAY = "appends delayed under the ordering lock"
    ROLL_BACK = "transactions rolled back under the ordering lock"
    PUBLISH_AGAIN = "streams published again"
    OPEN_TRANSACTION = "unrelated write transactions held open"
    UNREADABLE = "batches with records that do not read, or are not to be believed"
    FULL_DISK = "full disks, of processes and servers"
    RIGHTS = "rights of a consumer taken away"
    RESTORE = "databases of a consumer restored"
    POSITIONS_BACK = "positions of a consumer moved back"
    TOPIC_ANEW = "topics made anew"
    POSITIONS_FORTH = "positions of a consumer moved forward"
    LAST_FACTS = "last facts of streams removed before they were taken"
    EPOCH = "epochs out of nowhere"


NEED_HEADS = frozenset({Kind.POSITIONS_FORTH, Kind.LAST_FACTS, Kind.EPOCH})
"""Nothing on the topic betrays these: only a consumer that compares the heads of its sources can mend them."""
WITHOUT_HEADS = frozenset(Kind) - NEED_HEADS

_LASTING = {
    Kind.KILL: (6, 0.0, 0.0),
    Kind.PAUSE: (4, 0.5, 15.0),  # longer than a group waits for a member: it wakes up to find another in its place
    Kind.POSTGRES_CRASH: (1, 0.2, 3.0),
    Kind.POSTGRES_RESTART: (1, 0.2, 3.0),
    Kind.KAFKA_CRASH: (1, 0.2, 3.0),
    Kind.KAFKA_RESTART: (1, 0.2, 3.0),
    Kind.DELAY: (2, 0.1, 1.5),
    Kind.ROLL_BACK: (4, 0.1, 1.5),
    Kind.PUBLISH_AGAIN: (4, 0.0, 0.0),
    Kind.OPEN_TRANSACTION: (2, 1.0, 20.0),
    Kind.UNREADABLE: (3, 0.0, 0.0),
    Kind.FULL_DISK: (1, 0.5, 4.0),
    Kind.RIGHTS: (1, 0.5, 4.0),
    Kind.RESTORE: (2, 1.0, 8.0),
    Kind.POSITIONS_BACK: (2, 0.0, 0.0),
    Kind.TOPIC_ANEW: (1, 0.0, 0.0),
    Kind.POSITIONS_FORTH: (2, 0.0, 0.0),
    Kind.LAST_FACTS: (2, 0.0, 0.0),
    Kind.EPOCH: (1, 0.0, 0.0),
}
"""How often each comes beside the others, and between how many seconds it lasts."""


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong."""

    at: float
    """Seconds after the beginning."""
    kind: Kind
    lasting: float
    """Seconds."""
    whom: float
    """Where several may meet it: which, as a share of all (0 the first, just under 1 the last)."""


def planned(seed: int, seconds: float, every: float, among: Collection[Kind] = WITHOUT_HEADS) -> list[Fault]:
    """All faults of a run, oldest first: one every so many seconds on average. Each kind may meet another one."""
    random = Random(seed)
    kinds = [kind for kind in _LASTING if kind in among]
    faults: list[Fault] = []
    at = _gap(random, every)
    while at < seconds:
        (kind,) = random.choices(kinds, [_LASTING[kind][0] for kind in kinds])
        _, shortest, longest = _LASTING[kind]
        faults.append(Fault(at, kind, random.uniform(shortest, longest), random.random()))
        at += _gap(random, every)
    return faults


def chosen(fault: Fault, among: Sequence[One]) -> One:
    """Whom it meets."""
    return among[int(fault.whom * len(among))]


def _gap(random: Random, every: float) -> float:
    return random.uniform(0.3, 1.7) * every
