"""Plans which faults happen when and for how long: drawn from a seed before the start, so that it can be repeated."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import TypeVar

One = TypeVar("One")


class Kind(StrEnum):
    """A kind of fault, in the words of the report."""

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
    UNREADABLE = "batches with unreadable or forged records"
    FULL_DISK = "full disks, of processes and servers"
    PERMISSIONS = "permissions of a consumer revoked"
    RESTORE = "databases of a consumer restored"
    POSITIONS_BACK = "positions of a consumer moved back"
    TOPIC_RECREATED = "topics deleted and created again"
    POSITIONS_FORWARD = "positions of a consumer moved forward"
    LAST_FACTS = "last facts of streams removed before they were taken"
    EPOCH = "forged epochs"


NEED_HEADS = frozenset({Kind.POSITIONS_FORWARD, Kind.LAST_FACTS, Kind.EPOCH})
"""Faults that nothing on the topic reveals: only a consumer that compares the heads of its sources corrects them."""
WITHOUT_HEADS = frozenset(Kind) - NEED_HEADS

_WEIGHTS_AND_SECONDS = {
    Kind.KILL: (6, 0.0, 0.0),
    Kind.PAUSE: (4, 0.5, 15.0),  # longer than a group's session timeout: another member has taken over when it resumes
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
    Kind.PERMISSIONS: (1, 0.5, 4.0),
    Kind.RESTORE: (2, 1.0, 8.0),
    Kind.POSITIONS_BACK: (2, 0.0, 0.0),
    Kind.TOPIC_RECREATED: (1, 0.0, 0.0),
    Kind.POSITIONS_FORWARD: (2, 0.0, 0.0),
    Kind.LAST_FACTS: (2, 0.0, 0.0),
    Kind.EPOCH: (1, 0.0, 0.0),
}
"""The relative frequency of each kind, and its shortest and longest duration in seconds."""


@dataclass(frozen=True)
class InjectedFault:
    """One planned fault."""

    at: float
    """Seconds after the beginning."""
    kind: Kind
    seconds: float
    """How long it lasts."""
    target: float
    """Which of several targets it hits, as a share of all: 0 is the first, just under 1 the last."""


def plan_faults(
    seed: int, seconds: float, every: float, among: Collection[Kind] = WITHOUT_HEADS
) -> list[InjectedFault]:
    """Plans all faults of a run, oldest first: one every `every` seconds on average. Faults can overlap."""
    random = Random(seed)
    kinds = [kind for kind in _WEIGHTS_AND_SECONDS if kind in among]
    faults: list[InjectedFault] = []
    at = _gap(random, every)
    while at < seconds:
        (kind,) = random.choices(kinds, [_WEIGHTS_AND_SECONDS[kind][0] for kind in kinds])
        _, shortest, longest = _WEIGHTS_AND_SECONDS[kind]
        faults.append(InjectedFault(at, kind, random.uniform(shortest, longest), random.random()))
        at += _gap(random, every)
    return faults


def pick(fault: InjectedFault, among: Sequence[One]) -> One:
    """Returns the target that the fault hits."""
    return among[int(fault.target * len(among))]


def _gap(random: Random, every: float) -> float:
    return random.uniform(0.3, 1.7) * every
